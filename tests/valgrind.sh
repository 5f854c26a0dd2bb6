#!/bin/sh
# Runs tests under valgrind, out of the directory that was built in:
# valgrind.sh TEST…, $JOBS of them at a time (1); of a script the runtail that it
# starts. An error or memory that nobody has a pointer to any more fails.
set -u

srcdir=${srcdir:-.}
RUNTAIL=${RUNTAIL:-$PWD/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$PWD/runtail-sim}
CK_FORK=no
net=600 # seconds that a script gives a run
export srcdir RUNTAIL_SIM CK_FORK net
check="valgrind -q --error-exitcode=99 --leak-check=full \
--errors-for-leak-kinds=definite"

command -v valgrind >/dev/null || {
    echo 'needs valgrind' >&2
    exit 77
}
# Beside the real one, since scripts find their helpers there.
wrapper=$(dirname "$RUNTAIL")/runtail-valgrind

# one TEST
one() {
    log=valgrind.$$.log
    case $1 in
    *.sh) RUNTAIL=$wrapper "$srcdir/$1" >"$log" 2>&1 ;;
    *) $check "./$1" >"$log" 2>&1 ;;
    esac
    status=$?
    case $status in
    0) echo "good    $1" ;;
    77) echo "skipped $1" ;;
    *) echo "FAILED  $1: $status
$(tail -n 40 "$log")" ;;
    esac
    rm -f "$log"
    [ $status -eq 0 ] || [ $status -eq 77 ]
}

if [ "${1-}" = --one ]; then
    one "$2"
    exit
fi
trap 'rm -f "$wrapper"' EXIT
printf '#!/bin/sh\nexec %s %s "$@"\n' "$check" "$RUNTAIL" >"$wrapper"
chmod +x "$wrapper"
export RUNTAIL
printf '%s\n' "$@" | xargs -P "${JOBS:-1}" -I '{}' "${SHELL:-/bin/sh}" "$0" --one '{}'
