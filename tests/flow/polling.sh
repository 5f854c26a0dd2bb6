#!/bin/sh
# Where the server streams nothing, runtail polls, and says so; every
# generation of the polling endpoint's bodies is understood.
. "${srcdir:-.}/tests/flow/lib.sh"

# poll NAME SIM-OPTIONS -- ARGUMENT…: in JSON lines and in plain lines. The run
# is over by the second look. A word @poll is the polling endpoint.
poll() {
    name=$1
    shift
    options=
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    for format in json plain; do
        # shellcheck disable=SC2086 # one word an option
        start_sim --scenario "${scenario:-quick}" --speed 2 $options
        arguments=
        for word; do
            [ "$word" = @poll ] && word=$url/api/tasks/runs
            arguments="$arguments $word"
        done
        # shellcheck disable=SC2086
        begin "$name-$format" "$(${settings:-by_endpoint})" --$format \
            $arguments "$run"
    done
}

# judge NAME CODE ENTRIES
judge() {
    expect_code "$1-json" "$2" && expect_lines "$1-json" &&
        expect_text "$1-json" out '"state":"polling","transport":"poll"' &&
        expect_value "$1-json" end entries "$3" &&
        expect_value "$1-json" end complete true &&
        expect_code "$1-plain" "$2" &&
        expect_text "$1-plain" out '^-- polling' &&
        expect_text "$1-plain" out "^-- .* $3 log entries\$" &&
        ok "$1"
}

by_key_only() {
    echo "TRIGGER_API_URL=$url RUNTAIL_API_KEY=sim-api-key"
}

poll pending --fault no-realtime --poll-shape pending -- --poll-url @poll
poll fields --fault no-realtime --poll-shape fields -- --poll-url @poll
poll runs --fault no-realtime --poll-shape runs -- --poll-url @poll
poll raw --fault no-realtime --poll-shape raw -- --poll-url @poll
poll switched-off --fault realtime-501 --poll-shape raw -- --poll-url @poll
poll retrieve --fault no-realtime --
settings=by_secret_key
poll asked-for -- --poll
settings=by_key_only
poll no-token --poll-shape raw -- --poll-url @poll
settings=
poll one-failure --fault no-realtime,poll-500 -- --poll-url @poll
scenario=failure
for shape in pending fields runs raw; do
    poll "failed-$shape" --join 20 --fault no-realtime --poll-shape "$shape" \
        -- --poll-url @poll
done
settle

judge pending 0 0
for name in fields runs raw switched-off retrieve asked-for no-token \
    one-failure; do
    judge "$name" 0 5
done
judge failed-pending 1 0
for shape in fields runs raw; do
    judge "failed-$shape" 1 15
done
for shape in pending fields runs raw; do
    expect_text "failed-$shape-json" out 'batch 2 refused' &&
        ok "failed-$shape tells the error"
done
expect_text no-token-plain out '^-- polling: there is no token' &&
    expect_text switched-off-plain out '^-- polling: the server has no live' &&
    ok 'why it polls'

# Streams: of those in the metadata every answer tells; of others the feed does,
# which is asked for that alone.

# polled NAME SCENARIO COMPLETE PARTS [FAULT [OPTION]]
polled() {
    name=$1
    start_sim --scenario "$2" --speed 0 ${5:+--fault "$5"}
    runtail_as "$name" "$(by_secret_key) RUNTAIL_TEST_HASTE=10" --json --poll \
        ${6-} "$run"
    stop_servers
    parts=$(grep -c '"type":"part"' "$work/$name.out")
    if [ "$parts" -ne "$4" ]; then
        not_ok "$name: $parts parts, not $4"
        return
    fi
    expect_code "$name" 0 && expect_lines "$name" && expect_quiet "$name" &&
        expect_value "$name" end complete "$3" || return
    ok "$name: complete is $3"
}
polled column thought true 275
polled metadata two-streams true 52
polled column-behind-no-feed thought true 0 no-realtime
polled column-behind-a-closed-feed thought true 0 realtime-closed
polled metadata-behind-no-feed two-streams true 52 no-realtime
polled no-streams thought true 0 no-realtime --no-streams
polled names-come-late thought true 275 503@0x1
finish
