#!/bin/bash
# Proves that a clean checkout builds, is tested and demonstrated on a Debian 12
# that holds nothing but its essential packages: makes one with debootstrap,
# copies the last commit into it, and runs ./bootstrap check and
# ./bootstrap demo there, as root and without a terminal. BARE_TESTS: run these
# tests only.
#
# Needs root and debootstrap; without them it is a skip (77), or with CI=true
# a failure. Packages come from where this machine's apt gets them.
set -euo pipefail

suite=bookworm
top=$(cd "$(dirname "$0")/.." && pwd)

say() {
    printf 'bare-debian: %s\n' "$*"
}

lacking() {
    say "$*"
    [ "${CI-}" = true ] && exit 1
    exit 77
}

[ "$(id -u)" -eq 0 ] || lacking "needs root for a chroot"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null ||
    lacking "needs debootstrap; ./bootstrap tools installs it"

# A mount namespace of our own: whatever happens, no mount outlives the script.
if [ -z "${BARE_DEBIAN_NAMESPACE-}" ]; then
    unshare --mount true 2>/dev/null || lacking "needs a mount namespace"
    BARE_DEBIAN_NAMESPACE=1 exec unshare --mount -- "$0" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/bare-debian.XXXXXX")
root=$work/root

clean_up() {
    local status=$?
    umount "$root/dev/pts" "$root/proc" 2>/dev/null || :
    rm -rf --one-file-system "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints "URI SUITE COMPONENT" for each place this machine's apt gets the suite
# from; nothing where it runs something else.
sources() {
    command -v apt-get >/dev/null || return 0
    # apt-get expands these, not the shell.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' |
        grep -E "/debian(-security)?/? $suite(-updates|-security)? " | sort -u ||
        : # runs something else
}

# Runs a command in the chroot with a clean environment and no terminal.
inside() {
    setsid --wait env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        chroot "$root" "$@" </dev/null
}

make_root() {
    local mirror
    mirror=$(sources | awk -v suite=$suite '$2 == suite && !n++ { print $1 }')
    mirror=${mirror:-http://deb.debian.org/debian}
    mirror=${mirror%/}
    local include=()
    case $mirror in https:*) include=(--include=ca-certificates) ;; esac
    say "making a minimal Debian in $root from $mirror"
    debootstrap --variant=minbase "${include[@]}" "$suite" "$root" "$mirror" \
        >"$work/debootstrap.log" 2>&1 || {
        tail -n 20 "$work/debootstrap.log"
        lacking "debootstrap failed"
    }
}

# Lets apt inside reach what apt outside reaches: the same sources with their
# keys, and how to get there.
copy_apt() {
    sources | sed 's/^/deb /' >"$work/sources.list"
    if [ -s "$work/sources.list" ]; then
        cp "$work/sources.list" "$root/etc/apt/sources.list"
        rm -f "$root"/etc/apt/sources.list.d/*
    fi
    apt-config dump 2>/dev/null |
        grep -E '^Acquire::(http|https|Check|Retries|Languages|Force)' \
            >"$root/etc/apt/apt.conf.d/90host" || :
    cp -n /etc/apt/trusted.gpg.d/* "$root/etc/apt/trusted.gpg.d/" \
        2>/dev/null || :
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || :
}

mount_system() {
    mount -t proc proc "$root/proc"
    mkdir -p "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts \
        "$root/dev/pts"
    ln -sf pts/ptmx "$root/dev/ptmx"
}

copy_checkout() {
    say "copying $(git -C "$top" log -1 --format='%h %s')"
    mkdir "$root/root/runtail"
    git -C "$top" archive HEAD | tar -x -C "$root/root/runtail"
}

if [ -z "${http_proxy-}" ] && command -v apt-config >/dev/null; then
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    [ -z "${http_proxy-}" ] || export http_proxy
fi

# apt knows its sources by name only after it has read their lists.
if [ -z "$(sources)" ] && command -v apt-get >/dev/null; then
    apt-get update -qq || :
fi

make_root
copy_apt
mount_system
copy_checkout
say "running ./bootstrap check"
inside /bin/sh -c 'cd /root/runtail && ./bootstrap check "$@"' sh \
    ${BARE_TESTS:+"TESTS=$BARE_TESTS"}
say "running ./bootstrap demo"
inside /bin/sh -c 'cd /root/runtail && ./bootstrap demo'
say "passed"
