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
