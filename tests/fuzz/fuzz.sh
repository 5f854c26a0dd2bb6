#!/bin/sh
# Runs the fuzz targets: fuzz.sh SECONDS [TARGET…], $JOBS of them at a time (1).
# Starts with their corpus, with what earlier runs found (./fuzz/NAME), and with
# seeds out of the recordings and tables in RUNTAIL_SHARED, where they are. Fails
# when a target broke; the input is left in ./fuzz.
set -u

tests=${srcdir:-.}/tests/fuzz
if [ -z "${FUZZ_ENGINE-}" ]; then
    echo 'fuzz: needs: ./configure --enable-fuzz CC=clang' >&2
    exit 2
fi

# fuzz_one SECONDS TARGET: prints a line, and more when the target broke.
fuzz_one() {
    mkdir -p "fuzz/$2" "fuzz/seeds/$2"
    log=fuzz/$2.log
    verdict=good
    found=
    if ! "tests/fuzz/$2_fuzz" -max_total_time="$1" -timeout=20 \
        -rss_limit_mb=3000 -max_len=8192 -print_final_stats=1 \
        -dict="$tests/dict" -artifact_prefix="fuzz/$2-" \
        "fuzz/$2" "$tests/corpus/$2" "fuzz/seeds/$2" >"$log" 2>&1; then
        verdict=BROKEN
        found=$(grep 'broken:\|ERROR\|SUMMARY\|Test unit' "$log" | tail -n 5)
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    # in one piece: others print beside it
    printf '%-6s %-10s %10s runs, %s inputs kept%s\n' $verdict "$2" \
        "${runs:-?}" "$(find "fuzz/$2" -type f | wc -l)" "${found:+
$found}"
    [ $verdict = good ]
}

if [ "${1-}" = --one ]; then
    fuzz_one "$2" "$3"
    exit
fi
seconds=$1
shift
mkdir -p fuzz/seeds
if [ -d "${RUNTAIL_SHARED-}" ] && command -v python3 >/dev/null; then
    python3 "$tests/seeds.py" "$RUNTAIL_SHARED" fuzz/seeds || exit
fi
export FUZZ_ENGINE
# shellcheck disable=SC2046 # names hold no spaces
[ $# -gt 0 ] || set -- $(cd "$tests/corpus" && echo *)
printf '%s\n' "$@" |
    xargs -P "${JOBS:-1}" -I '{}' "${SHELL:-/bin/sh}" "$0" --one "$seconds" '{}' || {
    echo 'fuzz: a target broke'
    exit 1
}
