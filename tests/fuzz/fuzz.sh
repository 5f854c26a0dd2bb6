#!/bin/sh
# Runs the fuzz targets one after the other: fuzz.sh SECONDS [TARGET…]. Starts
# with their corpus, with what earlier runs found (./fuzz/NAME), and with seeds
# out of the recordings and tables in RUNTAIL_SHARED, where they are. Fails when
# a target broke; the input is left in ./fuzz.
set -u

seconds=$1
shift
if [ -z "${FUZZ_ENGINE-}" ]; then
    echo 'fuzz: needs: ./configure --enable-fuzz CC=clang' >&2
    exit 2
fi
tests=${srcdir:-.}/tests/fuzz
targets=${*:-$(cd "$tests/corpus" && echo *)}
mkdir -p fuzz/seeds
if [ -d "${RUNTAIL_SHARED-}" ] && command -v python3 >/dev/null; then
    python3 "$tests/seeds.py" "$RUNTAIL_SHARED" fuzz/seeds || exit
fi

broken=
for target in $targets; do
    mkdir -p "fuzz/$target" "fuzz/seeds/$target"
    log=fuzz/$target.log
    if "tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -timeout=20 \
        -rss_limit_mb=3000 -max_len=8192 -print_final_stats=1 \
        -dict="$tests/dict" -artifact_prefix="fuzz/$target-" \
        "fuzz/$target" "$tests/corpus/$target" "fuzz/seeds/$target" \
        >"$log" 2>&1; then
        verdict=good
    else
        verdict=BROKEN
        broken="$broken $target"
        grep 'broken:\|ERROR\|SUMMARY\|Test unit' "$log" | tail -n 5
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '%-6s %-10s %10s runs, %s inputs kept\n' "$verdict" "$target" \
        "${runs:-?}" "$(find "fuzz/$target" -type f | wc -l)"
done
[ -z "$broken" ] || {
    echo "broken:$broken"
    exit 1
}
