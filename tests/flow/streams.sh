#!/bin/sh
# A run's realtime streams: recordings of both generations end in their state,
# and what servers may do to them neither loses nor doubles a part, nor ends
# the run.
. "${srcdir:-.}/tests/flow/lib.sh"

id=run_streams

# Answers as files, see serve_files.c.

# begin_answers: an empty directory for them, $answers.
case_number=0
begin_answers() {
    case_number=$((case_number + 1))
    answers=$work/answers.$case_number
    requests=$work/requests.$case_number
    mkdir "$answers"
    : >"$requests"
}

# answer FILE STATUS HEADERS <BODY: of any length, to the connection's end.
answer() {
    {
        printf 'HTTP/1.1 %s\r\nConnection: close\r\n%b\r\n' "$2" "$3"
        cat
    } >"$answers/$1"
}

# events FILE [HEADERS]: an event stream.
events() {
    answer "$1" '200 OK' "Content-Type: text/event-stream\r\n${2-}"
}

# cut_events FILE [HEADERS]: one that breaks off.
cut_events() {
    events "$1" "Content-Length: 100000\r\n${2-}"
}

v2='X-Stream-Version: v2\r\n'

# row FILE STATUS COLUMNS: the run's row, and that it is up to date.
row() {
    case $2 in
    COMPLETED*) more=',"completedAt":"2026-01-02T03:04:07.000"' ;;
    *) more= ;;
    esac
    answer "$1" '200 OK' 'Content-Type: application/json\r\nelectric-handle: h\r\nelectric-offset: 1_0\r\nelectric-cursor: 1\r\nelectric-schema: {}\r\n' <<END
[{"key":"\"public\".\"TaskRun\"/\"1\"","value":{"friendlyId":"$id",
"taskIdentifier":"t","status":"$2","createdAt":"2026-01-02T03:04:05.000",
"startedAt":"2026-01-02T03:04:06.000"$more$3},
"headers":{"operation":"insert"}},{"headers":{"control":"up-to-date"}}]
END
}

# story WHEN [COLUMNS]: the run goes on until that request, then completes.
story() {
    columns=${2-',"realtimeStreams":"{chat}"'}
    row feed.1 EXECUTING "$columns"
    row "feed.2.when.$1" COMPLETED_SUCCESSFULLY "$columns"
}

start_answers() {
    start_server "$helpers/serve_files" "$answers" "$requests"
    url=http://127.0.0.1:$hello
}

# follow NAME ARGUMENT…: with --json, to the end.
follow() {
    name=$1
    shift
    start_answers
    runtail_as "$name" "$(${credentials:-by_token})" --json "$@" "$id"
}

# expect_parts NAME CHUNK…: all of them, in order, numbered from 1.
expect_parts() {
    parts_of=$1
    shift
    number=0
    : >"$work/want"
    for chunk; do
        number=$((number + 1))
        echo "$number $chunk" >>"$work/want"
    done
    sed -n 's/^{"type":"part",.*"seq":\([0-9]*\),.*"chunk":\(.*\)}$/\1 \2/p' \
        "$work/$parts_of.out" >"$work/got"
    expect_same "$parts_of" "$work/want" "$work/got"
}

# expect_asked NAME N PATTERN: so many requests have such a line.
expect_asked() {
    asked=$(grep -c -- "$3" "$requests")
    [ "$asked" -eq "$2" ] && return 0
    not_ok "$1: $asked requests, not $2, with: $3"
    grep -v '^Authorization' "$requests" | head -n 40
    return 1
}

# Recordings.

# play NAME CODE TEXT [KEY]
play() {
    start_sim --replay "$recordings/$1.json" --speed 100
    runtail_as "$1" "$(by_token)" --json stream "$run" ${4:+"$4"}
    start_sim --replay "$recordings/$1.json" --speed 100
    runtail_as "$1-text" "$(by_token)" stream "$run" ${4:+"$4"}
    printf "$3" >"$work/want"
    expect_code "$1" "$2" && expect_lines "$1" &&
        expect_code "$1-text" "$2" && expect_safe "$1-text" out &&
        "$helpers/json_lines" parts "$work/$1.out" \
            "$recordings/$1.expected.json" &&
        expect_same "$1" "$work/want" "$work/$1-text.out" && ok "$1"
}

