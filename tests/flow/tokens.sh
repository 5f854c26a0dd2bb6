#!/bin/sh
# Where tokens come from, how they are refused, renewed and kept to themselves.
. "${srcdir:-.}/tests/flow/lib.sh"

# follow NAME FAULT ENVIRONMENT ARGUMENT…: FAULT may be "none".
follow() {
    name=$1
    settings=$3
    if [ "$2" = none ]; then
        start_sim --scenario quick --speed 0
    else
        start_sim --scenario quick --speed 0 --fault "$2"
    fi
    shift 3
    begin "$name" "$($settings)" --json "$@" "$run"
}

works() {
    for name; do
        expect_code "$name" 0 && expect_quiet "$name" && expect_lines "$name" &&
            expect_value "$name" end entries 5 && ok "$name"
    done
}

# refused NAME CODE PATTERN
refused() {
    expect_code "$1" "$2" && expect_sentence "$1" "$3" && expect_lines "$1" &&
        expect_value "$1" end complete false && ok "$1: $3"
}

# The four ways in, and those of older servers.

cat >"$work/config.json" <<'END'
{"profiles": {"bearer": {"apiKey": "Bearer sim-api-key"}}}
END
chmod 600 "$work/config.json"
by_bearer() {
    echo "TRIGGER_API_URL=$url RUNTAIL_TOKEN_URL=$url/api/tasks/runs/token" \
        "RUNTAIL_CONFIG=$work/config.json RUNTAIL_PROFILE=bearer"
}
by_nothing() {
    echo "TRIGGER_API_URL=$url"
}
endpoint_only() {
    echo "TRIGGER_API_URL=$url RUNTAIL_TOKEN_URL=$url/api/tasks/runs/token"
}
# A token that the simulator made, given directly.
by_made_token() {
    runtail_as made "$(by_endpoint)" token "$run" --print
    echo "TRIGGER_API_URL=$url TRIGGER_ACCESS_TOKEN=$(cat "$work/made.out")"
}
echo sim-api-key >"$work/api-key"
printf '  tr_dev_simulator\n\n' >"$work/secret-key"

follow api-key none by_endpoint
follow bearer none by_bearer
follow direct none by_made_token
follow newest-minting none by_secret_key
follow older-minting mint-404 by_secret_key
follow signing-here mint-404,mint-jwt-404 by_secret_key
follow key-file none by_nothing --token-file "$work/secret-key"
follow key-command none by_nothing --token-cmd 'echo tr_dev_simulator'
follow api-key-file none endpoint_only --token-file "$work/api-key"
follow busy token-429 by_endpoint
follow failing token-500 by_endpoint
settle
works api-key bearer direct newest-minting older-minting signing-here key-file \
    key-command api-key-file busy failing
expect_text busy out '"state":"reconnecting".*answered 429: Too many requests' &&
    expect_no_text busy out '"retryInMs":[0-9]\{1,3\},' &&
    ok 'as long as the token endpoint asks for is waited, and told'

# Every error of the token endpoint.

follow unknown-key token-401 by_endpoint
follow denied token-403 by_endpoint
follow unknown-run token-404 by_endpoint
follow page token-502 by_endpoint
follow empty token-empty by_endpoint
follow missing token-missing by_endpoint
follow opaque token-opaque by_endpoint
follow expired token-expired by_endpoint
follow other-run token-other-run by_endpoint
follow closed token-closed by_endpoint
follow always-refused 401-always by_endpoint
follow fixed-refused 401@1 by_made_token
made=$work/made.out
follow same-file 401@1 by_nothing --token-file "$made"
follow same-command 401@1 by_nothing --token-cmd "cat $made"
follow no-scope 403 by_secret_key
follow not-there none by_nothing --token-file "$work/nonesuch"
follow empty-file none by_nothing --token-file /dev/null
follow failing-command none by_nothing --token-cmd 'exit 3'
follow no-key none endpoint_only
follow nothing none by_nothing
follow wrong-token none by_token
settle
refused unknown-key 4 'refused the API key.*Unauthorized'
refused denied 4 '403: Access denied to this run'
refused unknown-run 5 '404: Task run not found'
refused page 6 'answered 502.*gave up'
refused empty 6 'returned no token'
refused missing 6 'returned no token'
refused opaque 4 'refused the token.*Invalid API key'
refused expired 4 'it expired at 2'
refused other-run 4 'may not read'
refused closed 6 'the server closed the connection'
refused always-refused 4 'refused the token'
refused no-scope 4 'scope read:runs:run_'
expect_text no-scope out \
    '"state":"reconnecting".*"retryInMs":0,.*does not allow it (403), another' &&
    expect_no_text no-scope out 'no longer good' &&
    ok 'what a token does not allow is told as that, and nothing waited for'
