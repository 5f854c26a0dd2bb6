#!/bin/sh
# Disks that are full, files that may not grow, directories that take nothing:
# older text is dropped, a recording stops, and following goes on with a notice.
# Only output that cannot be written is an end.
. "${srcdir:-.}/tests/flow/lib.sh"

awk 'BEGIN { for (i = 1; i <= 100000; i++)
    printf "data: an entry of the flood, number %d\n\n", i }' >"$work/flood"

# limited BLOCKS NAME FILE ARGUMENT…: files may grow to so many blocks of 512
# bytes; the output goes to FILE.
limited() {
    blocks=$1
    name=$2
    file=$3
    shift 3
    (
        ulimit -f "$blocks"
        env -i PATH="$PATH" HOME="$work" \
            ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
            timeout -k 5 60 "$RUNTAIL" "$@" <"$work/flood" 2>"$work/$name.err"
        echo $? >"$work/$name.code"
    ) >"$file"
}

# Output.

for form in --json --plain; do
    limited 100 "limit$form" "$work/limit.cut" sse - $form
    expect_code "limit$form" 6 &&
        expect_sentence "limit$form" 'cannot write the output: File too' &&
        ok "$form, to a file that may not grow"
    limited 100 "full$form" /dev/full sse - $form
    expect_code "full$form" 6 &&
        expect_sentence "full$form" 'cannot write the output: No space' &&
        ok "$form, to a disk that is full"
done

# A recording.

mkfifo "$work/pipe"
cat <"$work/pipe" >"$work/recorded.out" &
limited 100 recorded "$work/pipe" sse - --json --record "$work/recorded.rec"
wait $!
expect_code recorded 7 && expect_lines recorded &&
    expect_value recorded end entries 100000 &&
    expect_sentence recorded 'recording stops here: File too large' &&
    ok 'a recording that may not grow'

# The screen, which keeps little in memory.

[ -x "$helpers/pty" ] && tput -T xterm-256color cols >/dev/null 2>&1 || finish

# on_screen NAME DIRECTORY WHY [BEFORE]: the flood, with DIRECTORY for older
# text; BEFORE: shell words to be run first
on_screen() {
    cat >"$work/script" <<END
wait no room for older log text on disk ($3
wait number 100000
keys g
wait of 100000
keys q
exit 7
modes same
screen main
END
    if env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        TERM=xterm-256color TMPDIR="$2" timeout -k 5 60 \
        ${4-} "$helpers/pty" -s 120x24 "$work/watch" "$RUNTAIL" \
        "$work/flood" <"$work/script" >"$work/pty.out" 2>&1; then
        ok "older text, $1"
    else
        not_ok "older text, $1"
        cat "$work/pty.out"
    fi
}

cat >"$work/watch" <<'END'
#!/bin/sh
exec "$1" sse - --memory 1M <"$2"
END
cat >"$work/limit" <<'END'
#!/bin/sh
ulimit -f 1000
exec "$@"
END
cat >"$work/small" <<'END'
#!/bin/sh
mount -t tmpfs -o size=1m none "$TMPDIR" && exec "$@"
END
cat >"$work/read-only" <<'END'
#!/bin/sh
mount -t tmpfs -o ro none "$TMPDIR" && exec "$@"
END
chmod +x "$work/watch" "$work/limit" "$work/small" "$work/read-only"
mkdir "$work/disk"
on_screen 'a directory that is not there' "$work/absent" 'No such file'
on_screen 'a file that may not grow' "$work/disk" 'File too large' "$work/limit"
if TMPDIR=$work/disk unshare -rm "$work/small" true 2>/dev/null; then
    on_screen 'a disk that becomes full' "$work/disk" 'No space left' \
        "unshare -rm $work/small"
    on_screen 'a disk that takes nothing' "$work/disk" 'Read-only' \
        "unshare -rm $work/read-only"
else
    echo 'not tested: small disks, which take a mount of their own' >&2
fi
finish
