#!/bin/sh
# Runs every example command of the README, the manual page and the other
# documents against a simulator of its own, and fails when one fails.
#
# An example is a line of a ```sh block, or of a .Dl in the manual page after
# "$ ", that calls runtail. Names that stand for the reader's own are replaced:
# run_abc and $RUN by the simulated run, the hosts by the simulator, which plays a
# run, an agent or an event stream, as the command follows one. What has to end with
# another status than 0 says so: "# exit status 3".
#
# RUNTAIL, RUNTAIL_SIM: the programs; those in the source tree when unset.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
RUNTAIL=${RUNTAIL:-$srcdir/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$srcdir/runtail-sim}

for program in "$RUNTAIL" "$RUNTAIL_SIM"; do
    [ -x "$program" ] || { echo "skipped: no $program" >&2; exit 77; }
done

work=$(mktemp -d)
sim=
stop_simulator() {
    [ -n "$sim" ] || return 0
    kill "$sim" 2>/dev/null || :
    wait "$sim" 2>/dev/null || :
    sim=
}
trap 'stop_simulator; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

mkdir "$work/bin" "$work/home"
ln -s "$RUNTAIL" "$work/bin/runtail"
ln -s "$RUNTAIL_SIM" "$work/bin/runtail-sim"
(umask 077 && echo sim-agent-token >"$work/home/.agents-token")

# Lines "FILE:LINE<tab>COMMAND".
from_markdown() {
    awk '
        FNR == 1 { on = 0; name = FILENAME; sub(/.*\//, "", name) }
        /^```/ { on = $0 == "```sh"; next }
        on && held != "" { $0 = held $0; held = "" }
        on && /\\$/ { held = substr($0, 1, length($0) - 1); next }
        on && /(^|[|;&(] *)runtail(-sim)? / { print name ":" FNR "\t" $0 }
    ' "$@"
}
from_manual() {
    awk '
        /^\.Dl \$ / {
            name = FILENAME; sub(/.*\//, "", name)
            sub(/^\.Dl \$ /, "")
            gsub(/\\\(aq/, "\047"); gsub(/\\\(dq/, "\""); gsub(/\\-/, "-"); gsub(/\\e/, "\\")
            print name ":" FNR "\t" $0
        }
    ' "$@"
}

# start_simulator SCENARIO
start_simulator() {
    rm -f "$work/hello"
    mkfifo "$work/hello"
    "$RUNTAIL_SIM" --scenario "$1" --speed 40 >"$work/hello" 2>"$work/sim" &
    sim=$!
    read -r hello <"$work/hello" || { cat "$work/sim" >&2; exit 1; }
    url=${hello#listening }
    run=${url#* run }
    run=${run%% *}
    url=${url%% *}
}

# In a pipe the first failure counts, where the shell can tell.
if shell=$(command -v bash); then
    set_up='set -o pipefail;'
else
    shell=$(command -v sh) set_up=
fi

# As a reader would have it set up, with the simulator as the server.
in_reader_shell() {
    (
        cd "$work/home"
        env -i PATH="$work/bin:$PATH" HOME="$work/home" LC_ALL=C.UTF-8 \
            TRIGGER_API_URL="$url" TRIGGER_SECRET_KEY=tr_dev_simulator \
            RUNTAIL_API_KEY=sim-api-key RUN="$run" \
            timeout 60 "$shell" -c "$set_up $1" </dev/null >"$work/out" 2>"$work/err"
    )
}

passed=0
failed=0
skipped=0
verdict() {
    if [ "$2" -eq "$3" ]; then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$1"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s (exit status %s, not %s)\n' "$1" "$2" "$3"
        tail -n 5 "$work/out" "$work/err"
    fi
}

run_example() {
    where=${1%%"$tab"*}
    command=${1#*"$tab"}
    want=$(printf '%s\n' "$command" |
        sed -n 's/.*# exit status \([0-9]*\).*/\1/p')
    case $command in
    *'| jq '*)
        command -v jq >/dev/null || {
            skipped=$((skipped + 1))
            printf 'skipped %s  (no jq here)\n' "$where"
            return
        }
        ;;
    esac
    case $command in
    runtail-sim*)
        # Serves until it is stopped; that it listens is all to be seen.
        url='' run=''
        in_reader_shell "timeout --preserve-status -s TERM 2 $command" || :
        grep -q '^listening ' "$work/out" && got=0 || got=1
        ;;
    *)
        case $command in
        *'runtail agent '*) start_simulator agent ;;
        *'runtail sse http'*) start_simulator sse ;;
        *) start_simulator success ;;
        esac
        filled=$(printf '%s\n' "$command" | sed \
            -e "s|run_abc|$run|g" \
            -e "s|https://api\.example\.com|$url|g" \
            -e "s|https://agents\.example\.com|$url|g" \
            -e "s|agent 42|agent agent_fix-login|g" \
            -e "s|https://example\.com/events|$url/events/build|g" \
            -e "s|https://trigger\.example\.com|$url|g")
        got=0
        in_reader_shell "$filled" || got=$?
        stop_simulator
        ;;
    esac
    verdict "$where  $command" "$got" "${want:-0}"
}

tab=$(printf '\t')
{
    from_markdown "$srcdir/README.md" "$srcdir"/docs/*.md
    from_manual "$srcdir"/man/*.1
} >"$work/examples"
while IFS= read -r example <&3; do
    run_example "$example"
done 3<"$work/examples"

[ "$((passed + failed))" -gt 0 ] || { echo 'no example was found' >&2; exit 1; }
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