if [ -d "$recordings" ]; then
    play stream-v1-text 0 'Hello, wörld — “quotes”\nline two\nemoji 🎉 end^[[31mesc after a pause\n'
    play stream-v1-openai-chunks 7 'The quick brown fox — 日本\n\n```c\nint x;\n```\n' openai
    play stream-v2-batch 7 'early bird catches the worm!résumé 🎉 after-error last\n' chat
fi

# Simulated runs: followed from the start, and read once they are over.

# parts_of NAME: by stream and number.
parts_of() {
    sed -n 's/^{"type":"part",.*"stream":\("[^"]*"\),"seq":\([0-9]*\),.*"chunk":\(.*\)}$/\1 \2 \3/p' \
        "$work/$1.out" | sort -k1,1 -k2,2n
}

# scenario NAME
scenario() {
    start_sim --scenario "$1" --speed 20
    runtail_as "$1" "$(by_secret_key)" --json "$run"
    runtail_as "$1-later" "$(by_secret_key)" stream --json --no-follow "$run"
    parts_of "$1" >"$work/want"
    parts_of "$1-later" >"$work/got"
    expect_code "$1" 0 && expect_code "$1-later" 0 && expect_lines "$1" &&
        expect_lines "$1-later" && expect_value "$1" end complete true &&
        expect_count "$1: parts" "$(wc -l <"$work/want")" 1000 &&
        expect_same "$1" "$work/want" "$work/got" && ok "$1"
}

scenario two-streams
scenario chat
scenario odd-stream
scenario odd-batches

# Several streams: whole lines, each change behind a line that says which
# stream goes on; the labels apart, each stream's text is what it is alone.
start_sim --scenario two-streams --speed 10
runtail_as lines "$(by_secret_key)" stream "$run"
begin de "$(by_secret_key)" stream "$run" de
begin fr "$(by_secret_key)" stream "$run" fr
settle
for key in de fr; do
    awk -v key="$key" '
        /^-- so far: stream / { if ($5 == key) printf "%s", held
            held = ""; begun = 1; next }
        /^-- stream / { begun = 1; now = $3; next }
        !begun { held = held $0 "\n"; next }
        now == key' "$work/lines.out" >"$work/$key.text"
    expect_same "stream $key of several" "$work/$key.out" \
        "$work/$key.text" && ok "stream $key of several, whole lines"
done
expect_code lines 0 && expect_quiet lines && expect_text lines out '^3$' &&
    expect_text lines out '^-- stream terms$' && ok 'several streams'

# Streams that write by turns, a line each: every line once and in its order,
# and far fewer labels than lines.
cat >"$work/turns.json" <<'END'
{"about": "turns", "run": {"task": "t", "streams": ["a", "b"]}, "steps": [
 {"status": "EXECUTING"},
 {"after_ms": 3000, "status": "COMPLETED_SUCCESSFULLY"}],
 "streams": {
  "a": {"version": 2, "open_ms": 10, "steps": [{"repeat": 100, "steps": [
   {"after_ms": 20, "part": "line {i} of a\n"}]}]},
  "b": {"version": 2, "open_ms": 10, "steps": [{"repeat": 100, "steps": [
   {"after_ms": 20, "part": "line {i} of b\n"}]}]}}}
END
start_sim --scenario "$work/turns.json"
runtail_as turns "$(by_secret_key)" stream "$run"
stop_servers
for key in a b; do
    awk -v key=$key 'BEGIN { for (i = 1; i <= 100; i++)
        print "line " i " of " key }' >"$work/$key.want"
    grep "of $key\$" "$work/turns.out" >"$work/$key.text"
    expect_same "turns of $key" "$work/$key.want" "$work/$key.text"
done
labels=$(grep -c '^-- ' "$work/turns.out")
expect_code turns 0 && expect_count 'labels of 200 lines' "$labels" 40 &&
    ok "200 lines by turns: $labels labels"

# Who writes on and on, although the run is over, is left after a while, and
# that is said.
cat >"$work/trickle.json" <<'END'
{"about": "trickle", "run": {"task": "t", "streams": ["a", "b"]}, "steps": [
 {"status": "EXECUTING"},
 {"after_ms": 300, "status": "COMPLETED_SUCCESSFULLY"}],
 "streams": {
  "a": {"version": 1, "open_ms": 10, "steps": [{"repeat": 5000, "steps": [
   {"after_ms": 20, "part": {"n": "{i}"}}]}]},
  "b": {"version": 1, "open_ms": 10, "steps": [{"part": "all of b"}]}}}
