#!/bin/sh
# Measures runtail against what people use today and against the least that a
# client can do, each pair in the same run, and prints a table.
#
# usage: bench.sh [--quick] [--write FILE] [PART]…
# PART: startup feed agent events follow steps length pages search memory idle;
# all of them when none is named. --quick: fewer and smaller runs, under two minutes.
# --write: puts the table between FILE's two marker lines.
#
# Needs nothing but the programs and curl; node with the SDK, less and lnav are
# held against where they are.
here=${srcdir:-.}/tests/bench
. "$here/lib.sh"

quick=
write=
parts=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=yes ;;
    --write)
        write=$2
        shift
        ;;
    -*)
        echo "usage: bench.sh [--quick] [--write FILE] [PART]..." >&2
        exit 2
        ;;
    *) parts="$parts $1" ;;
    esac
    shift
done
parts=${parts:-startup feed agent events follow steps length pages search memory idle}

# full QUICK-VALUE FULL-VALUE
full() {
    if [ -n "$quick" ]; then echo "$1"; else echo "$2"; fi
}
runs=$(full 2 5)
long_runs=$(full 1 5) # of what takes long
million=$(full 200000 1000000)

# again RUNS COMMAND…
again() {
    times=$1
    shift
    for _ in $(seq "$times"); do
        "$@"
    done
}

# First status on screen.
startup_once() {
    probe --marker EXECUTING --until-marker -- "$RUNTAIL" run_firehose
    keep own marker_ms marker_cpu_ms hwm_kb
    probe --marker EXECUTING --until-marker -- curl -sN "$url$feed?offset=-1"
    keep curl marker_ms marker_cpu_ms hwm_kb
    if [ -n "$modules" ]; then
        probe --marker EXECUTING --until-marker -- \
            node "$here/sdk.mjs" status "$url"
        keep sdk marker_ms marker_cpu_ms hwm_kb
    fi
}
part_startup() {
    heading 'First status on the screen'
    hose --update-rate 0.0001 --metadata 4K
    again "$runs" startup_once
    row 'wall, against curl' own.marker_ms ms curl.marker_ms 'curl -sN' 1.5 1
    row 'peak memory, against curl' own.hwm_kb KiB curl.hwm_kb curl 1.3 1
    fewer 'wall, against the SDK' own.marker_ms ms sdk.marker_ms SDK 45 100
    fewer 'CPU, against the SDK' own.marker_cpu_ms ms sdk.marker_cpu_ms SDK \
        60 150
}

# A run's updates, each with one entry more, as fast as they are taken. The
# cost of one is the difference between runs with many and with few.
feed_runs() {
    probe --until-line "$2" -- "$RUNTAIL" run_firehose
    keep "$1.screen" cpu_ms
    probe --null -- "$RUNTAIL" --json --no-exit-status run_firehose
    keep "$1.json" cpu_ms
    probe --null -- "$tools/floor" feed "$port" "$feed"
    keep "$1.floor" cpu_ms
}
feed_sdk() {
    if [ -n "$modules" ] && [ "$sdk_runs" -gt 0 ]; then
        probe --null -- node "$here/sdk.mjs" feed "$url"
        keep "$1.sdk" cpu_ms
        sdk_runs=$((sdk_runs - 1))
    fi
}
# last_entry SIZE UPDATES: the number of the last entry that is shown.
last_entry() {
    most=$(($1 / 110))
    if [ "$most" -gt "$2" ]; then echo $((most - 1)); else echo "$2"; fi
}
# feed_size NAME BYTES UPDATES
feed_size() {
    for count in 1 "$3"; do
        hose --updates "$count" --metadata "$2"
        sdk_runs=$(full 1 3)
        for _ in $(seq "$runs"); do
            feed_runs "$1.$count" "$(last_entry "$2" "$count")"
            feed_sdk "$1.$count"
        done
    done
    for who in screen json floor sdk; do
        [ -e "$work/$1.1.$who.cpu_ms.values" ] &&
            per "$1.$who" "$1.$3.$who.cpu_ms" "$1.1.$who.cpu_ms" "$(($3 - 1))"
    done
}
part_feed() {
    heading 'Shape updates: CPU of one, with one entry new'
    for size in $(full 256 '1 16 64 256'); do
        feed_size "feed$size" $((size * 1024)) 400
        bar=6.7 aim=2.5 least=12 most=35
        [ "$size" -le 16 ] && bar=8 aim=4 least=23 most=45
        row "$size KB of metadata, on the screen" "feed$size.screen" ms \
            "feed$size.floor" 'receive + memcmp' $bar $aim
        row "$size KB, --json" "feed$size.json" ms "feed$size.floor" \
            'receive + memcmp' $bar $aim
        fewer "$size KB, on the screen, against the SDK" "feed$size.screen" \
            ms "feed$size.sdk" SDK $least $most
    done
    [ -n "$quick" ] && return
    sdk_modules=$modules modules=
    feed_size long 262144 10000
    modules=$sdk_modules
    row '256 KB, 10,000 updates against 400' long.screen ms feed256.screen \
        'with 400' 1.2 1.05
}

