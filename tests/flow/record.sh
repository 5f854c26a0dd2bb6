#!/bin/sh
# What is recorded plays again: the same lines, the same exit status. What is
# secret is not in it, whatever a server does. Recordings that were cut, spoiled
# or made by others are taken for what they are.
. "${srcdir:-.}/tests/flow/lib.sh"

# The first line says whether it is played; how long a run that goes on has been
# watched is no matter of the recording.
without_session() {
    sed -e '/"type":"end".*"complete":false/s/"elapsedMs":[0-9]*//' \
        -e '/"type":"hello"/d' "$1" >"$1.plain"
}

# plays NAME [OPTION…]: that a session recorded itself as it was.
plays() {
    name=$1
    shift
    runtail_as "$name-played" NOTHING=1 play "$work/$name.rec" --json \
        --speed max "$@"
    without_session "$work/$name.out"
    without_session "$work/$name-played.out"
    expect_code "$name-played" "$(cat "$work/$name.code")" &&
        expect_same "$name: played and recorded" "$work/$name.out.plain" \
            "$work/$name-played.out.plain"
}

expect_plays() {
    for name; do
        plays "$name" && ok "$name plays as it was"
    done
}

# record NAME ENVIRONMENT ARGUMENT…
record() {
    recorded=$1
    settings=$2
    shift 2
    begin "$recorded" "$settings" --json --record "$work/$recorded.rec" "$@"
}

# Runs, in the ways that servers serve them, and with what goes wrong.

for scenario in success failure canceled expired odd many-logs thought \
    two-streams odd-stream odd-batches; do
    start_sim --scenario "$scenario" --speed 60
    record "$scenario" "$(by_endpoint)" "$run"
done
settle
start_sim --scenario quick --speed 20 --backend electric
record electric "$(by_endpoint)" "$run"
start_sim --scenario quick --speed 20 --backend electric --live-sse
record live-sse "$(by_secret_key)" "$run"
start_sim --scenario quick --speed 20
record poll "$(by_secret_key)" --poll "$run"
start_sim --scenario success --speed 60 --fault no-realtime
record no-realtime "$(by_secret_key)" "$run"
for fault in 401 409 429-retry-after 500 cut close token-500 token-403 \
    broken-json; do
    start_sim --scenario quick --speed 4 --fault "$fault@2"
    record "fault-$fault" "$(by_endpoint)" "$run"
done
start_sim --scenario quick --speed 0 --fault token-401
record no-token "$(by_endpoint)" "$run"
start_sim --scenario quick --speed 0 --fault 404
record no-run "$(by_secret_key)" "$run"
start_sim --scenario waiting
record timeout "$(by_secret_key)" --timeout 500ms "$run"
start_sim --scenario success --join 5
record shown "$(by_secret_key)" show "$run"
settle
expect_plays success failure canceled expired odd many-logs thought \
    two-streams odd-stream odd-batches electric live-sse poll no-realtime \
    fault-401 fault-409 fault-429-retry-after fault-500 fault-cut \
    fault-close fault-token-500 fault-token-403 fault-broken-json \
    no-token no-run timeout shown

# Agents and event streams, from a server and from standard input.

for scenario in agent agent-failed agent-array agent-odd agent-lost agent-big; do
    begin "$scenario" NOTHING=1 demo "$scenario" --speed 60 --json \
        --record "$work/$scenario.rec"
done
for scenario in sse odd-sse; do
    begin "$scenario" NOTHING=1 demo "$scenario" --speed 60 --json --timeout 3s \
        --record "$work/$scenario.rec"
done
settle
expect_plays agent agent-failed agent-array agent-odd agent-lost agent-big \
    sse odd-sse