END
start_sim --scenario "$work/trickle.json"
runtail_as trickle "$(by_secret_key) RUNTAIL_TEST_HASTE=10" --json "$run"
stop_servers
expect_code trickle 0 && expect_lines trickle &&
    expect_value trickle end status COMPLETED &&
    expect_value trickle end complete false &&
    expect_value trickle end reason 'stream a: it was still written to 60 s after the end of the run, and was left' &&
    expect_text trickle err 'stream a may be incomplete: it was still' &&
    expect_text trickle out 'all of b' && ok 'a stream without an end is left'

# Calls of tools: once, whether their arguments came as a whole or not.
cat >"$work/calls.json" <<'END'
{"about": "calls", "run": {"task": "t"}, "steps": [
 {"status": "EXECUTING", "attempt": 1},
 {"at_ms": 3000, "status": "COMPLETED_SUCCESSFULLY"}],
 "streams": {"ui": {"version": 2, "open_ms": 10, "steps": [
  {"at_ms": 100, "parts": [
   {"type": "text-delta", "id": "0", "delta": "first"},
   {"type": "text-end", "id": "0"},
   {"type": "tool-input-start", "toolCallId": "a", "toolName": "look"},
   {"type": "tool-input-delta", "toolCallId": "a", "inputTextDelta": "{\"x\":"},
   {"type": "tool-input-delta", "toolCallId": "a", "inputTextDelta": "1}"},
   {"type": "tool-input-available", "toolCallId": "a", "toolName": "look",
    "input": {"x": 1}},
   {"type": "tool-output-available", "toolCallId": "a", "output": 5},
   {"type": "finish-step"},
   {"type": "text-delta", "id": "0", "delta": "second"},
   {"type": "finish"},
   {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0,
    "id": "call_b", "function": {"name": "find", "arguments": ""}}]}}]},
   {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0,
    "function": {"arguments": "{\"q\": "}}]}}]},
   {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0,
    "function": {"arguments": "\"w\"}"}}]}}]},
   {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]}
 ]}}}
END
start_sim --scenario "$work/calls.json" --speed 20
runtail_as calls "$(by_secret_key)" stream "$run" ui
stop_servers
cat >"$work/want" <<'END'
first
{"type":"tool-input-available","toolCallId":"a","toolName":"look","input":{"x":1}}
{"type":"tool-output-available","toolCallId":"a","output":5}
second
{"tool":"find","id":"call_b","arguments":{"q":"w"}}
END
expect_code calls 0 && expect_same calls "$work/want" "$work/calls.out" &&
    ok 'calls of tools are told once'

start_sim --scenario odd-batches --speed 50
runtail_as blocks "$(by_secret_key)" stream "$run"
stop_servers
expect_text blocks out '^an object inside a string$' &&
    expect_text blocks out '^\[1,2$' && ok 'blocks are lines of their own'

start_sim --scenario chat --speed 20
runtail_as thoughts "$(by_secret_key)" stream "$run"
expect_code thoughts 0 && expect_text thoughts out '^-- thought$' &&
    expect_text thoughts out '^They want one paragraph' &&
    expect_text thoughts out '^-- answer$' &&
    expect_text thoughts out '^Sunlight holds all colours' &&
    expect_no_text thoughts out '[{}]' && ok thoughts

# A connection that breaks is made again behind the last part.

begin_answers
cut_events chat.1 <<'END'
id: 1767323045678-0
data: "a"

id: 1767323045678-0
data: "a"

: ping

id: 1767323045700-0
data: {"type":"x"}

id: 1767323045701-0
data: "unfinished
END
events chat.2 <<'END'
id: 1767323045800-0
data: "b"

END
events chat.3 </dev/null
story chat.3
follow v1-resume
expect_code v1-resume 0 && expect_lines v1-resume &&
    expect_parts v1-resume '"a"' '"a"' '{"type":"x"}' '"b"' &&
    expect_text v1-resume out '"state":"reconnecting","transport":"sse".*cut' &&
    expect_text v1-resume out '"stream":"chat","state":"live"' &&
    expect_asked v1-resume 1 '^Last-Event-ID: 1767323045700-0' &&
    expect_asked v1-resume 2 '^Last-Event-ID: 1767323045800-0' &&
    expect_value v1-resume end complete true && ok v1-resume

