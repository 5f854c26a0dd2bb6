# shellcheck shell=sh
# What the benchmark is made of; to be read by the shell, not run.
#
# RUNTAIL, RUNTAIL_SIM: the programs; those in the current directory when unset.
# The probe and its companions are found beside them, in tests/bench.
set -u

RUNTAIL=${RUNTAIL:-$PWD/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$PWD/runtail-sim}
tools=$(dirname "$RUNTAIL")/tests/bench
here=${srcdir:-.}/tests/bench
work=$(mktemp -d "${TMPDIR:-/tmp}/runtail-bench-XXXXXX")
table=$work/table
sender=
over=0
LC_ALL=C.UTF-8
export LC_ALL
unset NO_COLOR COLORTERM COLUMNS LINES TRIGGER_SECRET_KEY RUNTAIL_TOKEN_URL
# no configuration file of the user's
HOME=$work XDG_CONFIG_HOME=$work
TRIGGER_ACCESS_TOKEN=opaque-token
export HOME XDG_CONFIG_HOME TRIGGER_ACCESS_TOKEN

for program in "$RUNTAIL" "$RUNTAIL_SIM" "$tools/probe" "$tools/floor" \
    "$tools/append"; do
    [ -x "$program" ] || { echo "there is no program $program" >&2; exit 1; }
done

unhose() {
    [ -n "$sender" ] && kill "$sender" 2>/dev/null && wait "$sender"
    sender=
}
trap 'unhose; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# hose OPTION…: a firehose; sets $url, $port, $sender.
hose() {
    unhose
    rm -f "$work/hello" "$work/log"
    mkfifo "$work/hello"
    "$RUNTAIL_SIM" --firehose "$@" >"$work/hello" </dev/null &
    sender=$!
    read -r hello <"$work/hello"
    url=${hello#listening }
    url=${url%% *}
    port=${url##*:}
    TRIGGER_API_URL=$url
    export TRIGGER_API_URL
    stream=$url/realtime/v1/streams/run_firehose/log
    feed=/realtime/v1/runs/run_firehose
}

has() {
    command -v "$1" >/dev/null
}

# probe OPTION… -- PROGRAM…: leaves what it says in $said.
probe() {
    said=$("$tools/probe" "$@" 2>"$work/probe.err") || {
        echo "probe $*: $said" >&2
        cat "$work/probe.err" >&2
    }
}

# get KEY: of what the probe said last.
get() {
    printf '%s\n' "$said" | sed -n "s/.*\"$1\":\\([-0-9.]*\\).*/\\1/p"
}

# Measurements have names; each run adds a value: note NAME VALUE.
note() {
    echo "$2" >>"$work/$1.values"
}

# keep NAME KEY…: notes what the probe said last, under NAME.KEY.
keep() {
    kept=$1
    shift
    for key; do
        note "$kept.$key" "$(get "$key")"
    done
}

median() {
    sort -n "$work/$1.values" 2>/dev/null | awk '
        { v[NR] = $1 }
        END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# calc EXPRESSION: numbers, as awk reckons.
calc() {
    awk "BEGIN { printf \"%.6g\n\", $1 }"
}

# per NAME MANY FEW COUNT: cost of one of COUNT things, as the difference
# between runs with many and with few of them; noted as NAME.
per() {
    note "$1" "$(calc "($(median "$2") - $(median "$3")) / $4")"
}

forget() {
    rm -f "$work"/*.values
}

# The table. A bar is a ratio or, in a row of its own, a figure; "least" ratios
# tell how many times less runtail takes than what it is held against.

heading() {
    printf '\n**%s**\n\n%s\n%s\n' "$1" \
        '| what | runtail | held against | ratio | bar | aim | |' \
        '|---|---:|---:|---:|---:|---:|---|' | tee -a "$table"
}

remark() {
    printf '\n%s\n' "$1" | tee -a "$table"
}

pretty() {
    awk -v x="$1" 'BEGIN {
        a = x < 0 ? -x : x
        printf (a >= 1000 ? "%.0f" : a >= 10 ? "%.1f" : a >= 1 ? "%.2f" : \
            "%.3g"), x }'
}

# verdict RATIO most|least BAR AIM
verdict() {
    awk -v r="$1" -v how="$2" -v bar="$3" -v aim="$4" 'BEGIN {
        s = how == "most" ? 1 : -1
        if (aim != "-" && s * r <= s * aim) print "ok, aim reached"
        else if (bar == "-") print "-"
        else print s * r <= s * bar ? "ok" : "**over**" }'
}

print_row() {
    case $7 in
    *over*) over=$((over + 1)) ;;
    esac
    printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$@" | tee -a "$table"
}

# row WHAT NAME UNIT REFERENCE-NAME REFERENCE-WORDS BAR [AIM]: at most BAR
# times the reference. fewer …: at least BAR times less than the reference.
row() {
    compare_row most "$@"
}
fewer() {
    compare_row least "$@"
}
compare_row() {
    value=$(median "$3")
    reference=$(median "$5")
    if [ -z "$value" ] || [ -z "$reference" ]; then
        print_row "$2" "${value:--}" "$6: skipped" - "$7" "${8:--}" -
        return
    fi
    if [ "$1" = most ]; then
        ratio=$(calc "$value / ($reference > 0 ? $reference : 1e-9)")
        sign='≤ ' unit=×
    else
        ratio=$(calc "$reference / ($value > 0 ? $value : 1e-9)")
        sign='≥ ' unit='× less'
    fi
    [ "$7" = - ] && sign=
    print_row "$2" "$(pretty "$value") $4" "$(pretty "$reference") $6" \
        "$(pretty "$ratio")$unit" "$sign$7" "${8:--}" \
        "$(verdict "$ratio" "$1" "$7" "${8:--}")"
}

# limit WHAT NAME UNIT BAR [AIM]: a figure that must not be passed.
limit() {
    value=$(median "$2")
    print_row "$1" "$(pretty "$value") $3" - - "≤ $4" "${5:--}" \
        "$(verdict "$value" most "$4" "${5:--}")"
}

# figure WHAT NAME UNIT: for the record.
figure() {
    value=$(median "$2")
    [ -n "$value" ] && print_row "$1" "$(pretty "$value") $3" - - - - -
}

# exactly WHAT NAME NUMBER
exactly() {
    value=$(median "$2")
    print_row "$1" "$value" "$3" - = - \
        "$(awk -v a="$value" -v b="$3" \
            'BEGIN { print a == b ? "ok" : "**over**" }')"
}

# sdk WORD: the official SDK; false where it is not there.
find_sdk() {
    modules=
    has node || return 0
    modules=$(builddir=$(dirname "$RUNTAIL") sh "${srcdir:-.}/tests/npm/modules.sh" \
        2>/dev/null) || modules=
    RUNTAIL_NODE_DIR=$modules
    export RUNTAIL_NODE_DIR
}