# An agent's text, whole in each frame.
agent_once() {
    probe --until-line "$2" -- "$RUNTAIL" agent firehose
    keep "$1.screen" cpu_ms hwm_kb
    probe --null -- "$tools/floor" text "$port" "/api/agents/firehose/logs/stream"
    keep "$1.floor" cpu_ms
    if [ -n "$modules" ] && [ "$sdk_runs" -gt 0 ]; then
        probe --null -- node "$here/sdk.mjs" text "$url"
        keep "$1.sdk" cpu_ms hwm_kb
        sdk_runs=$((sdk_runs - 1))
    fi
}
# agent_size NAME BYTES FRAMES BAR AIM LEAST MOST
agent_size() {
    for count in 1 "$3"; do
        hose --text "$2" --frames "$count"
        sdk_runs=$(full 1 3)
        for _ in $(seq "$runs"); do
            agent_once "$1.$count" $(($2 / 100 - 1))
        done
    done
    for who in screen floor sdk; do
        [ -e "$work/$1.1.$who.cpu_ms.values" ] &&
            per "$1.$who" "$1.$3.$who.cpu_ms" "$1.1.$who.cpu_ms" "$(($3 - 1))"
    done
    row "$1 of text" "$1.screen" ms "$1.floor" 'receive + memcmp' "$4" "$5"
    fewer "$1 of text, against fetch + JSON.parse" "$1.screen" ms "$1.sdk" \
        Node.js "$6" "$7"
}
part_agent() {
    "$RUNTAIL" --help-all | grep -q '^ *runtail.* agent' || {
        remark 'An agent'"'"'s text: skipped, there is no `runtail agent` yet.'
        return
    }
    heading 'An agent'"'"'s text: CPU of one snapshot, with 100 bytes new'
    agent_size '1 MB' 1048576 200 3 1.5 12 25
    [ -n "$quick" ] && return
    agent_size '100 KB' 102400 400 3 1.5 12 25
    agent_size '10 MB' 10485760 60 1.85 1.3 17 24
    note bound "$(calc '2 * 10240 + 16384')"
    row '10 MB of text, peak memory' '10 MB.60.screen.hwm_kb' KiB bound \
        '2 × text + 16 MiB' 1
}