# Credentials of agents: a login, one that is refused, a token that is another
# one when it is asked for again.
start_sim --scenario agent --speed 60
agent=$(sed -n '1s/.*"target":"\([^"]*\)".*/\1/p' "$work/agent.rec")
follow_agent() {
    as=$1
    shift
    record "$as" "TRIGGER_API_URL=$url" agent "$agent" "$@"
}
printf '{"email":"demo@example.com","password":"demo"}' >"$work/login"
printf '{"email":"demo@example.com","password":"wr0ng-pass"}' >"$work/wrong"
printf '{"token":"0ld-token","refreshToken":"0ld-refresh"}' >"$work/old"
printf 0ld-token-2 >"$work/given"
follow_agent login --token-file "$work/login"
follow_agent wrong-login --token-file "$work/wrong"
follow_agent old-login --token-file "$work/old"
follow_agent renewed \
    --token-cmd "cat $work/given; printf sim-agent-token >$work/given"
settle
expect_code login 0 && expect_code renewed 0 && expect_code wrong-login 4 &&
    expect_plays login wrong-login old-login renewed

# piped NAME ARGUMENT…: the program with what comes from a pipe.
piped() {
    name=$1
    shift
    env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        timeout -k 5 60 "$RUNTAIL" "$@" >"$work/$name.out" 2>"$work/$name.err"
    echo $? >"$work/$name.code"
}
printf 'data: {"message":"one"}\n\nid: 7\nevent: odd\ndata: \377\n\ndata: cut' |
    piped input sse - --json --record "$work/input.rec"
expect_plays input
piped input-played play - --json --speed max <"$work/success.rec"
expect_code input-played 0 &&
    expect_same 'from standard input' "$work/success-played.out" \
        "$work/input-played.out" && ok 'a recording from standard input'

# A reader who pauses: what came in meanwhile is no silence of the server, and
# the recording has it so. Somebody else reads the same, and says how long.
cat >"$work/slow.json" <<'END'
{"about": "ticks", "source": "sse", "events": {"ticks": {"steps": [
    {"data": "begun"},
    {"repeat": 300, "steps": [{"data": "1 {i} 789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"}]},
    {"repeat": 40, "steps": [{"after_ms": 2000, "data": "tick {i}"}]},
    {"after_ms": 2000, "data": {"status": "completed"}}]}}}
END
start_sim --scenario "$work/slow.json" --speed 20
mkfifo "$work/slow.fifo" "$work/prompt.fifo"
for reader in slow prompt; do
    recorded=
    [ $reader = slow ] && recorded="--record $work/slow.rec"
    # shellcheck disable=SC2086 # none, or two words
    env -i PATH="$PATH" LC_ALL=C.UTF-8 RUNTAIL_TEST_HASTE=10 "$RUNTAIL" \
        sse "$url/events/ticks" --json --idle-timeout 10s --max-retries 0 $recorded \
        >"$work/$reader.fifo" 2>"$work/$reader.err" &
    eval "$reader=$!"
done
exec 8<"$work/slow.fifo" 9<"$work/prompt.fifo"
grep -q 'tick 30' <&9
cat <&8 >"$work/slow.out"
exec 8<&- 9<&-
wait "$slow"
echo $? >"$work/slow.code"
stop_servers
expect_code slow 0 && expect_text slow out 'tick 40' && expect_plays slow

# Whatever the speed and the output.

runtail_as plain-1 NOTHING=1 play "$work/success.rec" --plain --utc --speed max
runtail_as plain-2 NOTHING=1 play "$work/success.rec" --plain --utc --speed 50
runtail_as json-2 NOTHING=1 play "$work/success.rec" --json --speed 50
expect_code plain-1 0 && expect_text plain-1 out COMPLETED &&
    expect_same 'plain lines at two speeds' "$work/plain-1.out" \
        "$work/plain-2.out" &&
    expect_same 'JSON lines at two speeds' "$work/success-played.out" \
        "$work/json-2.out" && ok 'the same at any speed'

# A part of it.

runtail_as until-0 NOTHING=1 play "$work/success.rec" --json --until 1ms
runtail_as until-all NOTHING=1 play "$work/success.rec" --json --until 1d
begun_at=$(sed -n '1s/.*"startedAt":"\([^"]*\)".*/\1/p' "$work/success.rec")
runtail_as until-time NOTHING=1 play "$work/success.rec" --json \
    --until "$begun_at"
