#!/bin/sh
# The official SDK and runtail follow the same simulated runs, at the same
# time; what they say in the end must agree field by field, and what they read
# of the runs' streams part by part. Prints tables and "N passed, N failed".
#
# usage: run.sh [SCENARIO...]     all of `runtail-sim --list` when none is named
#        run.sh --streams [SCENARIO...]      the streams alone
# RUNTAIL, RUNTAIL_SIM: the programs; those in the source tree when unset.
# Exit status: 77 where Node.js or npm is missing.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
RUNTAIL=${RUNTAIL:-$srcdir/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$srcdir/runtail-sim}
export RUNTAIL RUNTAIL_SIM

modules=$("$srcdir/tests/npm/modules.sh") || exit $?
for program in "$RUNTAIL" "$RUNTAIL_SIM"; do
    [ -x "$program" ] || { echo "there is no program $program" >&2; exit 1; }
done
export RUNTAIL_NODE_DIR="$modules"
if [ "${1-}" = --streams ]; then
    shift
    exec node "$srcdir/tests/interop/streams.mjs" "$@"
fi
failed=0
node "$srcdir/tests/interop/main.mjs" "$@" || failed=1
[ $# -gt 0 ] || node "$srcdir/tests/interop/streams.mjs" || failed=1
exit "$failed"
