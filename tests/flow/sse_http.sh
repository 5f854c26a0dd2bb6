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

finish