runtail_as until-early NOTHING=1 play "$work/success.rec" --until \
    2001-01-01T00:00:00Z
runtail_as until-odd NOTHING=1 play "$work/success.rec" --until soon
expect_code until-0 7 && expect_lines until-0 &&
    expect_value until-0 end complete false &&
    expect_value until-0 end reason 'stopped by --until' &&
    ok 'only what came until then'
expect_code until-all 0 &&
    expect_same 'until after the end' "$work/until-all.out" \
        "$work/success-played.out" && ok 'all, when it is over by then'
expect_code until-time 7 && ok 'until a time'
expect_code until-early 2 && expect_sentence until-early 'begins after' &&
    expect_code until-odd 2 && expect_sentence until-odd 'such as 5m' &&
    ok 'a moment that there was not'

# What is still being written at that moment has not ended: a thought, whose
# first words have come.

start_sim --scenario thought --speed 10
runtail_as thought "$(by_endpoint)" --json --record "$work/thought.rec" "$run"
stop_servers
words_at=$(grep -m1 'reasoning-delta' "$work/thought.rec" |
    sed 's/^{"t":\([0-9]*\).*/\1/')
runtail_as thinking NOTHING=1 play "$work/thought.rec" --plain \
    --until "${words_at}ms"
runtail_as thought-whole NOTHING=1 play "$work/thought.rec" --plain --speed max
expect_code thinking 7 && expect_text thinking out '~     The' &&
    expect_no_text thinking out 'thought for' &&
    expect_text thinking out 'left while it was EXECUTING' &&
    expect_text thought-whole out 'thought for' &&
    ok 'what is cut stays open'

# On the screen, from where it stops to elsewhere.

# on_screen NAME ARGUMENT… <SCRIPT
on_screen() {
    name=$1
    shift
    if env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 TERM=xterm-256color \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        timeout -k 5 60 "$helpers/pty" -s 90x24 "$RUNTAIL" "$@" \
        >"$work/pty.out" 2>&1; then
        ok "$name"
    else
        not_ok "$name"
        cat "$work/pty.out"
    fi
}

if [ -x "$helpers/pty" ]; then
    at=$(grep -m1 EXECUTING "$work/success.rec" |
        sed 's/^{"t":\([0-9]*\).*/\1/')
    on_screen 'forth and back on the screen' play "$work/success.rec" \
        --until "${at}ms" <<'END'
wait EXECUTING
wait stopped at 00:0
wait < > seek
hides COMPLETED
keys >
wait COMPLETED
wait end of recording
erase
keys <
wait COMPLETED
keys q
exit 0
screen main
modes same
END

    # In a pause time stands still: 1 ms of ours would be a second of it.
    sed '$s/"t":[0-9]*/"t":360000000/' "$work/timeout.rec" >"$work/days.rec"
    on_screen 'a pause of the recording' play "$work/days.rec" \
        --speed 1000 <<'END'
wait recording
wait of 4d 04:00:00 x1000
wait p pause
keys p
wait paused
wait p go on
erase
keys <
wait paused 00:00 of 4d 04:00:00
size 100x30
wait paused 00:00 of 4d 04:00:00
size 90x24
wait paused 00:00 of 4d 04:00:00
erase
keys >
wait paused 2:46:40 of
size 100x30
wait paused 2:46:40 of
keys p
wait recording
keys q
exit 7
screen main
modes same
END
    on_screen 'the end of a recording' play "$work/timeout.rec" <<'END'
wait recording 00:00 of 00:00
wait end of recording
hides p pause
keys p
keys q
exit 124
screen main
modes same
END
    on_screen 'a thought stays open where it is cut' play "$work/thought.rec" \
        --until "${words_at}ms" <<'END'
