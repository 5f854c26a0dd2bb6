#!/bin/sh
# The commands beside following: a single look, tokens, the demo.
. "${srcdir:-.}/tests/flow/lib.sh"

start_sim --scenario failure --join 30
runtail_as show "$(by_endpoint)" show "$run" --plain
runtail_as show-json "$(by_secret_key)" show "$run" --json
runtail_as look "$(by_token)" "$run" --no-follow --json
expect_code show 1 && expect_quiet show &&
    expect_text show out '^-- error: ShopError: batch 2 refused' &&
    expect_text show out '^-- FAILED .* 15 log entries' &&
    expect_no_text show out polling && ok 'show'
expect_code show-json 1 && expect_lines show-json &&
    expect_value show-json end complete true &&
    expect_value show-json end entries 15 &&
    expect_value show-json run attempt 3 && ok 'show --json'
# The token opens nothing here: the simulator wants one of its own.
expect_code look 4 && ok '--no-follow with a wrong token'
stop_servers

start_sim --scenario success --join 4
runtail_as show "$(by_endpoint)" show "$run" --plain
runtail_as look "$(by_endpoint)" "$run" --plain --no-follow
expect_code show 7 && expect_text show out EXECUTING && ok 'show a running run'
expect_code look 7 && expect_text look out EXECUTING &&
    ok '--no-follow of a running run'
stop_servers

start_sim --scenario quick
runtail_as token "$(by_endpoint)" token "$run"
expect_code token 0 && expect_quiet token &&
    expect_text token out "^scopes   read:runs:$run\$" &&
    expect_text token out '^expires  2' &&
    expect_no_text token out eyJ && ok 'token says what it is'
runtail_as print "$(by_endpoint)" token "$run" --print
expect_code print 0 && expect_text print out '^eyJ[^.]*[.][^.]*[.][^.]*$' &&
    expect_count 'lines' "$(wc -l <"$work/print.out")" 1 && ok 'token --print'
runtail_as url "$(by_endpoint)" --plain \
    "https://cloud.example.com/orgs/a/projects/b/env/prod/runs/$run"
expect_code url 0 && expect_text url out 'COMPLETED' && ok 'a pasted URL'
stop_servers

net=20
runtail_as demo TERM=xterm demo
expect_code demo 0 && expect_quiet demo && expect_safe demo out &&
    expect_text demo out '^-- COMPLETED' && ok 'demo without a terminal'
runtail_as demo-json A=b demo success --speed 50 --json
expect_code demo-json 0 && expect_lines demo-json &&
    expect_value demo-json end entries 16 && ok 'demo --json'
runtail_as fast A=b demo long --speed 100000 --backend electric --json
expect_code fast 0 && expect_lines fast && ok 'an hour at a high speed'
runtail_as list A=b demo --list
expect_code list 0 && expect_text list out '^  many-logs ' && ok 'demo --list'
runtail_as unknown A=b demo nonesuch
expect_code unknown 2 && expect_sentence unknown nonesuch &&
    ok 'demo of no known scenario'

# A fault brings a scenario with it in which it can be seen.
demo_shows() {
    runtail_as shown RUNTAIL_TEST_HASTE=200 demo --speed 20 --json --fault "$1"
    cat "$work/shown.err" >>"$work/shown.out"
    expect_text shown out "$2" && ok "demo --fault $1"
}
demo_shows 500 '500: Internal Server Error'
demo_shows stream-429 'streams/.* answered 429'
demo_shows stream-cut 'streams/.*cut off'
demo_shows agent-500 'agents/.* answered 500'
demo_shows agent-no-poll '/logs answered 404'
demo_shows sse-404 '/events/.* answered 404'
demo_shows sse-cut '/events/.*cut off'
demo_shows api-404 'knows no run .*404: Not found'
demo_shows poll-500 'answered 500: Trigger.dev API'
demo_shows no-realtime,poll-500 'answered 500: Trigger.dev API'
demo_shows mint-jwt-404,api-404 'knows no run .*404: Not found'
demo_shows close-character 'cut off'
demo_shows stream/reset-character 'streams/.*closed the connection'
demo_shows events/reset-character '/events/.*closed the connection'
demo_shows agent/reset-character '/agents/.*closed the connection'

