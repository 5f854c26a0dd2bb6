#!/bin/sh
# docs/token-endpoint.openapi.yaml passes a linter, without a warning.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
modules=$("$srcdir/tests/npm/modules.sh") || exit $?
cd "$srcdir"
RUNTAIL_NODE_DIR=$modules exec node tests/docs/openapi.mjs \
    tests/docs/redocly.yaml docs/token-endpoint.openapi.yaml
