#!/bin/sh
# Draws docs/screen.svg, the picture in the README: starts the real program on
# its own demo in a terminal of 80x24 cells, waits until the run is under way,
# and turns what stands on the screen into SVG.
#
# usage: docs/make-picture.sh [OUTPUT]
# RUNTAIL: the program; ./runtail of the source tree when unset.
# PICTURE_SCENARIO, PICTURE_SPEED, PICTURE_SIZE (80x24), PICTURE_WAIT (text
# that is on the screen at the right moment) change the scene.
# Exit status: 77 where tmux or python3 is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/screen.svg}
runtail=${RUNTAIL:-$here/../runtail}
scenario=${PICTURE_SCENARIO:-thought}
speed=${PICTURE_SPEED:-1}
size=${PICTURE_SIZE:-80x24}
wait_for=${PICTURE_WAIT:-concurrently}

for tool in tmux python3; do
    command -v "$tool" >/dev/null || {
        echo "skipped: no $tool here" >&2
        exit 77
    }
done

# A server of our own, with no configuration, so that nothing else is touched.
terminal() {
    env -u TMUX LC_ALL=C.UTF-8 tmux -L "runtail-picture-$$" -f /dev/null "$@"
}

screen() {
    terminal capture-pane -p -e -t picture
}

directory=$(mktemp -d)
finish() {
    terminal kill-server 2>/dev/null || :
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

terminal new-session -d -s picture -x "${size%x*}" -y "${size#*x}" 'sleep 600'
terminal set-option -g status off
terminal set-option -g default-terminal tmux-256color
terminal respawn-pane -k -t picture env -u NO_COLOR COLORTERM=truecolor \
    TERM=tmux-256color LC_ALL=C.UTF-8 TZ=UTC \
    "$runtail" demo "$scenario" --speed "$speed" --no-motion

tries=0
until screen >"$directory/screen" && grep -q -- "$wait_for" "$directory/screen"
do
    tries=$((tries + 1))
    if [ "$tries" -ge 600 ]; then
        echo "\"$wait_for\" did not appear in a minute; the screen was:" >&2
        terminal capture-pane -p -t picture >&2
        exit 1
    fi
    sleep 0.1
done
python3 "$here/ansi-to-svg.py" "${size%x*}" "${size#*x}" \
    "runtail demo $scenario" <"$directory/screen" >"$directory/svg"
mv "$directory/svg" "$output"
echo "$output"
