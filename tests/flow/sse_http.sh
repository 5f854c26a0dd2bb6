#!/bin/sh
# Connections of event streams, case by case: statuses, media types, redirects
# and the headers that may follow them, retry, Last-Event-ID, when to stop for
# good. tests/flow/sse_http.c plays them; own cases are beside it.
. "${srcdir:-.}/tests/flow/lib.sh"

[ -x "$helpers/sse_http" ] || skip "no $helpers/sse_http"

# An agent's log is such a stream, too.
absolute() {
    echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
}
own=$(absolute "${srcdir:-.}/tests/flow")
helper=$(absolute "$helpers/sse_http")
program=$(absolute "$RUNTAIL")

for cases in "$RUNTAIL_SHARED/conformance/sse-http.json" \
    "$own/sse_http_cases.json" "$own/agent_cases.json"; do
    [ -f "$cases" ] || continue
    cases=$(absolute "$cases")
    (
        cd "$work" || exit
        env -i PATH="$PATH" HOME="$work" \
            ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
            "$helper" "$program" "$cases" >"$work/log" 2>&1
    )
    code=$?
    if [ $code -eq 0 ]; then
        ok "$(basename "$cases"): $(tail -n 1 "$work/log")"
    else
        grep -v '^ok ' "$work/log" | cut -c1-400
        not_ok "$(basename "$cases")"
    fi
done

# Headers given: what is refused before anything is asked.

refused_header() {
    runtail_as "$1" "BREAKS=$2" sse --json -H "$3" http://127.0.0.1:1/
    expect_code "$1" 2 && expect_sentence "$1" "$4" && ok "$1"
}
lf='
'
printf 'a\001b\n' >"$work/control"
printf 'a\nb\n' >"$work/breaks"
refused_header no-colon '' 'X-Made-Up value' "takes 'NAME: VALUE'"
refused_header no-name '' ': value' "takes 'NAME: VALUE'"
refused_header blank-in-name '' 'X Made: value' "takes 'NAME: VALUE'"
refused_header break-in-name '' "X${lf}Made: value" "takes 'NAME: VALUE'"
refused_header break-in-value '' "X-Made-Up: a${lf}X-Other: b" 'line breaks'
refused_header break-in-variable "a$(printf '\r')b" 'X-Made-Up: $BREAKS' \
    'line breaks'
refused_header break-in-file '' "X-Made-Up: @$work/breaks" 'line breaks'
refused_header control-in-file '' "X-Made-Up: @$work/control" 'control'
refused_header no-file '' "X-Made-Up: @$work/absent" 'absent'
refused_header no-variable '' 'X-Made-Up: $ABSENT' 'ABSENT is not set'
refused_header secret-on-command-line '' 'Authorization: Bearer made-up' \
    'command line is public'

# Several headers, one from each place; none of them is told.
printf 'HTTP/1.1 204 No Content\r\n\r\n' >"$work/answer"
printf '  from-file\n' >"$work/value"
start_serve "$work/answer" "$work/requests"
runtail_as headers VALUE=from-variable sse --json -H 'X-One: as it stands' \
    -H "X-Two: @$work/value" -H 'X-Three: $VALUE' -H 'X-Empty:' "$url/"
stop_servers
for header in 'X-One: as it stands' 'X-Two: from-file' \
    'X-Three: from-variable' 'X-Empty:'; do
    if tr -d '\r' <"$work/requests" | grep -qx "$header"; then
        ok "sent: $header"
    else
        not_ok "not sent: $header"
    fi
done
expect_code headers 7 && expect_no_text headers out from- &&
    expect_quiet headers && ok 'headers are not told'

# Tokens of Trigger.dev stay where they belong.
start_serve "$work/answer" "$work/foreign"
secrets="TRIGGER_SECRET_KEY=tr_dev_made_up TRIGGER_ACCESS_TOKEN=made-up-token
    RUNTAIL_API_KEY=made-up-key"
runtail_as foreign-stream "$secrets" sse --json "$url/"
runtail_as foreign-agent "$secrets" agent --json -a "$url" a1
stop_servers
if [ "$(grep -c '^GET ' "$work/foreign")" -eq 2 ] &&
    ! grep -i 'authorization\|api-key\|made.up' "$work/foreign"; then
    ok 'no token of another server'
else
    not_ok 'a token of another server was sent'
fi

# What events say, as lines; the outcome is the exit status.
cat >"$work/events" <<'EVENTS'
data: {"status":"running","progress":10}

data: {"message":"with a level","level":"warn","n":[1]}

event: tick
data: {"message":"with a name"}

data: {"logs":["one",{"message":"two","level":"error"}]}

data: {"logs":["one",{"message":"two","level":"error"},"three"]}

data: {"price":1}

data: {"status":"running"

data: {"progress":"55%","status":"failed"}

EVENTS
cat >"$work/said.want" <<'LINES'
-- EXECUTING 10%
warn  with a level  {"n":[1]}
tick  with a name
one
error two
three
{"price":1}
{"status":"running"
-- FAILED 55%
-- FAILED, 7 log entries
LINES
env -i PATH="$PATH" LC_ALL=C.UTF-8 \
    ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
    "$RUNTAIL" sse - --plain --time off <"$work/events" >"$work/said.out" \
    2>"$work/said.err"
echo $? >"$work/said.code"
sed 's/^ *//' "$work/said.out" >"$work/said"
expect_code said 1 && expect_quiet said &&
    expect_same 'what events say' "$work/said.want" "$work/said" &&
    ok 'what events say'

# … while --json has each event as it was dispatched.
env -i PATH="$PATH" LC_ALL=C.UTF-8 \
    ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
    "$RUNTAIL" sse - --json <"$work/events" >"$work/exact.out"
expect_lines exact && expect_value exact event data \
    '{"progress":"55%","status":"failed"}' &&
    expect_value exact end status FAILED &&
    [ "$(grep -c '^{"type":"event",' "$work/exact.out")" -eq 8 ] &&
    ok 'each event is told as it is'

finish
