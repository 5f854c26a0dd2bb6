#!/bin/sh
# The program is built as hard as configure found that it can be: what the flags
# ask for is in the file. RUNTAIL_FLAGS: those that it was built with; without
# --disable-hardening they have these wherever compiler and linker know them.
set -u

RUNTAIL=${RUNTAIL:-$PWD/runtail}
failed=0

skip() {
    echo "skipped: $*" >&2
    exit 77
}

command -v readelf >/dev/null || skip 'no readelf'
[ -x "$RUNTAIL" ] || skip "no $RUNTAIL"
readelf -h "$RUNTAIL" >/dev/null 2>&1 || skip 'no ELF file'
case " ${RUNTAIL_FLAGS-} " in
*' -fsanitize='*) skip 'built with sanitizers' ;;
*' -fPIE '*) ;;
*) skip 'configured with --disable-hardening' ;;
esac

# has FLAG WHAT OPTION PATTERN: built with the flag, readelf shows the pattern.
has() {
    case " $RUNTAIL_FLAGS " in
    *" $1"*) ;;
    *)
        echo "-       $2: $1 is not known here"
        return
        ;;
    esac
    if readelf -W "$3" "$RUNTAIL" 2>/dev/null | grep -q -- "$4"; then
        echo "ok      $2"
    else
        echo "FAILED  $2: readelf $3 shows no: $4"
        failed=1
    fi
}

has -pie 'loaded anywhere' -h 'Type: *DYN'
has -Wl,-z,relro 'tables are read-only once it runs' -l GNU_RELRO
has -Wl,-z,now 'all functions are bound at the start' -d 'BIND_NOW\|Flags:.*NOW'
has -fstack-protector-strong 'stacks are guarded' -s __stack_chk_fail
has -D_FORTIFY_SOURCE= 'functions check sizes' -s '_chk@\|_chk *(\|_chk$'
if readelf -W -l "$RUNTAIL" | grep GNU_STACK | grep -q 'RWE'; then
    echo 'FAILED  stacks can be executed'
    failed=1
fi
if readelf -W -l "$RUNTAIL" | grep ' LOAD ' | grep -q 'RWE'; then
    echo 'FAILED  a segment can be written and executed'
    failed=1
fi
exit $failed
