#!/bin/sh
# Plays what real servers put on the wire, and compares what runtail --json
# ends with with what a correct viewer ends with.
. "${srcdir:-.}/tests/flow/lib.sh"

[ -d "$recordings" ] || skip "no recordings in $recordings"

# play NAME ENVIRONMENT OPTION…
play() {
    name=$1
    settings=$2
    shift 2
    start_sim --replay "$recordings/$name.json" --speed 1000
    begin "$name" "$($settings)" --json "$@" "$run"
}

# judge NAME CODE
judge() {
    expect_code "$1" "$2" && expect_lines "$1" && expect_safe "$1" out || return
    if "$helpers/json_lines" compare "$work/$1.out" \
        "$recordings/$1.expected.json"; then
        ok "$1"
    else
        not_ok "$1: ends in another state"
    fi
}

play run-success by_token
play run-failed by_token
play run-canceled by_token
play run-expired by_token
play run-timed-out by_token
play run-many-logs by_token
play run-odd-metadata by_token
play shape-409-must-refetch by_token
play long-poll-empty-timeout by_token
play connection-cut-mid-body by_token
play server-errors-retry by_token
play live-sse-shape by_token
play token-expired-midway by_endpoint
# The run waits for somebody; who follows it has to stop some time.
play run-waiting by_token --timeout 3s
settle

judge run-success 0
judge run-failed 1
judge run-canceled 3
judge run-expired 3
judge run-timed-out 1
judge run-many-logs 0
judge run-odd-metadata 0
judge shape-409-must-refetch 0
judge long-poll-empty-timeout 0
judge connection-cut-mid-body 0
judge server-errors-retry 0
judge live-sse-shape 0
judge token-expired-midway 0
judge run-waiting 124
expect_value live-sse-shape connection transport sse &&
    ok 'the event stream is followed as such'
finish