wait stopped at 00:0
wait Thinking
wait ~ The
hides Thought for
keys q
exit 7
END
    # (a server on the same machine may answer within the first millisecond)
    sed 's/"t":/&9/' "$work/timeout.rec" >"$work/later.rec"
    on_screen 'stopped before anything came' play "$work/later.rec" \
        --until 0ms <<'END'
wait -- nothing recorded up to here
wait stopped at 00:00
hides live
keys q
exit 7
END

    # Left when the run had finished, before it was sure that nothing comes.
    on_screen 'a finished run is left' demo success --speed 50 \
        --record "$work/left.rec" <<'END'
wait COMPLETED
keys q
exit 0
END
    runtail_as left-plain NOTHING=1 play "$work/left.rec" --plain --speed max
    runtail_as left-json NOTHING=1 play "$work/left.rec" --json --speed max
    expect_code left-plain 0 && expect_code left-json 0 &&
        expect_text left-plain out '^-- COMPLETED (' &&
        expect_no_text left-plain out 'left while' &&
        expect_lines left-json && expect_value left-json end status COMPLETED &&
        ok 'a finished run is told as finished'
fi

# Recordings that are not whole.

# Cut at every so many bytes: it is shown as far as it goes.
size=$(wc -c <"$work/failure.rec")
cut_at=500
cuts=0
while [ "$cut_at" -lt "$size" ]; do
    head -c "$cut_at" "$work/failure.rec" >"$work/part.rec"
    runtail_as part NOTHING=1 play "$work/part.rec" --json --speed max
    expect_lines part && expect_quiet part || break
    case $(cat "$work/part.code") in
    1 | 7) ;;
    *) expect_code part 7 || break ;;
    esac
    cuts=$((cuts + 1))
    cut_at=$((cut_at + size / 12))
done
[ "$cut_at" -ge "$size" ] && ok "cut in $cuts places"

sed -e '6s/.*/{"t":1,"type":"bo/' -e '9s/.*/never was a line/' \
    "$work/success.rec" >"$work/spoiled.rec"
runtail_as spoiled NOTHING=1 play "$work/spoiled.rec" --json --speed max
expect_lines spoiled && expect_sentence spoiled '2 lines .* first being line 6' &&
    ok 'lines that make no sense are passed over, with a notice'
sed '3a\
{"t":0,"type":"later","what":[1]}' "$work/success.rec" >"$work/later.rec"
runtail_as later NOTHING=1 play "$work/later.rec" --json --speed max
expect_quiet later && expect_same 'with a line of a later program' \
    "$work/later.out" "$work/success-played.out" &&
    ok 'lines that are not known are passed over'

# refused NAME PATTERN [ARGUMENT…]
refused() {
    runtail_as "$1" NOTHING=1 play "$work/$1.rec"
    expect_code "$1" 2 && expect_sentence "$1" "$2" && ok "$1: $2"
}
sed '1s/"version":1/"version":2/' "$work/success.rec" >"$work/newer.rec"
sed '1s/"command":"watch"/"command":"dance"/' "$work/success.rec" \
    >"$work/other.rec"
sed 1d "$work/success.rec" >"$work/headless.rec"
printf '\033[31mno recording\n' >"$work/noise.rec"
: >"$work/empty.rec"
mkdir "$work/directory.rec"
refused newer 'version 2'
refused other 'cannot play'
refused headless 'no recording'
refused noise 'no recording'
refused empty 'empty'
refused directory 'directory'
refused missing 'No such file'

# A session that is killed, and one that is interrupted.