# One that names a scenario in which it cannot be seen is told of another.
demo_fails() {
    words=$1
    # shellcheck disable=SC2086 # one word an argument
    runtail_as hidden A=b demo $words
    expect_code hidden 2 && expect_sentence hidden "$2" && ok "demo $words"
}
demo_fails 'success --fault stream-eof' 'try: runtail demo thought --fault stream-eof'
demo_fails 'success --fault agent-404' 'demo agent --fault agent-404'
demo_fails 'agent --fault sse-cut' 'demo sse --fault sse-cut'
demo_fails 'sse --fault 409' 'demo quick --fault 409'
demo_fails 'quick --fault close-character' 'demo odd --fault'
demo_fails '--fault stream-eof,sse-cut' 'one of them'
demo_fails '--fault 409 --poll' 'leave out --poll'
demo_fails '--fault stream-eof --no-streams' 'leave out --no-streams'
demo_fails '--fault nonesuch' 'nonesuch.*runtail demo --list'

# Options that cannot have an effect are not passed over; both are named.
vain() {
    words=$1 first=$2 second=$3
    # shellcheck disable=SC2086 # one word an argument
    runtail_as vain A=b $words
    expect_code vain 2 && expect_sentence vain "$first" &&
        expect_text vain err "$second" && ok "vain: $words"
}
vain 'run_1 -H X-A:b' '--header' 'watch'
vain 'sse - --until 5m' '--until' 'sse'
vain 'sse - -n 3' '--tail' 'sse'
vain 'sse - --no-streams' '--no-streams' 'sse'
vain 'agent a --stream b' '--stream' 'agent'
vain 'show run_1 --stream b' '--stream' 'show'
vain 'run_1 --speed 2' '--speed' 'watch'
vain 'run_1 --print' '--print' 'token'
vain 'run_1 --overwrite' '--overwrite' '--record'
vain 'run_1 --stream a --no-streams' '--stream' '--no-streams'
vain 'stream run_1 a --no-streams' '--no-streams' 'stream'
for option in '--since 5m' '--level warn' '--include a' '--exclude a' \
    '--time utc' --utc '--tz UTC'; do
    vain "stream run_1 $option" "${option%% *}" 'stream'
done
vain 'token run_1 --level warn' '--level' 'token'
for option in '-a http://127.0.0.1' '--token-file /dev/null' '--cacert a' \
    '--token-cmd true' '--profile a' '--token-url http://127.0.0.1' \
    '--poll-url http://127.0.0.1'; do
    vain "demo $option" 'no effect' 'demo'
    vain "play a $option" 'no effect' 'play'
done
for more in --json --plain success '--fault 500' '--level warn'; do
    vain "demo --list $more" '--list' 'beside'
done
vain 'run_1 --record -' '--record' 'a file'
[ ! -e - ] && ok 'no file is named -'

for scenario in agent agent-failed; do
    runtail_as agent A=b demo $scenario --plain --speed 100
    expect_count 'outcomes' \
        "$(grep -c '^-- \(COMPLETED\|FAILED\)' "$work/agent.out")" 1 &&
        ok "demo $scenario: one outcome"
done
start_sim --scenario agent
runtail_as no-token A=b agent agent_1 --api-url "$url"
expect_code no-token 4 && expect_sentence no-token '--token-file' &&
    ok 'an agent without a token'
stop_servers

runtail_as version A=b --version
expect_code version 0 && expect_text version out '^runtail [0-9]' &&
    ok '--version'
runtail_as help A=b --help
expect_code help 0 &&
    expect_count 'lines of help' "$(wc -l <"$work/help.out")" 24 && ok '--help'
runtail_as help-all A=b --help-all
expect_code help-all 0 && ok '--help-all'
finish
