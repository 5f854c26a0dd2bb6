#!/bin/sh
# The real program in a pseudo terminal. However it is left, the terminal is as
# it was: its modes, its screen, its cursor; and the outcome stands there.
. "${srcdir:-.}/tests/flow/lib.sh"

[ -x "$helpers/pty" ] || skip "no $helpers/pty"
tput -T xterm-256color cols >/dev/null 2>&1 ||
    skip 'no description of the terminal xterm-256color'

# in_terminal NAME SIZE "NAME=value …" PROGRAM ARGUMENT… <SCRIPT
in_terminal() {
    name=$1
    size=$2
    settings=$3
    shift 3
    # shellcheck disable=SC2086 # one word a setting
    if env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 TERM=xterm-256color \
        ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} $settings \
        timeout -k 5 60 "$helpers/pty" -s "$size" "$@" \
        >"$work/pty.out" 2>&1; then
        ok "$name"
    else
        not_ok "$name"
        cat "$work/pty.out"
    fi
}

# leave NAME SCRIPT [ENVIRONMENT]: out of a run that goes on, in three sizes.
leave() {
    for size in 80x24 40x12 20x5; do
        in_terminal "$1 at $size" "$size" "${3-A=b}" "$RUNTAIL" demo long <<END
wait live
modes own
screen alternate
$2
modes same
screen main
ever alternate
known
END
    done
}

leave 'q' 'keys q
exit 7
wait long'
leave '^C' 'keys ^C
exit 130'
leave 'SIGINT' 'signal INT
exit 130'
leave 'SIGTERM' 'signal TERM
exit 143'
leave 'SIGHUP' 'signal HUP
exit 129'
leave 'SIGQUIT' 'signal QUIT
exit 131'
leave 'SIGSEGV' 'signal SEGV
killed SEGV'
leave 'SIGABRT' 'signal ABRT
killed ABRT'
leave '^Z and back' 'keys ^Z
stopped
modes same
screen main
erase
signal CONT
wait live
modes own
screen alternate
keys q
exit 7'
leave 'SIGTSTP and back' 'signal TSTP
stopped
modes same
screen main
erase
signal CONT
wait live
modes own
screen alternate
keys q
exit 7'
leave 'SIGSTOP and back' 'signal STOP
stopped
erase
signal CONT
wait live
modes own
screen alternate
keys q
exit 7'
leave 'resizing' 'size 100x30
wait following
size 20x5
wait live
size 300x100
wait live
size 1x1
size 3x2
size 80x24
wait live
wait help
keys q
exit 7'
leave 'help' 'keys ?
wait keys
keys ?
wait live
keys q
exit 7'
for seed in 1 2 3; do
    leave "keys at random, seed $seed" "random $seed 400
signal TERM
exit 143"
done

# The outcome of the run is the exit status, and stands on the main screen.
outcome() {
    in_terminal "$1 ends with $2" 80x24 A=b "$RUNTAIL" demo "$1" --speed 50 <<END
wait $3
keys q
exit $2
screen main
modes same
wait $3
known
END
}
outcome success 0 COMPLETED
outcome failure 1 FAILED
outcome canceled 3 CANCELED
outcome expired 3 EXPIRED
outcome timed-out 1 TIMED
outcome odd 0 COMPLETED

in_terminal 'the verdict of a failed run' 80x24 A=b \
    "$RUNTAIL" demo failure --speed 50 <<'END'
wait FAILED
wait ShopError
keys q
exit 1
wait ShopError: batch 2 refused
wait 15 log entries
END

in_terminal 'the verdict of a run that goes on' 80x24 A=b \
    "$RUNTAIL" demo long <<'END'
wait live
keys q
exit 7
wait the demo ends here; to play it again: runtail demo long
END

start_sim --scenario long
in_terminal 'how to follow a run again' 100x24 \
    'TRIGGER_SECRET_KEY=tr_dev_simulator' \
    "$RUNTAIL" "$run" --api-url "$url" --token-cmd 'echo tr_dev_simulator' <<'END'
wait live
keys q
exit 7
wait --api-url http://127.0.0.1:
END
stop_servers

# What the terminal cannot do is not done.

in_terminal 'a dumb terminal gets lines' 80x24 TERM=dumb \
    "$RUNTAIL" demo quick --speed 10 <<'END'
