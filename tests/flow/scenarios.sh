#!/bin/sh
# Follows every scenario of the simulator in each way that a server may serve
# it. Whatever the way, the entries and the exit status are the same, and the
# plain lines hold what the JSON lines hold.
. "${srcdir:-.}/tests/flow/lib.sh"

outcome_of() {
    case $1 in
    failure | timed-out) echo 1 ;;
    canceled | expired) echo 3 ;;
    *) echo 0 ;;
    esac
}

# Each state is seen once: nothing depends on how fast this machine is.
follow() {
    start_sim --scenario "$scenario" --speed 0 "$@"
    begin "$scenario-$way-json" "$(by_endpoint)" --json "$run"
    start_sim --scenario "$scenario" --speed 0 "$@"
    begin "$scenario-$way-plain" "$(by_endpoint)" --plain --utc "$run"
}

# How the entries of JSON lines look as plain lines; for text that holds
# nothing to be escaped.
as_plain() {
    grep '"type":"log"' "$1" | sed \
        -e 's/^.*"time":"[^"]*T\([0-9:.]*\)Z"/\1/' \
        -e 's/,"arrival":true//' \
        -e 's/^\([^,]*\),"level":"\([^"]*\)",/\1 \2 /' \
        -e 's/"message":"\(.*\)","data":\(.*\)}$/ \1  \2/' \
        -e 's/"message":"\(.*\)"}$/ \1/' |
        cut -d' ' -f2- | sed -e 's/  */ /g'
}
plain_entries() {
    grep -v '^-- ' "$1" | cut -d' ' -f2- | sed -e 's/  */ /g'
}

judge_lines() {
    json=$scenario-$way-json
    plain=$scenario-$way-plain
    want=$(outcome_of "$scenario")
    expect_code "$json" "$want" && expect_quiet "$json" &&
        expect_lines "$json" && expect_safe "$json" out &&
        expect_value "$json" end complete true &&
        expect_code "$plain" "$want" && expect_quiet "$plain" &&
        expect_safe "$plain" out || return 1
    entries=$("$helpers/json_lines" get "$work/$json.out" end entries)
    expect_text "$plain" out \
        "^-- .* $entries log entries\\(, [0-9]* stream parts\\)*\$" || return 1
    [ "$scenario" = odd ] && return 0
    as_plain "$work/$json.out" >"$work/want"
    plain_entries "$work/$plain.out" >"$work/got"
    # what streams bring stands between the entries
    grep -q '"type":"part"' "$work/$json.out" &&
        grep -Fxf "$work/want" "$work/got" >"$work/entries" &&
        mv "$work/entries" "$work/got"
    expect_same "$plain and $json" "$work/want" "$work/got"
}

# judge TRANSPORT: of the last thing that was heard.
judge() {
    judge_lines || return
    expect_value "$json" connection transport "$1" || return
    "$helpers/json_lines" log "$work/$json.out" >"$work/$json.log"
    expect_same "$scenario: native and $way" \
        "$work/$scenario-native-json.log" "$work/$json.log" &&
        ok "$scenario, $way"
}

for scenario in $("$RUNTAIL_SIM" --list=run | cut -d' ' -f1); do
    way=native && follow --backend native
    way=electric && follow --backend electric
    way=events && follow --backend electric --live-sse
    settle
    way=native && judge long-poll
    way=electric && judge long-poll
    way=events && judge sse
done
# In plain lines, a line that was told half written is told again as that, but
# not where the half was left out.

begin half-line A=b demo agent-odd --plain
begin half-line-left-out A=b demo agent-odd --plain --include 'line$'
# Nobody leaves where following ends by itself, and what --timeout does not
# know it does not say.
begin forbidden-later A=b demo quick --fault 403@6 --plain
begin timeout-live A=b demo waiting --plain --timeout 1500ms
settle
mark='^-- the last line of the log now reads:$'
expect_text half-line out ' half a li$' && expect_text half-line out "$mark" &&
    expect_text half-line out ' half a line$' &&
    ok 'a line that grew is marked'
expect_no_text half-line-left-out out ' half a li$' &&
    expect_no_text half-line-left-out out "$mark" &&
    expect_text half-line-left-out out ' half a line$' &&
    ok 'and is not where nobody saw it before'
expect_code forbidden-later 4 &&
    expect_text forbidden-later out '^-- following ended while it was EXEC' &&
    expect_no_text forbidden-later out 'left while' &&
    ok 'nobody left where following ended'
expect_code timeout-live 124 && expect_no_text timeout-live err 'goes on' &&
    expect_text timeout-live err 'while it was [A-Z]*$' &&
    ok 'a timeout says how the run was'
finish
