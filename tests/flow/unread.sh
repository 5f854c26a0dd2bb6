#!/bin/sh
# What was asked for and could not be read does not pass for success: streams
# of a run that are not there or are refused, input that is no event stream,
# addresses that are none; and a stream that is over is not asked for again.
. "${srcdir:-.}/tests/flow/lib.sh"

# Streams of a run.

# stream NAME CODE PATTERN SIM-OPTION… -- ARGUMENT…
stream() {
    name=$1 code=$2 pattern=$3 sim=
    shift 3
    while [ "$1" != -- ]; do
        sim="$sim $1"
        shift
    done
    shift
    # shellcheck disable=SC2086 # one word an option
    start_sim $sim
    runtail_as "$name" "$(by_secret_key)" stream "$run" "$@"
    expect_code "$name" "$code" && expect_text "$name" err "$pattern" &&
        expect_safe "$name" err && ok "$name"
    stop_servers
}

stream no-key 6 'no such stream: nokey; this run has the streams de, fr, terms' \
    --scenario two-streams --speed 0 -- nokey
stream no-key-json 6 'no such stream: nokey' \
    --scenario two-streams --speed 0 -- nokey --json
expect_value no-key-json end complete false &&
    expect_text no-key-json out '"reason":"no such stream: nokey; ' &&
    ok 'the end says why'
stream no-key-v2 6 'stream nokey; this run has the stream' \
    --scenario odd-batches --speed 50 -- nokey
stream refused 4 'this run has the streams de, fr, terms' \
    --scenario two-streams --speed 20 --fault stream-403 -- de
stream no-streams 0 'the run has streamed nothing' \
    --scenario quick --speed 20 --
stream no-status 6 'no such stream: nokey' \
    --scenario two-streams --speed 0 -- nokey --no-exit-status
start_sim --scenario two-streams --speed 0
runtail_as good "$(by_secret_key)" stream "$run" de
stop_servers
expect_code good 0 && expect_quiet good && ok 'nothing to say of a stream that was read'

# An outage is told once for each cause, however many streams and tries.

start_sim --scenario thought --speed 4
mkfifo "$work/fifo"
env -i LC_ALL=C.UTF-8 TRIGGER_API_URL="$url" \
    TRIGGER_SECRET_KEY=tr_dev_simulator "$RUNTAIL" stream "$run" \
    --max-retries 3 >"$work/fifo" 2>"$work/outage.err" &
follower=$!
exec 9<"$work/fifo"
read -r _ <&9
stop_servers
cat <&9 >"$work/outage.out"
wait $follower
echo $? >"$work/outage.code"
told=$(grep -c 'connection refused; reconnecting in [0-9]' "$work/outage.err")
expect_code outage 6 && expect_count 'outages told' "$told" 1 &&
    expect_no_text outage err 'stream default' &&
    ok 'an outage is told once'

# Event streams.

# piped NAME CODE PATTERN <INPUT
piped() {
    env -i LC_ALL=C.UTF-8 "$RUNTAIL" sse - --plain >"$work/$1.out" \
        2>"$work/$1.err"
    echo $? >"$work/$1.code"
    cat "$work/$1.out" >>"$work/$1.err"
    expect_code "$1" "$2" && expect_text "$1" err "$3" && ok "$1"
}

printf '<!doctype html>\n<p>Sign in\n' |
    piped html 6 'no event in its 27 bytes; it looks like HTML'
printf '{"error":"no"}' | piped json 6 'it looks like JSON'
printf ' words\n' | piped words 6 'no event in its 7 bytes$'
printf ': alive\n\nretry: 9\n' | piped alive 7 'end of the stream'
printf '\r\n\r\n' | piped blank 7 'end of the stream'
piped nothing 7 'standard input is empty' </dev/null
printf 'data: x\n\n' | piped event 7 'x'

for target in notaurl ftp://x/y http:// //x/y; do
    runtail_as address A=b sse "$target"
    expect_code address 2 && expect_sentence address "http or https URL" &&
        ok "sse $target"
done

runtail_as agent A=b agent someone --token-cmd "touch $work/asked; echo made-up"
expect_code agent 2 && expect_sentence agent -- '--api-url' &&
    [ ! -e "$work/asked" ] && ok 'an agent needs a server'

# Ends.

# answers DIRECTORY: an event stream from standard input, the first answer.
answer() {
    mkdir -p "$work/$1"
    {
        printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n'
        printf 'Content-Type: text/event-stream\r\n\r\n'
        cat
    } >"$work/$1/$2"
    : >"$work/$1.requests"
}

# sse NAME CODE REQUESTS ARGUMENT…
sse() {
    name=$1 code=$2 wanted=$3
    shift 3
    start_server "$helpers/serve_files" "$work/$name" "$work/$name.requests"
    runtail_as "$name" A=b sse --plain "$@" "http://127.0.0.1:$hello/events"
    stop_servers
    asked=$(grep -c '^GET' "$work/$name.requests")
    expect_code "$name" "$code" && [ "$asked" -eq "$wanted" ] && ok "$name" ||
        not_ok "$name: $asked requests"
}

printf 'retry: 1\ndata: {"status":"running"}\n\ndata: {"status":"completed"}\n\n' |
    answer completed events.1
sse completed 0 1
printf 'retry: 1\ndata: {"status":"failed"}\n\n' | answer failed events.1
sse failed 1 1
printf 'retry: 1\ndata: a\n\n' | answer once events.1
sse once 7 1 --max-retries 0
printf 'retry: 1\ndata: a\n\n' | answer anew events.1
printf 'retry: 1\ndata: a\n\ndata: {"status":"completed"}\n\n' |
    answer anew events.2
sse anew 0 2
expect_text anew out '^-- the stream began anew' && ok 'it says that it began anew'
printf 'retry: 1\nid: 1\ndata: a\n\n' | answer ids events.1
printf 'id: 2\ndata: {"status":"completed"}\n\n' | answer ids events.2
sse ids 0 2
expect_no_text ids out anew && ok 'ids tell where to go on'
finish
