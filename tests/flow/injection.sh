#!/bin/sh
# Nothing that a server sends acts on the terminal: hostile texts through every
# door and in every form, see injection.c. A recording of them is played, too.
. "${srcdir:-.}/tests/flow/lib.sh"

[ -x "$helpers/injection" ] || skip "no $helpers/injection"
tput -T xterm-256color cols >/dev/null 2>&1 ||
    skip 'no description of the terminal xterm-256color'

HOME=$work
export HOME
case $RUNTAIL in
/*) program=$RUNTAIL ;;
*) program=$PWD/$RUNTAIL ;;
esac
cases=$RUNTAIL_SHARED/conformance/terminal-injection.json
[ -z "${TESTS_QUICK-}" ] || cases=/dev/null # our own texts alone

"$helpers/injection" "$program" "$cases" >"$work/log" 2>&1
code=$?
grep '^ok ' "$work/log"
if [ $code -eq 0 ]; then
    ok "$(tail -n 1 "$work/log")"
else
    grep -v '^ok ' "$work/log" | cut -c1-300
    not_ok 'hostile texts'
fi
finish