for name in fixed-refused same-file same-command; do
    refused "$name" 4 'refused the token for .* (401'
done
refused not-there 4 'nonesuch: No such file'
refused empty-file 4 'gave no token'
refused failing-command 4 'exit status 3'
refused no-key 4 'Unauthorized'
refused nothing 4 'set TRIGGER_SECRET_KEY'
refused wrong-token 4 'refused the token'

# A first token that is refused is worth another one, where there can be one.

follow first-endpoint 401@1 by_endpoint
follow first-minted 401@1 by_secret_key
follow first-polled 401@1 by_endpoint --poll
follow first-key-file 401@1 by_nothing --token-file "$work/secret-key"
start_sim --scenario quick --speed 0
cat >"$work/first-turns" <<'END'
echo x >>"$1"
if [ "$(wc -l <"$1")" -eq 1 ]; then echo opaque-token; else echo tr_dev_simulator; fi
END
begin first-command "$(by_nothing)" --json --token-cmd \
    "sh $work/first-turns $work/first-asked" "$run"
settle
works first-endpoint first-minted first-polled first-key-file first-command

# A file and a command are read again when the server refuses what they gave;
# the command is not the same twice here, and counts how often it was asked.

cat >"$work/turns" <<'END'
echo x >>"$1"
if [ "$(wc -l <"$1")" -eq 1 ]; then cat "$2"; else echo tr_dev_simulator; fi
END
# The first token is good for 2 s only, the run takes 3.
start_sim --scenario quick --token-life 2
runtail_as made "$(by_endpoint)" token "$run" --print
begin again-command "$(by_nothing)" --json --token-cmd \
    "sh $work/turns $work/asked $work/made.out" "$run"
settle
works again-command
expect_text again-command out 'no longer good\|"state":"live"' &&
    expect_count 'questions' "$(wc -l <"$work/asked")" 2 &&
    ok 'the command was asked again'

# What asks for a token does not get those at hand.

start_sim --scenario quick --speed 0
cat >"$work/nosy" <<'END'
env >"$1"
echo tr_dev_simulator
END
begin nosy "TRIGGER_API_URL=$url TRIGGER_ACCESS_TOKEN= RUNTAIL_API_KEY=key-of-its-own" \
    --json --token-cmd "sh $work/nosy $work/environment.out" "$run"
settle
works nosy
expect_text environment out '^PATH=' &&
    expect_no_text environment out 'key-of-its-own\|RUNTAIL_API_KEY' &&
    ok 'the command has no other secret in its environment'

# Nothing waits for a command that takes its time, but the token.

mkfifo "$work/begun" "$work/never"
start_sim --scenario quick --speed 0
env -i PATH="$PATH" HOME="$work" TRIGGER_API_URL="$url" "$RUNTAIL" --json \
    --token-cmd "echo \$\$ >$work/begun; exec cat $work/never" "$run" \
    >"$work/patient.out" 2>"$work/patient.err" </dev/null &
follower=$!
read -r child <"$work/begun"
kill -TERM "$follower"
wait "$follower"
echo $? >"$work/patient.code"
expect_code patient 143 && ok 'a signal is heeded while the command runs'
if kill -0 "$child" 2>"$work/gone.err"; then
    not_ok 'the command is left running'
else
    ok 'the command does not outlive its asker'
fi