# Events as fast as they are taken.
events_once() {
    probe --until-line $((million - 1)) --timeout 120 -- "$RUNTAIL" sse "$stream"
    keep "$1.screen" cpu_ms wall_ms
    probe --null -- curl -sN "$stream"
    keep "$1.curl" cpu_ms
    probe --null -- "$RUNTAIL" sse --no-follow --json "$stream"
    keep "$1.json" cpu_ms
    probe --null -- "$RUNTAIL" sse --no-follow --plain "$stream"
    keep "$1.plain" cpu_ms
}
part_events() {
    heading "Server-sent events: CPU of $million events of 100 bytes"
    for per_chunk in 1 100; do
        hose --events "$million" --per-chunk "$per_chunk"
        name=events$per_chunk
        again "$runs" events_once "$name"
        sdk_runs=$(full 1 2)
        while [ -n "$modules" ] && [ "$sdk_runs" -gt 0 ]; do
            probe --null -- node "$here/sdk.mjs" events "$url"
            keep "$name.sdk" cpu_ms
            sdk_runs=$((sdk_runs - 1))
        done
        note "$name.lines" "$("$RUNTAIL" sse --no-follow --json "$stream" |
            grep -c '"type":"event"')"
        row "$per_chunk a chunk, on the screen" "$name.screen.cpu_ms" ms \
            "$name.curl.cpu_ms" 'curl -sN > /dev/null' 1.5 1
        fewer "$per_chunk a chunk, on the screen, against the SDK" \
            "$name.screen.cpu_ms" ms "$name.sdk.cpu_ms" SDK 20 60
        fewer "$per_chunk a chunk, --json" "$name.json.cpu_ms" ms \
            "$name.sdk.cpu_ms" SDK 5
        fewer "$per_chunk a chunk, --plain" "$name.plain.cpu_ms" ms \
            "$name.sdk.cpu_ms" SDK 5
        exactly "$per_chunk a chunk, events in --json" "$name.lines" "$million"
    done
}

# Lines that come one at a time. The same text comes as an event and in a file.
follow_probe() {
    hose --events "$count" --event-rate "$rate" --log "$work/log"
    who=$1
    shift
    probe --marker '#0000000' --until-line $((count - 1)) --log "$work/log" \
        --sender "$sender" --timeout 60 -- "$@"
    keep "$rate.$who" latency_p50_ms latency_p99_ms latency_max_ms
    note "$rate.$who.bytes" "$(calc "$(get window_bytes) / ($count - 1)")"
    note "$rate.$who.cpu" "$(calc "$(get window_cpu_ms) / ($count - 1)")"
    note "$rate.$who.lost" "$(calc "$(get sent) - $(get painted)")"
}
# The port is not known before the firehose runs.
follow_stream() {
    follow_probe "$1" sh -c "exec $2"
}
follow_file() {
    who=$1
    shift
    rm -f "$work/grow" "$work/log"
    "$tools/append" "$work/grow" 0 100 0 101
    probe --marker '#0000099' --settle 500 --until-line $((count + 99)) \
        --run "exec '$tools/append' '$work/grow' 100 $count $rate 101" \
        --timeout 60 -- "$@" "$work/grow"
    note "$rate.$who.bytes" "$(calc "$(get window_bytes) / $count")"
}
follow_once() {
    follow_stream own "\"$RUNTAIL\" sse \"\$TRIGGER_API_URL/realtime/v1/streams/run_firehose/log\""
    follow_stream floor "\"$tools/floor\" lines \"\${TRIGGER_API_URL##*:}\" /realtime/v1/streams/run_firehose/log"
    [ -n "$modules" ] && follow_stream sdk \
        "node \"$here/sdk.mjs\" lines \"\$TRIGGER_API_URL\""
    follow_file tail tail -n 40 -f
    has less && follow_file less less +F
}
part_follow() {
    heading 'Following, one line at a time, 120x40'
    for rate in $(full '100 1000' '10 100 1000'); do
        count=$(full "$rate" $((rate * 4)))
        again "$long_runs" follow_once
        if [ "$rate" -lt 1000 ]; then
            row "$rate lines/s: bytes to the terminal per line" \
                "$rate.own.bytes" B "$rate.tail.bytes" 'tail -f' 1.47 1.2
            row "$rate lines/s: latency, median" "$rate.own.latency_p50_ms" \
                ms "$rate.floor.latency_p50_ms" 'receive + write' 3 1.5
            row "$rate lines/s: latency, 99 of 100" \
                "$rate.own.latency_p99_ms" ms "$rate.sdk.latency_p99_ms" \
                'SDK + console.log' 1
            [ "$rate" -eq 10 ] && bar=- || bar=4
            row "$rate lines/s: CPU per line" "$rate.own.cpu" ms \
                "$rate.floor.cpu" 'receive + write' $bar 2
            fewer "$rate lines/s: CPU per line, against the SDK" \
                "$rate.own.cpu" ms "$rate.sdk.cpu" 'SDK + console.log' 4 9
        else
            row "$rate lines/s: bytes to the terminal per line" \
                "$rate.own.bytes" B "$rate.tail.bytes" 'tail -f' 1.2 1.05
            limit "$rate lines/s: latency, 99 of 100" \
                "$rate.own.latency_p99_ms" ms 17 2
            row "$rate lines/s: latency, median" "$rate.own.latency_p50_ms" \
                ms "$rate.floor.latency_p50_ms" 'receive + write' - 5
        fi
        limit "$rate lines/s: lines lost" "$rate.own.lost" lines 0
        figure "$rate lines/s: bytes of less +F" "$rate.less.bytes" B
    done
    for rate in $(full 10000 '10000 100000'); do
        count=$((rate * 3))
        hose --events $count --event-rate $rate
        probe --marker '#0' --until-line $((count - 1)) --timeout 60 -- \
            "$RUNTAIL" sse "$stream"
        note "$rate.flood" "$(calc "$(get window_bytes) / 3e6")"
        limit "$rate lines/s: bytes to the terminal" "$rate.flood" MB/s 0.25 0.2
    done
}

