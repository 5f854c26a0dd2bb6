#!/bin/sh
# Fails on an include that points the wrong way. A directory below src/ is a
# layer; below stands which layers each may include, and which system headers
# the pure ones may know. What is not named is not allowed.
set -eu

src=${srcdir:-.}/src

pure_system="ctype.h errno.h float.h inttypes.h limits.h math.h regex.h \
stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h"

allowed_layers() {
    case $1 in
    base) echo base ;;
    text) echo base text ;;
    wire) echo base text wire ;;
    model) echo base text wire model ;;
    view) echo base text wire model view ;;
    io) echo base text wire model view io ;;
    sim) echo base text wire sim ;;
    app) echo base text wire model view io sim app ;;
    esac
}

# Prints the system headers a layer may include; nothing: any.
allowed_system() {
    case $1 in
    base) echo "$pure_system sys/mman.h" ;; # memory is what it is about
    text | model | view) echo "$pure_system" ;;
    wire) echo "$pure_system jansson.h" ;;
    esac
}

has_word() {
    case " $1 " in *" $2 "*) return 0 ;; esac
    return 1
}

# Prints what is wrong with one include, if anything.
judge() {
    file=$1 layer=$2 name=$3
    case $name in
    '"config.h"') ;;
    '"'*/*'"')
        target=${name#?}
        has_word "$(allowed_layers "$layer")" "${target%%/*}" ||
            echo "$file: $layer/ may not include $name"
        ;;
    '"'*) echo "$file: $name: write the path from src/ on" ;;
    '<'*)
        known=$(allowed_system "$layer")
        header=${name#?}
        [ -z "$known" ] || has_word "$known" "${header%?}" ||
            echo "$file: $layer/ is pure and may not include $name"
        ;;
    esac
}

[ -d "$src/base" ] || {
    echo "layers: $src has no base/" >&2
    exit 99
}

wrong=$(
    for dir in "$src"/*/; do
        layer=$(basename "$dir")
        [ -n "$(allowed_layers "$layer")" ] ||
            echo "$dir: not a layer that tests/layers.sh knows"
        find "$dir" -name '*.[ch]' | sort | while read -r file; do
            sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*//p' \
                "$file" | sed 's/[[:space:]].*//' |
                while read -r name; do judge "$file" "$layer" "$name"; done
        done
    done
)

if [ -n "$wrong" ]; then
    printf '%s\n' "$wrong"
    exit 1
fi
