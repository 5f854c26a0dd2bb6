#!/bin/sh
# docs/token-endpoint.openapi.yaml passes a linter, without a warning.
set -eu

srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
modules=$("$srcdir/tests/npm/modules.sh") || exit $?

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
"$modules/node_modules/.bin/redocly" lint --format=stylish \
    --config="$srcdir/tests/docs/redocly.yaml" --lint-config=error \
    "$srcdir/docs/token-endpoint.openapi.yaml"