# Lines of a run with two steps, which stand in a pane beside the log on wide
# terminals; with left and right margins and without.
make_steps() {
    "$tools/append" "$work/steps.txt" 0 "$count" 0 101
    {
        printf '{"run": {"task": "bench"}, "steps": ['
        printf '{"status": "EXECUTING", "attempt": 1},'
        printf '{"after_ms": 20, "step": "%s", "log": [["info", "."]]},' \
            Reading 'Working on it'
        sed 's/.*"message":\(".*"\)}/{"after_ms": 10, "log": [["info", \1]]},/' \
            "$work/steps.txt"
        printf '{"after_ms": 60000, "status": "COMPLETED_SUCCESSFULLY"}]}'
    } >"$work/steps.json"
}
steps_probe() {
    who=$1
    shift
    unhose
    rm -f "$work/hello"
    mkfifo "$work/hello"
    "$RUNTAIL_SIM" --scenario "$work/steps.json" >"$work/hello" </dev/null &
    sender=$!
    read -r hello <"$work/hello"
    url=${hello#listening }
    probe "$@" --marker '#0000060' --until-line $((count - 1)) -- \
        env -u TRIGGER_ACCESS_TOKEN TRIGGER_SECRET_KEY=tr_dev_simulator \
        TRIGGER_API_URL="${url%% *}" "$RUNTAIL" "${url##* }"
    note "steps.$who" "$(calc "$(get window_bytes) / $(get window_lines)")"
}
part_steps() {
    heading 'Following beside a pane of two steps, 100 lines/s'
    count=$(full 200 400)
    make_steps
    note steps.tail "$(calc "$(wc -c <"$work/steps.txt") / $count - 29")"
    steps_probe alone --size 105x40
    steps_probe margins --size 120x40 --margins
    steps_probe mended --size 120x40
    row 'bytes per line, no pane' steps.alone B steps.tail 'tail -f' 1.47 1.2
    row 'bytes per line, inside margins' steps.margins B steps.tail 'tail -f' \
        1.47 1.2
    row 'bytes per line, no margins' steps.mended B steps.tail 'tail -f' -
}

# The same things with a short and with a long log.
length_once() {
    # what is paced begins with the stream, and goes on behind the rest
    hose --events $(($1 + 600)) --at-once "$1" --event-rate 100 --keep-open
    probe --marker-line $(($1 - 1)) --settle 300 --until-line $(($1 + 599)) \
        --timeout 60 -- "$RUNTAIL" sse "$stream"
    note "length.$1.append" "$(calc "$(get window_cpu_ms) / $(get window_lines)")"
    hose --events "$1" --keep-open
    last=$(printf '#%07d' $(($1 - 1)))
    for what in pageup resize wrap; do
        set --
        for _ in 1 2 3 4 5; do
            case $what in
            # there and back: a short log has few pages
            pageup) set -- "$@" --press '\e[5~' --press '\e[6~' ;;
            resize) set -- "$@" --resize 100x30 --resize 120x40 ;;
            wrap) set -- "$@" --press w --press w ;;
            esac
        done
        probe --marker "$last" --settle 300 --timeout 60 "$@" -- \
            "$RUNTAIL" sse "$stream"
        keep "length.$lines.$what" press_p50_ms
        note "length.$lines.$what.cpu" "$(calc "$(get window_cpu_ms) / 10")"
    done
}
part_length() {
    heading 'Cost in the length of the log'
    lengths="100 $(full '' '1000 10000 100000') $million"
    for _ in $(seq "$long_runs"); do
        for lines in $lengths; do
            length_once "$lines"
        done
    done
    for what in append pageup.cpu resize.cpu wrap.cpu; do
        for lines in $lengths; do
            [ "$lines" -eq 100 ] || row "$lines lines: ${what%.cpu}, CPU" \
                "length.$lines.$what" ms "length.100.$what" 'with 100' 1.2 1.05
        done
    done
}

