#!/bin/sh
# What has no bound on the server has one here: long lines, many of them, deep
# nesting, a disk that takes nothing. Nothing is lost that is to be told, and
# the program needs no more memory than it may have.
. "${srcdir:-.}/tests/flow/lib.sh"

# events FILE: an event stream of standard input, then its end.
events() {
    {
        printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n'
        printf 'Content-Type: text/event-stream\r\n\r\n'
        cat
    } >"$work/$1"
}

# many N TEXT: that many lines
many() {
    awk -v n="$1" -v text="$2" 'BEGIN { for (i = 1; i <= n; i++)
        printf "data: %s %d\n\n", text, i }'
}

# Lines of 10 MiB, as JSON: whole.

{
    printf 'data: before\n\ndata: '
    head -c 10485760 /dev/zero | tr '\0' x
    printf '\n\ndata: after\n\n'
} >"$work/long"
env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
    timeout 60 "$RUNTAIL" sse - --plain <"$work/long" >"$work/long.out" \
    2>"$work/long.err"
longest=$(awk '{ if (length($0) > most) most = length($0) } END { print most }' \
    "$work/long.out")
if [ "$longest" -ge 10485760 ] && grep -q after "$work/long.out"; then
    ok "a line of 10 MiB: $longest bytes"
else
    not_ok "a line of 10 MiB: $longest bytes"
    cut -c1-200 "$work/long.out" "$work/long.err"
fi

# A million events: each told once, within the memory of a few.

many 1000000 'entry number' >"$work/million"
[ -z "${ASAN_OPTIONS-}" ] && limit='ulimit -v 262144' || limit=:
env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 timeout 60 \
    sh -c "$limit"'; exec "$1" sse - --json' sh "$RUNTAIL" \
    <"$work/million" >"$work/million.out" 2>"$work/million.err"
told=$(grep -c '"type":"event"' "$work/million.out")
if [ "$told" -eq 1000000 ]; then
    ok "a million events in 256 MiB: $told told"
else
    not_ok "a million events: $told told"
    tail -n 2 "$work/million.out" "$work/million.err"
fi

# JSON of any depth: no recursion that a server could choose the depth of.

deep() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "["
        for (i = 0; i < n; i++) printf "]" }'
}
for depth in 1000 100000 1000000; do
    {
        printf 'data: {"message":"deep","data":'
        deep $depth
        printf '}\n\ndata: after\n\n'
    } >"$work/deep"
    for form in --plain --json; do
        env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 timeout 60 \
            sh -c 'ulimit -s 256; exec "$1" sse - "$2"' sh "$RUNTAIL" $form \
            <"$work/deep" >"$work/deep.out" 2>"$work/deep.err"
        code=$?
        if [ $code -eq 7 ] && grep -q after "$work/deep.out"; then
            ok "$depth brackets, $form"
        else
            not_ok "$depth brackets, $form: exit status $code"
            cut -c1-200 "$work/deep.err"
        fi
    done
done

# Steps without end, each with a long title: of the run that tells them.

awk 'BEGIN {
    for (i = 0; i < 800; i++) pad = pad "x"
    for (i = 1; i <= 100000; i++)
        printf "data: {\"status\":\"Step %d %s\",\"message\":\"line\"}\n\n", i, pad
}' >"$work/steps"
env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 timeout 60 \
    sh -c "$limit"'; exec "$1" sse - --json' sh "$RUNTAIL" \
    <"$work/steps" >"$work/steps.out" 2>"$work/steps.err"
told=$(grep -c '"type":"run".*"step":"Step ' "$work/steps.out")
if [ "$told" -eq 100000 ]; then
    ok "100000 steps in 256 MiB: $told told"
else
    not_ok "100000 steps: $told told"
    tail -n 2 "$work/steps.out" "$work/steps.err" | cut -c1-200
fi

# Streams of a run: too many of them, and one with very many steps.