batch() {
    printf 'event: batch\nid: 9,9,9\ndata: {"records":[%s]}\n\n' "$1"
}
record() {
    printf '{"seq_num":%s,"timestamp":1767323045678,"body":"{\\"data\\":%s,\\"id\\":\\"%s\\"}"}' "$@"
}

begin_answers
answer chat.1 '500 Internal Server Error' '' </dev/null
{
    batch "$(record 0 1 a),$(record 1 2 b)"
    printf 'event: error\ndata: read session ended\n\n'
} | events chat.2 "$v2"
{
    batch "$(record 2 2 b),{\"seq_num\":3,\"headers\":[[\"\",\"fence\"]],\"body\":\"x\"}"
    printf 'data: [DONE]\n\n'
} | events chat.3 "$v2"
{
    batch "$(record 4 3 c)"
    printf 'event: ping\ndata: {"timestamp":1}\n\n'
} | events chat.4.hold "$v2"
printf 'event: ping\ndata: {"timestamp":1}\n\n' | events chat.5.hold "$v2"
story chat.4
follow v2-resume
expect_code v2-resume 0 && expect_lines v2-resume &&
    expect_parts v2-resume 1 2 3 &&
    expect_no_text v2-resume out '500' &&
    expect_text v2-resume out '"stream":"chat".*read session ended' &&
    expect_asked v2-resume 1 '^Last-Event-ID: 1.$' &&
    expect_asked v2-resume 1 '^Last-Event-ID: 3.$' &&
    expect_asked v2-resume 0 '^Last-Event-ID: 9' &&
    expect_value v2-resume end complete true && ok v2-resume

# The position of one generation is not for the other.
begin_answers
printf 'id: 1767323045700-0\ndata: 1\n\n' | cut_events chat.1
batch "$(record 7 8 x)" | events chat.2 "$v2"
batch "$(record 0 2 a)" | events chat.3 "$v2"
events chat.4 "$v2" </dev/null
story chat.4
follow generations
expect_code generations 0 && expect_parts generations 1 2 &&
    expect_asked generations 1 '^Last-Event-ID: 1767323045700-0' &&
    expect_asked generations 0 '^Last-Event-ID: 7' && ok generations

# One bad part spoils itself alone, and can be seen.
begin_answers
{
    batch "$(record 0 1 a),{\"seq_num\":1,\"body\":\"no \\u001b[31mJSON\"},{\"seq_num\":2,\"body\":},$(record 3 4 d)"
} | events chat.1 "$v2"
events chat.2 "$v2" </dev/null
story chat.2
follow bad-part
expect_code bad-part 0 && expect_lines bad-part && expect_safe bad-part out &&
    expect_parts bad-part 1 '"no \u001b[31mJSON"' \
        '"{\"seq_num\":2,\"body\":}"' 4 && ok bad-part

# What is refused, or is no stream, is a remark and not the end.

# refused NAME COMPLETE PATTERN
refused() {
    story chat.1
    follow "$1"
    expect_code "$1" 0 && expect_lines "$1" && expect_sentence "$1" "$3" &&
        expect_value "$1" end complete "$2" && ok "$1"
}

begin_answers
refused not-found true 'stream chat cannot be followed.* 404: Not found'

begin_answers
echo '{"error":"Unauthorized"}' |
    answer chat.1 '403 Forbidden' 'Content-Type: application/json\r\n'
refused forbidden true 'stream chat cannot be followed.* 403: Unauthorized'

begin_answers
echo '<html><title>Sign in</title></html>' |
    answer chat.1 '200 OK' 'Content-Type: text/html\r\n'
refused web-page false 'stream chat cannot be followed.*text/html.*Sign in'

begin_answers
echo '{"error":"no such thing"}' |
    answer chat.1 '200 OK' 'Content-Type: application/json\r\n'
refused json false 'stream chat.*application/json.*no such thing'

begin_answers
answer chat.1 '200 OK' '' </dev/null
refused nothing false 'stream chat.*no content type'

begin_answers
answer chat.1 '500 Internal Server Error' '' </dev/null
refused never-written false 'stream chat cannot be followed.* 500'

# A token that is refused is replaced, once, and the run goes on with it.
by_answers() {
    echo "TRIGGER_API_URL=$url RUNTAIL_TOKEN_URL=$url/token" \
        RUNTAIL_API_KEY=made-up-key
}
begin_answers
for number in 1 2; do
    echo "{\"token\":\"token-$number\"}" |
        answer "token.$number" '200 OK' 'Content-Type: application/json\r\n'