# A log of a million lines, in a file and in runtail.
make_big() {
    [ -e "$work/big" ] || "$tools/append" "$work/big" 0 "$million" 0 101
    cat "$work/big" >/dev/null
}
ten_pages() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        printf '%s\n' --press '\e[5~'
    done
}
pages_once() {
    last=$(printf '#%07d' $((million - 1)))
    # shellcheck disable=SC2046 # ten words
    probe --marker "$last" --settle 300 --timeout 60 $(ten_pages) -- \
        "$RUNTAIL" sse "$stream"
    keep own press1_ms press_p50_ms press_max_ms
    if has less; then
        # shellcheck disable=SC2046
        probe --marker "$last" --settle 300 --timeout 60 $(ten_pages) -- \
            less +G "$work/big"
        keep less press1_ms press_p50_ms
    fi
    if has lnav; then
        # shellcheck disable=SC2046
        probe --marker "$last" --settle 4000 --timeout 60 $(ten_pages) -- \
            lnav "$work/big"
        keep lnav press1_ms press_p50_ms press_max_ms
    fi
}
part_pages() {
    heading "PageUp at the end of $million lines"
    make_big
    hose --events "$million" --keep-open
    again "$long_runs" pages_once
    row 'median press' own.press_p50_ms ms lnav.press_p50_ms lnav 1
    row 'first press' own.press1_ms ms lnav.press1_ms lnav 1
    row 'slowest press' own.press_max_ms ms lnav.press_max_ms lnav 1
    row 'median press, against less' own.press_p50_ms ms less.press_p50_ms \
        'less, warm' 1.2
    figure 'first press of less' less.press1_ms ms
}

search_once() {
    last=$(printf '#%07d' $((million - 1)))
    # not into /dev/null, where it would stop at the first match
    probe -- grep -c "$wanted" "$work/big"
    keep grep wall_ms
    probe --marker "$last" --settle 300 --timeout 60 --press "/$wanted\\r" \
        --expect "$seen" -- "$RUNTAIL" sse "$stream"
    keep search press_p50_ms
    probe --marker "$last" --settle 300 --timeout 60 --press "&$wanted\\r" \
        --expect "$seen" -- "$RUNTAIL" sse "$stream"
    keep filter press_p50_ms
    probe --marker "$last" --settle 300 --timeout 60 --press "/$near\\r" \
        --expect "$near_seen" -- "$RUNTAIL" sse "$stream"
    keep near press_p50_ms
}
part_search() {
    heading "Search one line of $million"
    make_big
    hose --events "$million" --keep-open
    wanted=$(printf '#%07d' $((million / 1000)))
    seen=$(sed -n "$((million / 1000 + 1))s/.*\\(#[0-9]* [a-z]*\\).*/\\1/p" \
        "$work/big")
    near=$(printf '#%07d' $((million - 100)))
    near_seen=$(sed -n "$((million - 99))s/.*\\(#[0-9]* [a-z]*\\).*/\\1/p" \
        "$work/big")
    again "$long_runs" search_once
    row 'found at the far end' search.press_p50_ms ms grep.wall_ms 'grep -c' 2 0.5
    row 'live filter, the same' filter.press_p50_ms ms grep.wall_ms 'grep -c' 2
    limit 'a hit near the end painted' near.press_p50_ms ms 4 2
}

