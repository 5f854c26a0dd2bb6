#!/bin/sh
# Prints C source that holds the given scenario files: embed.sh FILE…
# Needs only what POSIX has. The "about" and the "source" of a file stand on
# lines of their own.
set -eu

echo '/* Made by embed.sh from the scenario files. */'
echo '#include "config.h"'
echo
echo '#include "sim/scenarios.h"'
number=0
for file in "$@"; do
    echo
    echo "static const unsigned char bytes_${number}[] = {"
    od -An -v -tu1 "$file" |
        sed -e 's/^ *//' -e 's/  */,/g' -e 's/,*$/,/' -e '/^,$/d'
    echo '0};'
    number=$((number + 1))
done
echo
echo 'const struct scenario_file scenario_files[] = {'
number=0
for file in "$@"; do
    name=$(basename "$file" .json)
    about=$(sed -n 's/^ *"about": \("[^"\\]*"\),*$/\1/p' "$file" | sed 1q)
    if [ -z "$about" ]; then
        echo "embed.sh: $file has no line \"about\": \"…\"" >&2
        exit 1
    fi
    source=$(sed -n 's/^ *"source": \("[a-z]*"\),*$/\1/p' "$file" | sed 1q)
    echo "    {\"$name\", $about, ${source:-\"run\"}, (const char *)bytes_$number,"
    echo "     sizeof bytes_$number - 1},"
    number=$((number + 1))
done
echo '};'
echo "const size_t scenario_file_count = $number;"
