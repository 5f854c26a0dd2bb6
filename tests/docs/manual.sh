#!/bin/sh
# The manual page is well-formed, and tells of every option and every key that
# the program has, and of no other.
#
# RUNTAIL: the program; that in the source tree when unset.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
RUNTAIL=${RUNTAIL:-$srcdir/runtail}
page=$srcdir/man/runtail.1

command -v mandoc >/dev/null || { echo 'skipped: no mandoc here' >&2; exit 77; }
[ -x "$RUNTAIL" ] || { echo "skipped: no $RUNTAIL" >&2; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "$*" >&2
    failed=1
}

mandoc -T lint "$page" >&2 || failed=1

# The page as one line, without the blanks that justify it.
mandoc -T ascii -O width=500 "$page" | awk '{ gsub(".\b", ""); print }' |
    tr -s ' \n' ' ' >"$work/page"

options() {
    grep -oE -- '(^|[^[:alnum:]-])--[a-z][a-z-]*' "$1" | grep -oE -- '--[a-z-]+' | sort -u
}
"$RUNTAIL" --help-all >"$work/help"
options "$work/help" >"$work/help-options"
options "$work/page" >"$work/page-options"
diff "$work/help-options" "$work/page-options" >&2 ||
    fail '<: an option of --help-all that the page lacks; >: the reverse'

# Each action's help sentence stands in the page.
sed -n 's/^ACTION([^"]*"\(.*\)", "\([^"]*\)", [A-Z]*)$/\2/p' \
    "$srcdir/src/view/actions.def" >"$work/actions"
[ -s "$work/actions" ] || fail 'no action was found in actions.def'
while IFS= read -r sentence; do
    grep -qF -- "$sentence" "$work/page" || fail "the page lacks the key: $sentence"
done <"$work/actions"

exit "$failed"