memory_once() {
    for lines in 1000 "$million"; do
        hose --events "$lines" --keep-open
        probe --marker "$(printf '#%07d' $((lines - 1)))" --until-marker \
            --timeout 60 -- "$RUNTAIL" sse --memory 2G "$stream"
        keep "memory.$lines" hwm_kb
    done
}
part_memory() {
    heading 'Memory'
    again "$long_runs" memory_once
    note line "$(calc "($(median "memory.$million.hwm_kb") - \
        $(median memory.1000.hwm_kb)) * 1024 / ($million - 1000)")"
    note text 100
    row 'a stored line of 100 bytes' line B text 'its text' 1.2
    bound_lines=$(full 1000000 9900000)
    hose --events "$bound_lines" --keep-open
    probe --marker "$(printf '#%07d' $((bound_lines - 1)))" --timeout 120 \
        --settle 500 --press g --expect '#0000000' -- \
        "$RUNTAIL" sse --memory 64M "$stream"
    note bound "$(calc "$(get hwm_kb) / 1024")"
    note back "$(get press_p50_ms)"
    limit "--memory 64M, $bound_lines lines: peak" bound MiB 88
    limit 'to the first line and back on the screen' back ms 50
}

idle_once() {
    hose --update-rate 0.0001 --metadata 4K --events 1 --keep-open
    probe --marker '#0' --settle 2000 --for "$idle_ms" -- "$RUNTAIL" run_firehose
    keep clock window_cpu_ms window_bytes window_switches
    probe --marker '#0' --settle 2000 --for "$idle_ms" -- "$RUNTAIL" sse "$stream"
    keep still window_cpu_ms window_bytes window_switches
    probe --marker '#0' --settle 2000 --for "$idle_ms" -- curl -sN "$stream"
    keep curl window_cpu_ms window_switches
}
# a_second NAME: its median, over the seconds that were watched.
a_second() {
    note "$1.s" "$(calc "$(median "$1") * 1000 / $idle_ms")"
}
part_idle() {
    heading 'Idle, connected'
    idle_ms=$(full 4000 20000)
    again "$long_runs" idle_once
    for name in clock still curl; do
        for key in window_cpu_ms window_bytes window_switches; do
            [ -e "$work/$name.$key.values" ] && a_second "$name.$key"
        done
    done
    limit 'with the clock: CPU a second' clock.window_cpu_ms.s ms 0.2 0.08
    limit 'with the clock: bytes a second' clock.window_bytes.s B 40 15
    figure 'with the clock: wake-ups a second' clock.window_switches.s ''
    row 'without: CPU a second' still.window_cpu_ms.s ms \
        curl.window_cpu_ms.s curl 1
    limit 'without: bytes a second' still.window_bytes.s B 0
    figure 'without: wake-ups a second' still.window_switches.s ''
}

describe() {
    processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    printf '%s, %s processors, Linux %s; %s; medians of %s runs%s.\n' \
        "${processor:-$(uname -m)}" "$(nproc)" "$(uname -r | cut -d- -f1)" \
        "$(date -u '+%Y-%m-%d')" "$runs" "$(full ', quick' '')"
}

# Puts the table between the two marker lines of a document.
write_table() {
    awk -v table="$table" '
        /<!-- table: end -->/ { inside = 0 }
        !inside { print }
        /<!-- table: begin -->/ {
            inside = 1
            print ""
            while ((getline line <table) > 0) print line
            print ""
        }' "$write" >"$write.new" && mv "$write.new" "$write"
}

find_sdk
describe | tee "$table"
[ -n "$modules" ] || remark 'Without Node.js and the SDK: rows against them are skipped.'
has lnav || remark 'Without lnav: rows against it are skipped.'
for part in $parts; do
    forget
    "part_$part"
done
remark "Over their bar: $over."
[ -n "$write" ] && write_table
exit 0
