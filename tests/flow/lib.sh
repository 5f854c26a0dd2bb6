# shellcheck shell=sh
# What the flow tests share: the real program against the real simulator, over
# real sockets. To be read by the shell, not run:
#
#     . "${srcdir:-.}/tests/flow/lib.sh"
#
# RUNTAIL, RUNTAIL_SIM: the programs; those in the current directory when
# unset. Helpers are found beside them. Each test has a directory $work of its
# own, and is over when a check failed: finish says how it went.
set -u

RUNTAIL=${RUNTAIL:-$PWD/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$PWD/runtail-sim}
RUNTAIL_SHARED=${RUNTAIL_SHARED-${srcdir:-.}/../shared}
recordings=$RUNTAIL_SHARED/wire/recordings
helpers=$(dirname "$RUNTAIL")/tests/flow

skip() {
    echo "skipped: $*" >&2
    exit 77
}

[ -x "$RUNTAIL" ] || skip "no $RUNTAIL"
[ -x "$RUNTAIL_SIM" ] || skip "no $RUNTAIL_SIM"
[ -x "$helpers/json_lines" ] || skip "no $helpers/json_lines"

work=$(mktemp -d)
servers=
begun=
failed=0
passed=0

stop_servers() {
    for server in $servers; do
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
    done
    servers=
}
trap 'stop_servers; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Starts a program that says where it listens in its first line, and waits for
# that line, which is left in $hello.
start_server() {
    rm -f "$work/hello"
    mkfifo "$work/hello"
    "$@" >"$work/hello" 2>"$work/server.err" </dev/null &
    servers="$servers $!"
    read -r hello <"$work/hello" || {
        echo "$1 did not start:" >&2
        cat "$work/server.err" >&2
        exit 99
    }
}

# start_sim OPTION…: sets $url and $run.
start_sim() {
    start_server "$RUNTAIL_SIM" "$@"
    url=${hello#listening }
    run=${url#* run }
    url=${url%% *}
}

# start_serve OPTION… (tests/flow/serve.c): sets $url.
start_serve() {
    start_server "$helpers/serve" "$@"
    url=http://127.0.0.1:$hello
}

# Environments, one "NAME=value" a word.
by_endpoint() {
    echo "TRIGGER_API_URL=$url RUNTAIL_TOKEN_URL=$url/api/tasks/runs/token" \
        RUNTAIL_API_KEY=sim-api-key
}
by_secret_key() {
    echo "TRIGGER_API_URL=$url TRIGGER_SECRET_KEY=tr_dev_simulator"
}
by_token() {
    echo "TRIGGER_API_URL=$url TRIGGER_ACCESS_TOKEN=opaque-token"
}

# runtail_as NAME ENVIRONMENT ARGUMENT…: runs the program in a clean
# environment; leaves $work/NAME.out, $work/NAME.err, and its exit status in
# $work/NAME.code. timeout is only a net below.
runtail_as() {
    as=$1
    settings=$2
    shift 2
    # shellcheck disable=SC2086 # one word a setting
    env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} $settings \
        timeout -k 5 "${net:-60}" "$RUNTAIL" "$@" \
        >"$work/$as.out" 2>"$work/$as.err" </dev/null
    echo $? >"$work/$as.code"
}

# begin NAME ENVIRONMENT ARGUMENT…: the same, beside others; settle waits for
# all that were begun.
begin() {
    runtail_as "$@" &
    begun="$begun $!"
}
settle() {
    # shellcheck disable=SC2086 # one word a process
    wait $begun
    begun=
    stop_servers
}

# Checks. Each names what it looked at.

ok() {
    passed=$((passed + 1))
    echo "ok      $*"
}

not_ok() {
    failed=$((failed + 1))
    echo "FAILED  $*"
}

# show NAME: what there is to see of a failed case.
show() {
    tail -n 6 "$work/$1.out" "$work/$1.err" 2>/dev/null | cut -c1-400
}

# expect_code NAME CODE
expect_code() {
    code=$(cat "$work/$1.code")
    [ "$code" -eq "$2" ] && return 0
    not_ok "$1: exit status $code, not $2"
    show "$1"
    return 1
}

# expect_quiet NAME: nothing on standard error.
expect_quiet() {
    [ -s "$work/$1.err" ] || return 0
    not_ok "$1: words on standard error"
    show "$1"
    return 1
}

# expect_sentence NAME [PATTERN]: exactly one line on standard error, by
# runtail, of safe bytes.
expect_sentence() {
    if [ "$(wc -l <"$work/$1.err")" -ne 1 ] ||
        ! grep -q '^runtail: .' "$work/$1.err"; then
        not_ok "$1: not one sentence on standard error"
        show "$1"
        return 1
    fi
    expect_safe "$1" err || return 1
    grep -q -- "${2-.}" "$work/$1.err" && return 0
    not_ok "$1: standard error does not say: $2"
    show "$1"
    return 1
}

# expect_safe NAME out|err: no control bytes but the ends of lines.
expect_safe() {
    if [ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$work/$1.$2" |
        wc -c)" -eq 0 ] &&
        ! LC_ALL=C grep -q "$(printf '\302[\200-\237]')" "$work/$1.$2"; then
        return 0
    fi
    not_ok "$1: control bytes in what it wrote"
    LC_ALL=C od -c "$work/$1.$2" | grep -n '\\\|0[0-3][0-9]' | head -n 5
    return 1
}

# expect_lines NAME: standard output keeps to docs/json-output.md.
expect_lines() {
    "$helpers/json_lines" check "$work/$1.out" && return 0
    not_ok "$1: not as docs/json-output.md says"
    show "$1"
    return 1
}

# expect_text NAME out|err PATTERN
expect_text() {
    grep -q -- "$3" "$work/$1.$2" && return 0
    not_ok "$1: no line has: $3"
    show "$1"
    return 1
}

# expect_no_text NAME out|err PATTERN
expect_no_text() {
    grep -q -- "$3" "$work/$1.$2" || return 0
    not_ok "$1: a line has: $3"
    grep -- "$3" "$work/$1.$2" | head -n 3 | cut -c1-400
    return 1
}

# expect_count WHAT NUMBER MOST: at least one, at most so many.
expect_count() {
    [ "$2" -ge 1 ] && [ "$2" -le "$3" ] && return 0
    not_ok "$1: $2, not 1 to $3"
    return 1
}

# expect_value NAME TYPE KEY VALUE: in the last JSON line of that type.
expect_value() {
    value=$("$helpers/json_lines" get "$work/$1.out" "$2" "$3") &&
        [ "$value" = "$4" ] && return 0
    not_ok "$1: $2.$3 is \"$value\", not \"$4\""
    return 1
}

# expect_same WHAT FILE FILE
expect_same() {
    cmp -s "$2" "$3" && return 0
    not_ok "$1: not the same"
    diff "$2" "$3" | head -n 8 | cut -c1-200
    return 1
}

finish() {
    [ $((passed + failed)) -gt 0 ] || {
        echo 'nothing was tested' >&2
        exit 99
    }
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