done
answer chat.1 '401 Unauthorized' '' </dev/null
printf 'id: 5-0\ndata: 1\n\n' | events chat.2
events chat.3 </dev/null
story chat.3
credentials=by_answers
follow renewed
credentials=
expect_code renewed 0 && expect_parts renewed 1 &&
    expect_asked renewed 2 '^GET /token' &&
    expect_asked renewed 3 '^Authorization: Bearer token-2' &&
    ok renewed

# Which streams are read.

begin_answers
events chat.1 </dev/null
events other.1 </dev/null
story other.2 ',"realtimeStreams":"{chat}","metadata":"{\"$$streams\":[\"other\"],\"$$streamsBaseUrl\":\"http://127.0.0.1:1\"}"'
follow from-metadata
expect_code from-metadata 0 && expect_asked from-metadata 0 '/chat HTTP' &&
    expect_quiet from-metadata && ok 'from the metadata, of this server alone'

begin_answers
events mine.1 </dev/null
events "b%20c.1" </dev/null
story mine.2
follow named --stream mine --stream 'b c'
expect_code named 0 && expect_asked named 0 '/chat HTTP' &&
    expect_text named out '"complete":true' && ok 'those that are named'

begin_answers
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
follow none --no-streams
expect_code none 0 && expect_asked none 0 '/streams/' && ok 'none'

# Late parts are waited for; of a run that is over, all there is is read.

begin_answers
printf 'id: 1-0\ndata: 1\n\n' | events chat.1
printf 'id: 2-0\ndata: 2\n\n' | events chat.2
printf 'id: 3-0\ndata: 3\n\n' | events chat.3
events chat.4 </dev/null
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
follow late
expect_code late 0 && expect_parts late 1 2 3 &&
    expect_value late end complete true && ok 'late parts'

begin_answers
batch "$(record 0 1 a)" | events chat.1 "$v2"
events chat.2 "$v2" </dev/null
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
follow finished
expect_code finished 0 && expect_parts finished 1 && ok 'a finished run'

# A second generation's server says when there is no more: silence before that
# means nothing.

soon=RUNTAIL_TEST_HASTE=5

begin_answers
batch "$(record 0 1 a)" | events chat.1.after.other.3 "$v2"
events chat.2 "$v2" </dev/null
printf 'id: 1-0\ndata: 1\n\n' | events other.1.hold
printf 'id: 2-0\ndata: 2\n\n' | events other.2.hold
events other.3 </dev/null
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{other,chat}"'
start_answers
runtail_as slow "$(by_token) $soon" --json "$id"
expect_code slow 0 && expect_text slow out '"stream":"chat","seq":1,' &&
    expect_value slow end complete true && ok 'a late beginning'

# One of the first that never closes is left, and nothing was missed.

begin_answers
printf 'id: 1-0\ndata: plain\n\n' | events chat.1
printf ': ping\n\n' | events chat.2.hold
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
start_answers
runtail_as held "$(by_token) $soon" --json "$id"
expect_code held 0 && expect_parts held '"plain"' && expect_quiet held &&
    expect_value held end complete true && ok 'a server that holds on'

# What only ever breaks off is left, too.

begin_answers
cut_events chat.1 </dev/null
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
start_answers
runtail_as broken "$(by_token) RUNTAIL_TEST_HASTE=1000" --json "$id"
expect_code broken 0 && expect_text broken err 'breaks off' &&
    expect_value broken end complete false && ok 'breaks off for ever'

# A server that does not want to be asked again is not.

begin_answers
answer chat.1 '204 No Content' '' </dev/null
story chat.1
follow nothing
expect_code nothing 0 && expect_asked nothing 1 '/chat HTTP' &&
    expect_text nothing err 'answered 204' &&
    expect_value nothing end complete true && ok 'no content'

# Not all is told of a run with too many.

begin_answers
many=$(seq -s , 101)
row feed.1 COMPLETED_SUCCESSFULLY ",\"realtimeStreams\":\"{$many}\""
follow many
expect_code many 0 && expect_asked many 100 '/streams/' &&
    expect_text many err 'more than 100 streams' &&
    expect_value many end complete false && ok 'too many'

# Waiting for a stream's first part is no failure, and not counted as one.

begin_answers
answer chat.1 '500 Internal Server Error' '' </dev/null
batch "$(record 0 1 a)" | events chat.4 "$v2"
events chat.5 "$v2" </dev/null
story chat.4
follow patient --max-retries 1
expect_code patient 0 && expect_parts patient 1 &&
    expect_value patient end complete true && ok 'not there yet'

