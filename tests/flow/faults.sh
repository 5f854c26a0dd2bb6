#!/bin/sh
# What docs/reliability.md says of faults: what is tried again, what is final,
# and with what words and exit status. Waits are made short; nothing here
# depends on how long they are.
. "${srcdir:-.}/tests/flow/lib.sh"

hasty() {
    echo "$(by_endpoint)" RUNTAIL_TEST_HASTE=200
}

# passes NAME FAULT [WORDS]: the run is told to its end, entry for entry.
passes() {
    start_sim --scenario quick --speed 0 --fault "$2"
    runtail_as "$1" "$(hasty)" --json "$run"
    stop_servers
    "$helpers/json_lines" log "$work/$1.out" >"$work/$1.log"
    expect_code "$1" 0 && expect_quiet "$1" && expect_lines "$1" &&
        expect_value "$1" end complete true &&
        expect_same "$1" "$work/without.log" "$work/$1.log" &&
        expect_text "$1" out "${3-.}" && ok "$2 passes"
}

# ends NAME FAULT EXIT-STATUS WORDS: it does not, and that is said.
ends() {
    start_sim --scenario quick --speed 0 --fault "$2"
    runtail_as "$1" "$(hasty)" --json "$run"
    stop_servers
    expect_code "$1" "$3" && expect_sentence "$1" "$4" && expect_lines "$1" &&
        expect_value "$1" end complete false && ok "$2 is final"
}

start_sim --scenario quick --speed 0
runtail_as without "$(hasty)" --json "$run"
stop_servers
"$helpers/json_lines" log "$work/without.out" >"$work/without.log"

# Broken off, wherever that is.
for manner in close reset silence; do
    for spot in at:20 at:700 header chunk string; do
        passes "$manner-$spot" "feed/$manner-$spot,$manner-$spot@2x2" \
            '"state":"reconnecting"'
    done
done
passes head 'close-header:3' 'the answer was cut off'
passes half-open 'silence-at:900@2' 'no answer for\|hardly a byte'
passes drip 'feed/slow:1' 'no answer for 30 s\|hardly a byte'
passes drip-later 'feed/slow:1@2' 'no answer for 45 s\|hardly a byte'

# A stream that may be quiet for long, and whose server is gone: no option has to
# be given, and no word is said where asking anew succeeds.
printf 'sim-agent-token\n' >"$work/agent-token"

# survives NAME SCENARIO FAULT COMMAND…: @ stands for the server's address
survives() {
    as_named=$1
    scenario=$2
    fault=$3
    shift 3
    # shellcheck disable=SC2046
    for fault in '' "$fault"; do
        start_sim --scenario "$scenario" --speed 0 ${fault:+--fault "$fault"}
        name=$as_named${fault:+-gone}
        runtail_as "$name" "A=b RUNTAIL_TEST_HASTE=200" --json \
            $(echo "$@" | sed "s|@|$url|") # no word has a space in it
        stop_servers
        {
            "$helpers/json_lines" log "$work/$name.out" |
                awk '/^rewrite/ { count = $2; next } { line[++count] = $0 }
                    END { for (i = 1; i <= count; i++) print line[i] }'
            grep '"type":"event"' "$work/$name.out"
        } >"$work/$name.told"
    done
    expect_quiet "$name" && expect_value "$name" end complete true &&
        expect_no_text "$name" out reconnecting &&
        expect_same "$name" "$work/$as_named.told" "$work/$name.told" &&
        ok "$fault: $as_named is asked anew"
}
survives agent agent 'agent/silence-string:9' agent agent_fix-login -a @ \
    --token-file "$work/agent-token"
survives events sse 'events/silence-string:9' sse @/events/build

# A stream of a run whose connection is taken and never answered.
start_sim --scenario two-streams --speed 1 --fault stream-hang
runtail_as mute "$(by_endpoint) RUNTAIL_TEST_HASTE=40" --json "$run"
stop_servers
expect_code mute 0 && expect_quiet mute && expect_lines mute &&
    expect_text mute out 'took the connection, but gave no answer for 30 s' &&
    ok 'a stream that does not answer is asked again'

# Not as they should be.
passes pieces pieces
passes twice twice@1x3
passes again again@2x3
passes length-more length-more 'the answer was cut off'
passes length-less length-less 'not the list of changes'
passes empty 'length-less:99999@2x3'
passes garbage garbage@0x2
passes bad-chunk bad-chunk@0x2
passes interim interim
passes gzip-broken gzip-broken@0x2
passes clock 'date-ahead@2,date-behind@4'
passes renewed 'renew@2x2'
passes long-header-later 'long-header@2' 'too large'
passes bomb-later 'gzip-bomb:70@2' 'too large'
passes redirect-later 'redirect-away@2x3' 'where the token must not go'
passes circle-later 'redirect-loop@2x30' 'redirects in a circle'
passes web-page-later 'html@2x3' 'instead of JSON'
passes unknown-later '404@2x3' 'knows no run'

# Statuses.
for status in 408 409 409-no-handle 429 500 502 503 504; do
    passes "status-$status" "$status,$status@2x3"
done
passes token-status 'token-429,token-500'
passes retry-after '429-retry-after@1' '"retryInMs":1000'
passes refused-once 401@1

# Final.
ends forbidden 403 4 'may not read'
ends unknown 404 5 'knows no run'
ends unknown-after-all '404@2x4' 5 'knows no run'
ends refused 401-always 4 'refused the token'
ends web-page html 6 'instead of JSON'
ends large gzip-bomb:70 6 'too large'
ends long-line long-line 6 'too large'
ends long-header long-header 6 'too large'
ends many-headers many-headers 6 'too large'
ends circle redirect-loop 6 'redirects in a circle'
ends elsewhere redirect-away 6 'where the token must not go'
ends file redirect-file 6 'redirects to file:'
ends no-host no-host 6 'after 3 tries'
ends nobody refuse 6 'connection refused; gave up .* after 3 tries'
ends no-tls tls-plain 6 'does not speak TLS'

# What an option may set.
start_sim --scenario quick --speed 0 --fault 'silence-at:900@2'
runtail_as idle "$(hasty)" --json --idle-timeout 20s "$run"
stop_servers
expect_code idle 0 && expect_text idle out 'for 20 s' &&
    ok '--idle-timeout bounds the silence'
start_sim --scenario quick --speed 0 --fault '503@2x9'
runtail_as tries "$(hasty)" --json --max-retries 3 "$run"
stop_servers
expect_code tries 6 && expect_sentence tries 'after 4 tries' &&
    ok '--max-retries bounds the tries'
start_sim --scenario quick --speed 0 --fault '503@2x30'
runtail_as patience "$(hasty)" --json "$run"
stop_servers
expect_code patience 0 && expect_text patience out '"attempt":30' &&
    ok 'without it patience has no end'
finish
