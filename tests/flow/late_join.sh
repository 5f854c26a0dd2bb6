#!/bin/sh
# Who comes late to a run is told what there was in one order of time, whether
# it stands in the log or in a stream: the same as who was there all the time.
. "${srcdir:-.}/tests/flow/lib.sh"

# told FILE: the entries and parts of JSON lines, in the order of their text.
told() {
    grep -e '^{"type":"log"' -e '^{"type":"part"' "$1" | sort
}

# expect_rising NAME PATTERN: the times of these JSON lines never step back.
expect_rising() {
    sed -n "/^{\"type\":\"$2\"/s/.*\"time\":\"\\([^\"]*\\)\".*/\\1/p" \
        "$work/$1.out" >"$work/times"
    [ -s "$work/times" ] && LC_ALL=C sort -c "$work/times" 2>"$work/sorted" &&
        return 0
    not_ok "$1: times step back"
    head -n 2 "$work/sorted"
    return 1
}

# expect_plain_rising NAME: likewise, of plain lines of one day.
expect_plain_rising() {
    sed -n 's/^\([0-9][0-9]:[0-9:.]*\) .*/\1/p' "$work/$1.out" >"$work/times"
    [ "$(sed -n '1s/:.*//p' "$work/times")" = 23 ] && return 0
    [ -s "$work/times" ] && LC_ALL=C sort -c "$work/times" 2>"$work/sorted" &&
        return 0
    not_ok "$1: times step back"
    head -n 2 "$work/sorted"
    return 1
}

# expect_mixed NAME: entries stand between the parts of streams.
expect_mixed() {
    sed -n 's/^{"type":"\(log\|part\)".*/\1/p' "$work/$1.out" | uniq |
        wc -l >"$work/turns"
    [ "$(cat "$work/turns")" -gt 4 ] && return 0
    not_ok "$1: the log and the streams come one after the other"
    return 1
}

# Who is late follows the feed, or polls, where the metadata tells of streams.
for scenario in thought two-streams polled; do
    case $scenario in
    polled) poll=--poll name=two-streams ;;
    *) poll='' name=$scenario ;;
    esac
    start_sim --scenario "$name" --speed 0
    runtail_as "$scenario" "$(by_secret_key)" --json "$run"
    runtail_as "$scenario-late" "$(by_secret_key)" --json $poll "$run"
    runtail_as "$scenario-plain" "$(by_secret_key)" --plain --utc $poll "$run"
    stop_servers
    late=$scenario-late
    told "$work/$scenario.out" >"$work/live"
    told "$work/$late.out" >"$work/late"
    expect_code "$late" 0 && expect_quiet "$late" && expect_lines "$late" &&
        expect_value "$late" end complete true &&
        expect_same "$late: what is told" "$work/live" "$work/late" &&
        expect_rising "$late" '[lp][oa][gr]' && expect_mixed "$late" &&
        ok "$late: one order of time"
    expect_code "$scenario-plain" 0 && expect_plain_rising "$scenario-plain" &&
        ok "$scenario-plain: one order of time"
done

# The step that the run is in comes last, behind what is older; the facts come
# first all the same.
expect_last_fact() {
    sed -n 's/^{"type":"\(run\|log\|part\)".*/\1/p' "$work/$1.out" | uniq \
        >"$work/turns"
    [ "$(sed -n 1p "$work/turns")" = run ] &&
        [ "$(tail -n 1 "$work/turns")" = run ] && return 0
    not_ok "$1: facts do not come first and last"
    return 1
}
expect_last_fact thought-late &&
    sed -n '/"type":"run"/{p;q;}' "$work/thought-late.out" >"$work/first.out" &&
    expect_no_text first out '"step"' &&
    expect_text first out '"status":"COMPLETED"' &&
    expect_value thought-late run step Done && ok 'the step is told at its time'

# While the run goes on, and no more than there is.
for scenario in thought two-streams; do
    start_sim --scenario "$scenario" --join 6
    runtail_as "$scenario-now" "$(by_secret_key)" --json --no-follow "$run"
    runtail_as "$scenario-left" "$(by_secret_key)" --json --timeout 200ms "$run"
    stop_servers
    for late in now left; do
        late=$scenario-$late
        expect_lines "$late" && expect_rising "$late" '[lp][oa][gr]' &&
            expect_text "$late" out '"type":"log"' &&
            ok "$late: one order of time"
    done
done

# --tail counts what there was, in that order.
start_sim --scenario thought --speed 0
runtail_as all "$(by_secret_key)" --plain --utc "$run"
runtail_as all "$(by_secret_key)" --plain --utc "$run"
runtail_as tail "$(by_secret_key)" --plain --utc --tail 3 "$run"
stop_servers
sed -n '/^[0-9][0-9]:/p' "$work/all.out" | tail -n 3 >"$work/want"
sed -n '/^[0-9][0-9]:/p' "$work/tail.out" >"$work/got"
expect_same 'the last lines' "$work/want" "$work/got" && ok '--tail'

finish
