#!/bin/sh
# Connections of event streams, case by case: statuses, media types, redirects
# and the headers that may follow them, retry, Last-Event-ID, when to stop for
# good. tests/flow/sse_http.c plays them; own cases are beside it.
. "${srcdir:-.}/tests/flow/lib.sh"

[ -x "$helpers/sse_http" ] || skip "no $helpers/sse_http"

for cases in "$RUNTAIL_SHARED/conformance/sse-http.json" \
    "${srcdir:-.}/tests/flow/sse_http_cases.json"; do
    [ -f "$cases" ] || continue
    env -i PATH="$PATH" HOME="$work" \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        "$helpers/sse_http" "$RUNTAIL" "$cases" >"$work/log" 2>&1
    code=$?
    if [ $code -eq 0 ]; then
        ok "$(basename "$cases"): $(tail -n 1 "$work/log")"
    else
        grep -v '^ok ' "$work/log" | cut -c1-400
        not_ok "$(basename "$cases")"
    fi
done

finish
