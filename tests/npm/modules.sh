#!/bin/sh
# Prints the directory that holds the pinned npm packages the tests use, and
# fills it first when needed. It lies in the build tree, named after the lock
# file's checksum, so that a second call and a second test cost nothing.
#
# RUNTAIL_NODE_DIR: use this directory (made by an earlier call) instead.
# Exit status: 77 without Node.js, npm or a network (unless CI is set: then 1).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
oldest_node=18

skip() {
    echo "skipped: $1" >&2
    exit 77
}

command -v node >/dev/null || skip 'no node here'
command -v npm >/dev/null || skip 'no npm here'
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge "$oldest_node" ] || skip "node $major is older than $oldest_node"

sum=$(cksum <"$here/package-lock.json" | cut -d' ' -f1)
dir=${RUNTAIL_NODE_DIR:-${builddir:-.}/node-packages-$sum}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

install() {
    cp "$here/package.json" "$here/package-lock.json" "$dir/"
    chmod u+w "$dir/package.json" "$dir/package-lock.json"
    (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund \
        --no-update-notifier >install.log 2>&1)
}

# Two tests may come here at once: the second waits for the first. Who builds
# from git has perl, for automake.
if [ "${1-}" != locked ]; then
    exec perl -e '
        use Fcntl ":flock";
        open(my $lock, ">>", shift) or die $!;
        flock($lock, LOCK_EX) or die $!;
        system(@ARGV);
        exit($? & 127 ? 1 : $? >> 8);
    ' "$dir/modules.lock" sh "$0" locked
fi

if [ ! -e "$dir/ready" ]; then
    if ! install; then
        tail -n 5 "$dir/install.log" >&2
        [ -n "${CI:-}" ] && exit 1
        skip 'npm could not install the packages'
    fi
    : >"$dir/ready"
fi
echo "$dir"