# start_waiting NAME: a run that waits, recorded, until its log has begun; sets
# $viewer. finish_waiting NAME: what it still has to say.
start_waiting() {
    start_sim --scenario waiting --speed 20
    rm -f "$work/lines"
    mkfifo "$work/lines"
    # shellcheck disable=SC2046 # one word a setting
    env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 $(by_secret_key) \
        "$RUNTAIL" --json --record "$work/$1.rec" "$run" >"$work/lines" \
        2>"$work/$1.err" </dev/null &
    viewer=$!
    exec 3<"$work/lines"
    while IFS= read -r line <&3; do
        printf '%s\n' "$line"
        case $line in *'"type":"log"'*) break ;; esac
    done >"$work/$1.out"
}
finish_waiting() {
    cat <&3 >>"$work/$1.out"
    exec 3<&-
    wait "$viewer" 2>/dev/null
    echo $? >"$work/$1.code"
    stop_servers
}
start_waiting killed
kill -KILL "$viewer"
finish_waiting killed
runtail_as killed-played NOTHING=1 play "$work/killed.rec" --json --speed max
expect_code killed-played 7 && expect_lines killed-played &&
    expect_quiet killed-played &&
    expect_value killed-played end reason 'the recording ends here' &&
    expect_text killed-played out '"type":"log"' &&
    ok 'a killed session plays as far as it went'
start_waiting interrupted
kill -TERM "$viewer"
finish_waiting interrupted
expect_code interrupted 143 && expect_plays interrupted

start_waiting woken
kill -STOP "$viewer"
kill -CONT "$viewer"
finish_waiting woken
grep -q '"type":"wake"' "$work/woken.rec" && expect_code woken 0 &&
    expect_plays woken

# The file.

mode=$(find "$work/success.rec" -perm 600)
[ -n "$mode" ] && ok 'for its owner only' || not_ok 'mode of a recording'
record_again() {
    name=$1
    shift
    start_sim --scenario quick --speed 0
    runtail_as "$name" "$(by_secret_key)" --json "$@" "$run"
    stop_servers
}
cp "$work/success.rec" "$work/there.rec"
record_again refusal --record "$work/there.rec"
expect_code refusal 2 && expect_sentence refusal '--overwrite' &&
    expect_same 'a file that was there' "$work/success.rec" "$work/there.rec" &&
    ok 'a file that is there is left alone'
chmod 644 "$work/there.rec"
record_again overwritten --record "$work/there.rec" --overwrite
mode=$(find "$work/there.rec" -perm 600)
mv "$work/there.rec" "$work/overwritten.rec"
expect_code overwritten 0 && plays overwritten && [ -n "$mode" ] &&
    ok 'a file that is there is replaced where that is wanted'
: >"$work/touched.rec"
record_again touched --record "$work/touched.rec"
expect_code touched 0 && expect_plays touched
record_again nowhere --record "$work/no/such/place.rec"
expect_code nowhere 2 && expect_sentence nowhere 'No such file' &&
    ok 'a file that cannot be made'
record_again full --record /dev/full
expect_code full 0 && expect_lines full &&
    expect_value full end complete true &&
    expect_sentence full 'recording stops here: No space' &&
    ok 'following goes on when the disk is full'
start_sim --scenario many-logs --speed 0
( # a limit on the size of files, in blocks of 512 bytes
    ulimit -f 40
    runtail_as limited "$(by_secret_key)" --json --record "$work/limited.rec" "$run" \
        --timeout 20s | cat
)
stop_servers
runtail_as limited-played NOTHING=1 play "$work/limited.rec" --json --speed max
expect_lines limited-played && expect_quiet limited-played &&
    ok 'what was written before the limit is whole'

# Secrets. The server repeats what it got, in headers and in pieces of the body.

# bare_of NAME PATTERN…
bare_of() {
    name=$1
    shift
    for pattern; do
        if grep -q -- "$pattern" "$work/$name.rec"; then
            not_ok "$name: the recording has $pattern"
            return 1
        fi
    done
    ok "$name: no secret in the recording"
}
for name in success fault-401 live-sse poll no-token agent sse login \
    wrong-login old-login renewed; do
    bare_of "$name" sim-api-key tr_dev_simulator eyJ sim-agent-token \
        '[Aa]uthorization' 'Bearer ' wr0ng 0ld- refreshToken
done

