#!/bin/sh
# Fails when a source, test or scenario is not named in Makefile.am: it would
# silently be missing from the program, from the tests or from the tarball.
set -eu

cd "${srcdir:-.}"

unlisted=$(
    find src tests docs man -type f \
        \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.json' \
        -o -name '*.md' -o -name '*.[1-9]' -o -name '*.case' \
        -o -name '*.story' -o -name '*.mjs' -o -name '*.ts' \) \
        ! -path src/sim/scenarios.c ! -path '*/node_modules/*' | sort |
        while read -r file; do
            grep -qF "${file%.c}" Makefile.am || echo "$file"
        done
)

if [ -n "$unlisted" ]; then
    echo 'not named in Makefile.am:'
    echo "$unlisted"
    exit 1
fi
