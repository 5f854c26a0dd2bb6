#!/bin/sh
# Runs tests under valgrind, out of the directory that was built in:
# valgrind.sh TEST…; of a script the runtail that it starts. An error or memory
# that nobody has a pointer to any more fails.
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
trap 'rm -f "$wrapper"' EXIT
printf '#!/bin/sh\nexec %s %s "$@"\n' "$check" "$RUNTAIL" >"$wrapper"
chmod +x "$wrapper"

failed=0
for test; do
    case $test in
    *.sh) RUNTAIL=$wrapper "$srcdir/$test" >valgrind.log 2>&1 ;;
    *) $check "./$test" >valgrind.log 2>&1 ;;
    esac
    status=$?
    case $status in
    0) echo "good    $test" ;;
    77) echo "skipped $test" ;;
    *)
        echo "FAILED  $test: $status"
        tail -n 40 valgrind.log
        failed=1
        ;;
    esac
done
exit $failed