wait -- EXECUTING
wait -- COMPLETED (
exit 0
never alternate
never style
modes same
END
in_terminal 'no TERM gets lines' 80x24 TERM= \
    "$RUNTAIL" demo quick --speed 10 <<'END'
wait -- COMPLETED (
exit 0
never style
END
# (What the library does not give back of a terminal it does not know is no
# leak of ours.)
in_terminal 'an unknown terminal is told' 80x24 \
    'TERM=nonesuch ASAN_OPTIONS=detect_leaks=0' \
    "$RUNTAIL" demo quick <<'END'
exit 2
wait runtail: the terminal "nonesuch"
modes same
END
in_terminal '--plain is lines' 80x24 A=b \
    "$RUNTAIL" demo quick --speed 10 --plain <<'END'
wait -- COMPLETED (
exit 0
never alternate
END
in_terminal 'input from elsewhere gets lines' 80x24 A=b \
    sh -c '"$1" demo quick --speed 10 </dev/null' sh "$RUNTAIL" <<'END'
wait -- COMPLETED (
exit 0
never alternate
END
# What comes from a pipe is shown on the screen; keys come from the terminal.

# in_pipe NAME SIZE OPEN ARGUMENT… <SCRIPT: with events from a pipe, which stays
# open (yes) or comes to its end (no).
printf 'data: {"message":"line %s from a pipe"}\n\n' 1 2 3 >"$work/events"
"$RUNTAIL" demo success --speed 50 --json --record "$work/success.rec" \
    >"$work/success.out" 2>&1 </dev/null || not_ok 'a recording to play'
in_pipe() {
    name=$1
    size=$2
    open=$3
    shift 3
    rm -f "$work/pipe"
    mkfifo "$work/pipe"
    # shellcheck disable=SC2016 # for the inner shell
    in_terminal "$name" "$size" "OPEN=$open $as" sh -c 'data=$1 pipe=$2
        shift 2
        exec 3<>"$pipe"
        cat "$data" >&3
        exec 4<"$pipe"
        [ "$OPEN" = yes ] || exec 3>&-
        exec "$@" <&4' sh "$data" "$work/pipe" "$RUNTAIL" "$@"
}
data=$work/events
as=
for size in 80x24 40x12; do
    in_pipe "events from a pipe, left by q, at $size" "$size" yes sse - <<'END'
wait line 3 from a pipe
modes own
screen alternate
keys ?
wait keys
keys q
size 100x30
wait line 3 from a pipe
keys q
exit 7
screen main
modes same
known
END
done
in_pipe 'events from a pipe, left by ^C' 80x24 yes sse - <<'END'
wait line 3 from a pipe
keys ^C
exit 130
screen main
modes same
END
in_pipe 'events from a pipe, left by SIGTERM' 80x24 yes sse - <<'END'
wait line 3 from a pipe
signal TERM
exit 143
screen main
modes same
END
in_pipe 'events from a pipe, left by SIGSEGV' 80x24 yes sse - <<'END'
wait line 3 from a pipe
signal SEGV
killed SEGV
screen main
modes same
END
in_pipe 'events from a pipe, ^Z and back' 80x24 yes sse - <<'END'
wait line 3 from a pipe
keys ^Z
stopped
modes same
screen main
erase
signal CONT
wait line 3 from a pipe
modes own
screen alternate
keys q
exit 7
modes same
END
in_pipe 'events from a pipe that ends stay on the screen' 80x24 no sse - <<'END'
wait line 3 from a pipe
wait closed
modes own
keys /line^M
wait n N matches
keys q
exit 7
screen main
modes same
END
: >"$work/nothing"
data=$work/nothing
in_pipe 'that nothing came is said when the screen is gone' 80x24 no sse - <<'END'
wait runtail: nothing came: standard input is empty
exit 7
screen main
modes same
END
in_terminal 'that a stream ended with nothing in it, likewise' 80x24 A=b \
    "$RUNTAIL" demo --fault sse-204 <<'END'
wait runtail: nothing came before the end
exit 7
screen main
modes same
END
data=$work/events
in_pipe '--plain of events from a pipe is lines' 80x24 no sse - --plain <<'END'
wait line 3 from a pipe
exit 7
never alternate
END
as=TERM=dumb
in_pipe 'a dumb terminal gets events as lines' 80x24 no sse - <<'END'
wait line 3 from a pipe
exit 7
never alternate
END
as=
data=$work/success.rec
in_pipe 'a recording from a pipe' 80x24 no play - --speed 50 <<'END'
wait COMPLETED
modes own
screen alternate
erase
keys <
wait COMPLETED
keys q
exit 0
screen main
modes same
END

# Without a terminal of its own a session has no keys.
if command -v setsid >/dev/null; then
    # shellcheck disable=SC2016 # for the inner shell
    in_terminal 'events from a pipe without keys are lines' 80x24 A=b \
        sh -c 'setsid -w "$1" sse - <"$2"' sh "$RUNTAIL" "$work/events" <<'END'
wait line 3 from a pipe
exit 7
never alternate
modes same
END
fi

# A shell with jobs: ^Z stops those that feed the pipe as well, or the shell
# would wait for them.
if command -v bash >/dev/null; then
    in_terminal 'a pipe as a job of a shell' 80x24 PS1=ready% \
        bash --norc --noprofile --noediting -i <<END
wait ready%
keys (cat $work/events; exec sleep 60) | $RUNTAIL sse -\\r
wait line 3 from a pipe
keys ^Z
wait Stopped
screen main
erase
keys fg\\r
wait line 3 from a pipe
screen alternate
keys q
wait 3 log entries
screen main
keys ^C
wait ready%
keys exit 9\\r
exit 9
modes same
END
fi

in_terminal 'LC_ALL=C is ASCII' 80x24 LC_ALL=C \
    "$RUNTAIL" demo odd --speed 20 <<'END'
wait COMPLETED
keys q
exit 0
never utf8
known
END
in_terminal '--ascii draws with ASCII' 80x24 A=b \
    "$RUNTAIL" demo success --speed 20 --ascii <<'END'
wait COMPLETED
keys q
exit 0
never utf8
END
in_terminal 'colour' 80x24 A=b "$RUNTAIL" demo success --speed 20 <<'END'
wait COMPLETED
keys q
exit 0
ever colour
END
in_terminal 'NO_COLOR' 80x24 NO_COLOR=1 \
    "$RUNTAIL" demo success --speed 20 <<'END'
wait COMPLETED
keys q
exit 0
never colour
END
in_terminal '--color never' 80x24 A=b \
    "$RUNTAIL" demo success --speed 20 --color never <<'END'
wait COMPLETED
keys q
exit 0
never colour
END

# Lines are left by signals just as well, and have their end.

in_terminal 'lines left by ^C' 80x24 A=b \
    "$RUNTAIL" demo success --plain <<'END'
wait -- EXECUTING
keys ^C
exit 130
wait -- left while it was EXECUTING
modes same
END
in_terminal 'JSON lines left by SIGTERM' 80x24 A=b \
    "$RUNTAIL" demo success --json=state,complete <<'END'
wait "type":"connection","state":"live"
signal TERM
exit 143
wait {"type":"end","complete":false}
END
in_terminal 'lines suspended and back' 80x24 A=b \
    "$RUNTAIL" demo quick --plain <<'END'
wait -- EXECUTING
signal TSTP
stopped
signal CONT
wait -- COMPLETED (
exit 0
END
in_terminal '--timeout of the screen' 80x24 A=b \
    "$RUNTAIL" demo long --timeout 1s <<'END'
wait live
exit 124
screen main
modes same
wait the demo ends here
END
in_terminal '--no-exit-status' 80x24 A=b \
    "$RUNTAIL" demo failure --speed 50 --no-exit-status --plain <<'END'
exit 0
wait -- FAILED
END

# Beside the steps' pane the log scrolls inside margins, on terminals that say
# they have them; others see none. Whatever ends the program takes them back.

cat >"$work/pane.json" <<'END'
{"run": {"task": "copy"}, "steps": [
  {"status": "EXECUTING", "attempt": 1},
  {"repeat": 6, "steps": [
    {"after_ms": 20, "step": "Counting {i}", "log": [["info", "many files"]]}
  ]},
  {"after_ms": 20, "step": "Copying", "log": [["info", "the first"]]},
  {"repeat": 80, "steps": [
    {"after_ms": 10, "log": [["info", "{i*7919} files copied to shelf {i*31}, {i*977} left"]]}
  ]},
  {"after_ms": 10, "log": [["info", "the last"]]},
  {"after_ms": 60000, "status": "COMPLETED_SUCCESSFULLY"}
]}
END
in_pane() {
    start_sim --scenario "$work/pane.json"
    in_terminal "$1" 120x24 "$(by_secret_key)" "$RUNTAIL" "$run"
    stop_servers
}
in_pane 'margins are left alone where there are none' <<'END'
wait the last
never margins
known
keys q
exit 7
END
in_pane 'a log scrolls inside margins' <<'END'
margins
wait the last
shows Counting
ever margins
known
keys q
exit 7
screen main
END
in_pane 'SIGTERM inside margins' <<'END'
margins
wait the last
signal TERM
exit 143
modes same
screen main
END
in_pane 'SIGSEGV inside margins' <<'END'
margins
wait the last
signal SEGV
killed SEGV
modes same
screen main
END
in_pane '^Z inside margins' <<'END'
margins
wait the last
keys ^Z
stopped
modes same
screen main
signal CONT
wait live
keys q
exit 7
END

# starve <SCRIPT: its own counting is what in_terminal does.
starve() {
    in_terminal 'out of memory' 80x24 "$(by_secret_key)" "$RUNTAIL" "$run"
}

# Without memory: the words about it stand on the main screen.

cat >"$work/flood.json" <<'END'
{"run": {"task": "flood"}, "steps": [
  {"status": "EXECUTING", "attempt": 1},
  {"repeat": 4000, "steps": [
    {"after_ms": 5, "log": [["info", "{i*7919} files copied to shelf {i*31}, {i*977} left"]]}
  ]},
  {"after_ms": 60000, "status": "COMPLETED_SUCCESSFULLY"}
]}
END
case ${ASAN_OPTIONS-} in
'')
    start_sim --scenario "$work/flood.json"
    starve >"$work/starved" <<'END'
wait files copied
starve
size 1000x1000
killed ABRT
modes same
screen main
wait runtail: out of memory
END
    # Where only the network lacks memory the program goes on and tries again.
    if grep -q '^FAILED' "$work/starved" &&
        grep -q 'in vain for: killed' "$work/starved" &&
        grep -q 'reconnecting' "$work/starved"; then
        failed=$((failed - 1))
        ok 'out of memory: the connection alone is lost'
    else
        cat "$work/starved"
    fi
    stop_servers
    ;;
esac

# The terminal is gone: so is the program, whoever ignores that for it.

in_terminal 'the terminal goes away' 80x24 A=b "$RUNTAIL" demo long <<'END'
wait live
hangup
exit 129
END
in_terminal 'lines, and the terminal goes away' 80x24 A=b \
    "$RUNTAIL" demo long --plain <<'END'
wait EXECUTING
hangup
exit 129
END
in_terminal 'the terminal goes away, and nobody tells' 80x24 A=b \
    sh -c 'trap "" HUP; "$1" demo long; exit $(($? - 100))' sh "$RUNTAIL" <<'END'
wait live
hangup
exit 29
END

# tmux: a pane that is killed, and one that has its screen back.

if command -v tmux >/dev/null 2>&1; then
    # Each case has a server of its own: one that was just killed may still
    # hold its socket.
    in_tmux() {
        env -u TMUX TERM=xterm-256color LC_ALL=C.UTF-8 HOME="$work" \
            tmux -f /dev/null -S "$work/tmux.$what" "$@"
    }
    # What the pane shows from now on comes out of a pipe, too: when something
    # does, tmux has it on its screen already.
    watch_pane() {
        mkfifo "$work/shows.$what"
        in_tmux pipe-pane -O "exec cat >'$work/shows.$what'"
        exec 8<"$work/shows.$what"
    }
    # until_shown TEXT: on the pane's screen; at last it is gone, or has shown
    # too much else
    until_shown() {
        for _ in $(seq 2000); do
            in_tmux capture-pane -p | grep -q -- "$1" && return 0
            [ -n "$(timeout 60 dd bs=64k count=1 <&8 2>/dev/null | tr '\0' ' ')" ] ||
                return 1
        done
        return 1
    }
    what=shell
    in_tmux new-session -d -x 80 -y 24 "PS1='ready> ' exec sh"
    watch_pane
    # what is typed before the prompt would stand before it
    until_shown '^ready>' || not_ok 'a shell inside tmux'
    in_tmux send-keys "echo be''fore; '$RUNTAIL' demo long" Enter
    if until_shown live && in_tmux send-keys q && until_shown 'the demo ends' &&
        until_shown '^before' &&
        modes=$(in_tmux display -p '#{alternate_on} #{cursor_flag} #{scroll_region_upper} #{keypad_cursor_flag} #{mouse_any_flag} #{wrap_flag}') &&
        [ "$modes" = '0 1 0 0 0 1' ]; then
        ok 'inside tmux'
    else
        not_ok 'inside tmux'
        echo "modes: ${modes-}"
        in_tmux capture-pane -p
    fi
    in_tmux kill-server
    for what in kill-pane kill-session kill-server; do
        mkfifo "$work/$what"
        in_tmux new-session -d -x 80 -y 24 \
            "exec 9>'$work/$what'; exec '$RUNTAIL' demo long"
        watch_pane
        # the pipe's end is the program's end
        timeout 60 cat "$work/$what" &
        reader=$!
        if until_shown live && in_tmux $what && wait $reader; then
            ok "tmux $what"
        else
            not_ok "tmux $what"
            in_tmux capture-pane -p
        fi
        in_tmux kill-server 2>/dev/null
    done
fi

# Nothing to show: a sentence on the main screen.

start_serve --refuse
in_terminal 'an unreachable server' 80x24 "$(by_token)" \
    "$RUNTAIL" run_1 --max-retries 0 <<'END'
exit 6
screen main
modes same
wait runtail: cannot reach
END
stop_servers
in_terminal 'no token' 80x24 A=b "$RUNTAIL" run_1 <<'END'
exit 4
screen main
modes same
wait runtail: no token for run_1
END
in_terminal 'a usage error' 80x24 A=b "$RUNTAIL" --nonesuch <<'END'
exit 2
never alternate
modes same
wait runtail: no option
END
finish
