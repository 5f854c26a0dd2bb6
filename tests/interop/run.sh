#!/bin/sh
# The official SDK and runtail follow the same simulated runs, at the same
# time; what they say in the end must agree field by field, and what they read
# of the runs' streams part by part. Prints tables and "N passed, N failed".
#
# usage: run.sh [SCENARIO…]     all of `runtail-sim --list` when none is named
# RUNTAIL, RUNTAIL_SIM: the programs; those in the source tree when unset.
# Exit status: 77 where Node.js or npm is missing.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
RUNTAIL=${RUNTAIL:-$srcdir/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$srcdir/runtail-sim}
export RUNTAIL RUNTAIL_SIM

RUNTAIL_NODE_DIR=$("$srcdir/tests/npm/modules.sh") || exit $?
export RUNTAIL_NODE_DIR
for program in "$RUNTAIL" "$RUNTAIL_SIM"; do
    [ -x "$program" ] || { echo "there is no program $program" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# Each in a process of its own: the SDK knows one server at a time.
if [ $# -gt 0 ]; then
    printf 'main %s\n' "$@"
else
    "$RUNTAIL_SIM" --list=run | sed 's/ .*//; s/^/main /'
    echo 'main --troubles'
    printf 'streams %s\n' thought chat responses two-streams odd-batches \
        odd-stream
fi >"$work/list"
# shellcheck disable=SC2016 # for the inner shell
xargs -P 6 -L 1 sh -c '
    node "$0/$2.mjs" "$3" >"$1/$2$3-out" 2>&1 || :
    cat "$1/$2$3-out"
' "$srcdir/tests/interop" "$work" <"$work/list"

# What did not come to its last line has failed as well.
awk '
    FNR == 1 && NR > 1 { failed += !over }
    { over = /^[0-9]+ passed, [0-9]+ failed$/ }
    over { passed += $1; failed += $3 }
    END {
        failed += !over
        print passed + 0 " passed, " failed + 0 " failed in all"
        exit failed > 0
    }
' "$work"/*-out
