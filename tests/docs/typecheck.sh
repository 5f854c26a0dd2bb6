#!/bin/sh
# Every ```ts block of the docs and the README type-checks against the pinned
# SDK, each as a module of its own.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
modules=$("$srcdir/tests/npm/modules.sh") || exit $?
work=$(mktemp -d "$modules/snippets.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Blocks become NAME-LINE.ts, padded so that the compiler's line numbers are
# those of the document.
awk -v dir="$work" '
    FNR == 1 { name = FILENAME; gsub(/.*\/|\.md$/, "", name); out = "" }
    /^```/ && out { close(out); out = ""; next }
    out { print > out; next }
    /^```ts$/ {
        out = dir "/" name "-" FNR ".ts"
        for (i = 1; i <= FNR; i++) print "" > out
    }
' "$srcdir/README.md" "$srcdir"/docs/*.md

cp "$srcdir"/tests/docs/snippets/* "$work/"
set -- "$work"/*-*.ts
[ -e "$1" ] || { echo 'no snippet was found' >&2; exit 1; }
"$modules/node_modules/.bin/tsc" --project "$work"
echo "$# snippets type-check"