secret='op4que/t0ken+of%mine'
spelled='op4que%2Ft0ken%2Bof%25mine'
escaped='op4que\/t0ken+of%mine'
jwt=eyJ$(printf 'x%.0s' $(seq 30)).eyJ$(printf 'y%.0s' $(seq 30)).sig
piece() {
    # shellcheck disable=SC2059 # the format is what is wanted
    bytes=$(printf "$1." | wc -c)
    printf '%x\r\n' $((bytes - 1))
    # shellcheck disable=SC2059
    printf "$1"
    printf '\r\n'
}
{
    printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
    printf 'Set-Cookie: sid=c00kie-of-mine\r\nX-Echo: Bearer %s\r\n' "$secret"
    printf 'X-Jwt: %s\r\nTransfer-Encoding: chunked\r\n\r\n' "$jwt"
    piece 'data: first op4qu'
    piece 'e/t0ken+of%%mine and\n\n'
    piece 'data: op4que%%2Ft0k'
    piece 'en%%2Bof%%25mine\n\ndata: {"u":"op4que\\/t0ken+of%%mine"}\n\n'
    piece 'data: qu3ry-t'
    piece '0ken\n\ndata: ey'
    piece 'Jxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.eyJyyyyyyyyyyyyyy'
    piece 'yyyyyyyyyyyyyyyy.sig\n\ndata: last s3cond-header\n\n'
    printf '0\r\n\r\n'
} >"$work/echo.http"
printf '%s' "$secret" >"$work/secret"
start_serve "$work/echo.http" "$work/requests"
runtail_as echo "MINE=s3cond-header" sse "$url/x?token=qu3ry-t0ken&part=1#frag" \
    --token-file "$work/secret" -H 'X-Mine: $MINE' --no-follow --json \
    --record "$work/echo.rec"
stop_servers
expect_text echo out "$secret" && ok 'the server repeats secrets'
grep -q "Bearer $secret" "$work/requests" && grep -q s3cond-header \
    "$work/requests" || not_ok 'the secrets were not sent'
bare_of echo op4que t0ken "$spelled" "$escaped" eyJ xxxxxx yyyyyy c00kie \
    s3cond-header qu3ry
runtail_as echo-played NOTHING=1 play "$work/echo.rec" --json --speed max
expect_code echo-played "$(cat "$work/echo.code")" &&
    expect_text echo-played out 'first \*\*\*\*\*\*\*\*\*\*\*\*\*\*\*\*\*\*\*\* and' &&
    expect_text echo-played out 'last \*\*\*\*' && ok 'the rest is as it was'

# What was captured at servers.

if [ -d "$recordings" ]; then
    # converted NAME CODE WHAT: compare, entries or parts
    converted() {
        "$RUNTAIL_SIM" --convert "$recordings/$1.json" >"$work/$1.rec" ||
            not_ok "$1: cannot be converted"
        runtail_as "$1" NOTHING=1 play "$work/$1.rec" --json --speed max
        expect_code "$1" "$2" && expect_safe "$1" out && bare_of "$1" eyJ &&
            if "$helpers/json_lines" "$3" "$work/$1.out" \
                "$recordings/$1.expected.json"; then
                ok "$1, converted"
            else
                not_ok "$1: ends in another state"
            fi
    }
    for name in run-success run-many-logs run-odd-metadata live-sse-shape \
        shape-409-must-refetch long-poll-empty-timeout token-expired-midway \
        connection-cut-mid-body server-errors-retry; do
        converted "$name" 0 compare
    done
    converted run-failed 1 compare
    converted run-timed-out 1 compare
    converted run-canceled 3 compare
    converted run-expired 3 compare
    converted run-waiting 7 compare
    converted sentra-growing 0 entries
    converted sentra-legacy-array 0 entries
    converted stream-v1-text 0 parts
    converted stream-v2-batch 7 parts
    converted stream-v1-openai-chunks 7 parts
    "$RUNTAIL_SIM" --convert "$recordings/tags-three-runs.json" \
        >"$work/none.rec" 2>"$work/none.err"
    echo $? >"$work/none.code"
    expect_code none 2 && expect_text none err 'no run, stream or agent' &&
        ok 'what runtail does not follow is not converted'
fi
finish