# What was written before is left out, also by servers that begin with it.

begin_answers
{
    printf 'id: 1767323045678-0\ndata: "old"\n\n'
    printf 'id: 99999999999999-0\ndata: "new"\n\n'
} | events chat.1
events chat.2 </dev/null
row feed.1 COMPLETED_SUCCESSFULLY ',"realtimeStreams":"{chat}"'
start_answers
runtail_as latest "$(by_token)" stream --json --tail 0 "$id" chat
expect_code latest 0 && expect_parts latest '"new"' &&
    expect_asked latest 1 '^X-Trigger-Stream-Start: latest' &&
    expect_asked latest 1 '^Last-Event-ID: 99999999999999-0' && ok latest

# What is written between two connections is not.

begin_answers
events chat.1 </dev/null
{
    printf 'id: 1767323045678-0\ndata: "old"\n\n'
    printf 'id: 99999999999999-0\ndata: "between"\n\n'
} | events chat.2
events chat.3 </dev/null
story chat.2
start_answers
runtail_as between "$(by_token)" stream --json --tail 0 "$id" chat
expect_code between 0 && expect_parts between '"between"' &&
    expect_asked between 1 '^X-Trigger-Stream-Start: latest' &&
    ok 'between two connections'

# The rest of a line whose beginning came over the connection before.

begin_answers
printf 'id: 1-0\ndata: {"a":1}\n\n' | cut_events chat.1
printf 'id: 2-0\ndata: "b":2}\n\nid: 3-0\ndata: {"c":3}\n\n' | events chat.2
events chat.3 </dev/null
story chat.3
follow rest
expect_code rest 0 && expect_lines rest && expect_parts rest '{"a":1}' '{"c":3}' &&
    expect_value rest end gaps 1 && ok 'the rest of a line'

# Without a run to go by.

begin_answers
printf 'id: 1-0\ndata: "alone"\n\n' | events chat.1
start_answers
runtail_as alone "$(by_token)" stream "$id" chat
expect_code alone 7 && expect_text alone out '^alone$' && ok alone

# JavaScript cuts text by UTF-16 units; a half that nothing follows is told as
# what it is.
begin_answers
events chat.1 <<'END'
id: 1-0
data: "a\ud83d"

id: 2-0
data: "\ude00b\ud83d"

id: 3-0
data: "c\ude00\n"

END
start_answers
runtail_as halves "$(by_token)" stream "$id" chat
printf 'a\360\237\230\200b\357\277\275c\357\277\275\n' >"$work/want"
expect_same halves "$work/want" "$work/halves.out" && ok halves

begin_answers
start_answers
runtail_as unknown "$(by_token)" stream "$id" chat
expect_code unknown 5 && expect_text unknown err "knows no run $id" &&
    ok unknown

# However soon a stream wants to be asked again, it is not at once.

begin_answers
printf 'retry: 0\ndata: 1\n\n' | events ticks.1
answer ticks.2 '204 No Content' '' </dev/null
start_answers
runtail_as soon '' sse --json "$url/ticks"
expect_asked soon 2 '^GET /ticks' && expect_text soon out '"retryInMs":50' &&
    ok 'retry: 0'

# An agent's log is a stream, too. A header that is given takes the place of the
# program's own: there are never two of a name.

begin_answers
answer login.1 '200 OK' 'Content-Type: application/json\r\n' <<'END'
{"token":"of-the-login","refreshToken":"r"}
END
printf 'data: {"logs":"a","status":"completed","final":true}\n\n' | events stream.1
start_answers
runtail_as given "given=Bearer%20mine" agent --json -a "$url" \
    -H 'Authorization: $given' \
    --token-cmd 'echo "{\"email\":\"a@example.com\",\"password\":\"p\"}"' a1
expect_code given 0 && expect_asked given 1 '^Authorization' &&
    expect_asked given 1 '^Authorization: Bearer%20mine' && ok 'a given header'

# What could not be read is told with the end, in words as well.

start_sim --scenario chat --speed 0 --fault stream-html
runtail_as unread "$(by_endpoint) RUNTAIL_TEST_HASTE=10" --plain "$run"
expect_code unread 0 &&
    expect_text unread out '^-- COMPLETED (.*, incomplete: stream openai: ' &&
    ok 'incomplete, in plain lines'

stop_servers
finish