{
    printf '{"about":"streams","run":{"task":"t","streams":["s0"'
    awk 'BEGIN { for (i = 1; i < 1000; i++) printf ",\"s%d\"", i }'
    printf ']},"steps":[{"status":"EXECUTING"},'
    printf '{"after_ms":1000,"status":"COMPLETED_SUCCESSFULLY"}],"streams":{'
    awk 'BEGIN { for (i = 0; i < 200; i++)
        printf "%s\"s%d\":{\"steps\":[{\"part\":{\"n\":%d}}]}", i ? "," : "", i, i }'
    printf '}}'
} >"$work/streams.json"
start_sim --scenario "$work/streams.json" --speed 0
runtail_as streams "$(by_secret_key) RUNTAIL_TEST_HASTE=10" --json "$run"
stop_servers
told=$(grep -c '"type":"part"' "$work/streams.out")
expect_code streams 0 && expect_lines streams &&
    expect_value streams end complete false &&
    expect_text streams err 'more than 100 streams' &&
    expect_count 'parts of 1000 streams' "$told" 100 &&
    ok "1000 streams: $told are read, and that is told"

cat >"$work/calls.json" <<'END'
{"about": "calls", "run": {"task": "t"},
 "steps": [{"status": "EXECUTING"},
           {"after_ms": 1000, "status": "COMPLETED_SUCCESSFULLY"}],
 "streams": {"chat": {"version": 2, "steps": [
    {"repeat": 10000, "steps": [{"parts": [
        {"type": "tool-input-available", "toolCallId": "c{i}",
         "toolName": "tool{i}", "input": {"n": "{i}"}},
        {"type": "tool-output-available", "toolCallId": "c{i}",
         "output": "the result of call {i}"}]}]}]}}}
END
start_sim --scenario "$work/calls.json" --speed 0
(
    eval "$limit"
    runtail_as calls "$(by_secret_key) RUNTAIL_TEST_HASTE=10" --plain "$run"
)
stop_servers
expect_code calls 0 && expect_text calls out 'tool10000' &&
    expect_text calls out 'result of call 10000' &&
    expect_text calls out '20000 stream parts' &&
    ok '10000 calls of tools in 256 MiB'

# A screen that keeps little in memory, whatever comes.

# on_screen WHAT FILE WORDS: shows WORDS after all of FILE, of which old text
# goes to the disk, and comes back from there
on_screen() {
    cat >"$work/script" <<END
wait $3
keys g
gone following
keys G
wait $3
keys q
exit 7
modes same
screen main
END
    cat >"$work/watch" <<'END'
#!/bin/sh
eval "$1"
exec "$2" sse - --memory 4M <"$3"
END
    chmod +x "$work/watch"
    if env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        TERM=xterm-256color TMPDIR="$work" timeout -k 5 60 \
        "$helpers/pty" -s 120x24 "$work/watch" "$limit" "$RUNTAIL" \
        "$work/$2" <"$work/script" >"$work/pty.out" 2>&1; then
        ok "on the screen, in 96 MiB: $1"
    else
        not_ok "on the screen: $1"
        cat "$work/pty.out"
    fi
}
[ -z "${ASAN_OPTIONS-}" ] && limit='ulimit -v 98304' || limit=:
if [ -x "$helpers/pty" ] && tput -T xterm-256color cols >/dev/null 2>&1; then
    on_screen 'a million entries' million 'entry number 1000000'
    on_screen '100000 steps' steps 'Step 100000'
    on_screen 'a line of 10 MiB' long after
fi

# A screen that keeps little in memory, and a disk that takes nothing of the
# rest: following goes on, with a notice.

if [ -x "$helpers/pty" ] && tput -T xterm-256color cols >/dev/null 2>&1; then
    many 200000 'an entry of the flood, number' | events flood
    start_serve "$work/flood"
    for directory in "$work/absent" /dev/full; do
        if env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
            ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
            TERM=xterm-256color TMPDIR="$directory" timeout -k 5 60 \
            "$helpers/pty" -s 120x24 "$RUNTAIL" sse "$url/" --memory 1M \
            --max-retries 1 >"$work/pty.out" 2>&1 <<'END'; then
wait no room for older log text on disk
keys q
exit 7
modes same
screen main
END
            ok "log text beyond memory, TMPDIR=$(basename "$directory")"
        else
            not_ok "log text beyond memory, TMPDIR=$(basename "$directory")"
            cat "$work/pty.out"
        fi
    done
fi
finish