# Tokens of a short life: renewed without an entry lost or told twice.

follow_short() {
    start_sim --scenario success --speed 2 --token-life "$2"
    begin "$1" "$($3)" --json "$run"
}
follow_short short-life 6 by_endpoint
follow_short shorter-life 3 by_endpoint
follow_short short-minted 6 by_secret_key
start_sim --scenario success --speed 2 --token-life 6 --backend electric \
    --live-sse
begin short-streamed "$(by_endpoint)" --json "$run"
start_sim --scenario success --speed 0 --fault 401@6
begin refused-once "$(by_endpoint)" --json "$run"
start_sim --scenario two-streams --speed 20 --fault 403@6
begin forbidden-later "$(by_endpoint)" --json "$run"
settle
for name in short-life shorter-life short-minted short-streamed refused-once; do
    expect_code "$name" 0 && expect_quiet "$name" && expect_lines "$name" &&
        expect_value "$name" end entries 16 && ok "$name"
done
refused forbidden-later 4 'may not read'
expect_count 'requests for another token' \
    "$(grep -c 'another one is asked' "$work/forbidden-later.out")" 1 &&
    ok 'that the streams are allowed says nothing of the run'
expect_text shorter-life out '"state":"reconnecting".*no longer good' &&
    ok 'a pause for the token is told'

# Secrets stay where they belong: not in the arguments, not in the
# output, and never at another origin.

told=$work/told
mkfifo "$told"
start_sim --scenario success --speed 1
env -i PATH="$PATH" HOME="$work" TRIGGER_API_URL="$url" \
    TRIGGER_SECRET_KEY=tr_dev_simulator "$RUNTAIL" --json "$run" \
    >"$told" 2>"$work/argv.err" </dev/null &
follower=$!
exec 9<"$told" # a reader stays until it has been looked at
sed '/"type":"log"/q' <&9 >"$work/argv.out"
if [ -r "/proc/$follower/cmdline" ]; then
    tr '\0' '\n' <"/proc/$follower/cmdline" >"$work/arguments.out"
    expect_text arguments out "$run" &&
        expect_no_text arguments out tr_dev && ok 'no secret among arguments'
fi
if [ -r "/proc/$follower/limits" ]; then
    cp "/proc/$follower/limits" "$work/limits.out"
    expect_text limits out '^Max core file size  *0  *0 ' &&
        ok 'no core file is left of it'
fi
exec 9<&-
# Its reader has left: it ends by itself, quietly.
wait "$follower"
echo $? >"$work/argv.code"
expect_code argv 0 && expect_quiet argv && ok 'a reader that leaves ends it'
stop_servers
for name in api-key direct newest-minting refused-once short-life \
    always-refused nothing; do
    for stream in out err; do
        expect_no_text "$name" "$stream" 'tr_dev_sim\|sim-api-key\|eyJ'
    done && ok "$name: no secret in what it wrote"
done

: >"$work/requests"
printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}' >"$work/target"
start_serve "$work/target" "$work/requests"
target=$url
printf 'HTTP/1.1 302 Found\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n' \
    "$target" >"$work/redirect"
start_serve "$work/redirect"
runtail_as redirect "$(by_token)" --json run_redirected
stop_servers
refused redirect 6 'redirects to'
mv "$work/requests" "$work/requests.out"
expect_no_text requests out . && ok 'no request follows to another origin'

# The API key goes to the API that it is for, and to no other, and a token not
# to where the polling endpoint of somebody else is.

printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' >"$work/denial"
: >"$work/polls"
start_serve "$work/denial" "$work/polls"
elsewhere=$url
start_sim --scenario quick --speed 0 --fault realtime-closed
runtail_as elsewhere "$(by_endpoint) RUNTAIL_POLL_URL=$elsewhere/poll" --json \
    "$run"
stop_servers
mv "$work/polls" "$work/polls.out"
expect_text polls out '^GET /poll' &&
    expect_no_text polls out '[Aa]uthorization\|sim-api-key\|eyJ' &&
    ok 'no secret goes to a polling endpoint of another origin'
finish
