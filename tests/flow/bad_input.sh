#!/bin/sh
# What goes wrong is told in one sentence, with the exit status it has, and the
# JSON lines end as they always do.
. "${srcdir:-.}/tests/flow/lib.sh"

# refused NAME CODE PATTERN: after following had begun.
refused() {
    expect_code "$1" "$2" && expect_sentence "$1" "$3" && expect_lines "$1" &&
        expect_safe "$1" out && expect_value "$1" end complete false &&
        ok "$1: $3"
}
# rejected NAME CODE PATTERN: before anything began.
rejected() {
    expect_code "$1" "$2" && expect_sentence "$1" "$3" || return
    if [ -s "$work/$1.out" ]; then
        not_ok "$1: something on standard output"
        return
    fi
    ok "$1: $3"
}

# Servers that are none, or the wrong ones. answer NAME TYPE BODY [HEADER]
answer() {
    printf 'HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %s\r\n%s\r\n%s' \
        "$2" "${#3}" "${4-}" "$3" >"$work/$1.http"
    start_serve "$work/$1.http"
    begin "$1" "$(by_token)" --json run_1
}
electric=$(printf 'electric-handle: h\r\nelectric-offset: 1_1\r\nelectric-schema: {}\r\n.')
electric=${electric%.}

answer web-page 'text/html; charset=utf-8' \
    '<html><head><title>Sign in to Acme</title></head></html>'
answer no-type '' '<html></html>'
answer no-headers application/json '[]'
answer empty-body application/json ''
answer empty-with-headers application/json '' "$electric"
answer no-list application/json '{"ok":true}' "$electric"
answer no-json application/json 'hello' "$electric"
answer control-bytes 'text/html' \
    "$(printf '<title>\033[31mred\033[0m \302\233 \007bell</title>')"

status() {
    printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %s\r\n\r\n%s' \
        "$2" "$3" "${#4}" "$4" >"$work/$1.http"
    start_serve "$work/$1.http"
    begin "$1" "$(by_token)" --json run_1
}
status problem '400 Bad Request' application/problem+json \
    '{"type":"about:blank","title":"Bad Request","detail":"the query is odd"}'
status problem-401 '401 Unauthorized' application/problem+json \
    '{"title":"Unauthorized","detail":"No authorization header provided"}'
status unknown '404 Not Found' application/json '{"error":"Not found"}'
status control-status '400 Bad Request' text/plain \
    "$(printf 'a\033]0;title\007b\rc')"
status redirect-loop '302 Found' text/plain 'x'

start_serve --refuse
begin closed-port "$(by_token)" --json run_1
begin closed-port-plain "$(by_token)" --plain run_1
begin closed-endpoint "RUNTAIL_TOKEN_URL=$url/token RUNTAIL_API_KEY=k" \
    --json run_1
begin closed-once "$(by_token)" --json --max-retries 0 run_1
printf 'SSH-2.0-OpenSSH_9.2\r\n' >"$work/ssh"
start_serve --at-once "$work/ssh"
begin other-protocol "$(by_token)" --json run_1
printf 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n' >"$work/plain"
start_serve --at-once "$work/plain"
url=https${url#http}
begin no-tls "$(by_token)" --json run_1
printf 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort' >"$work/short"
start_serve "$work/short"
begin cut-short "$(by_token)" --json --max-retries 1 run_1
printf 'x' >"$work/nothing"
start_serve "$work/nothing"
begin garbage "$(by_token)" --json run_1

start_sim --scenario quick
begin unknown-run "$(by_secret_key)" --json run_nonesuch
begin other-token "$(by_endpoint)" --json run_nonesuch
settle

refused web-page 6 'text/html.* instead of JSON ("Sign in to Acme")'
refused no-type 6 'instead of JSON'
refused no-headers 6 'lacks the headers electric-handle electric-offset electric-schema'
refused empty-body 6 'lacks the headers'
refused empty-with-headers 6 'answers with nothing about run_1'
refused no-list 6 'not the list of changes'
refused no-json 6 'not the list of changes'
refused control-bytes 6 'instead of JSON'
refused problem 6 'answered 400.*the query is odd'
refused problem-401 4 'No authorization header provided'
refused unknown 5 'knows no run run_1'
refused control-status 6 'answered 400'
refused redirect-loop 6 'redirects to nowhere'
refused closed-port 6 'cannot reach http://127.0.0.1:[0-9]*: connection refused; gave up on run_1 after 3 tries'
refused closed-endpoint 6 'token endpoint .* connection refused; gave up'
refused closed-once 6 'after 1 try'
refused other-protocol 6 'gave up on run_1'
refused no-tls 6 'no secure connection'
refused cut-short 6 'cut off; gave up on run_1 after 2 tries'
refused garbage 6 'gave up on run_1'
refused unknown-run 5 'knows no run run_nonesuch'
refused other-token 5 'knows no run run_nonesuch'
expect_code closed-port-plain 6 && expect_sentence closed-port-plain 'gave up' &&
    expect_text closed-port-plain out '^-- reconnecting in .* (try 1)' &&
    ok 'a closed port, in plain lines'

# A name that does not resolve; where resolving takes for ever there is no
# telling what runtail says.
net=40
runtail_as no-name TRIGGER_ACCESS_TOKEN=t --json run_1 \
    -a http://no-such-host.invalid
if [ "$(cat "$work/no-name.code")" -ne 124 ]; then
    refused no-name 6 'cannot reach http://no-such-host.invalid'
fi

# Words on the command line.

runtail_as no-run A=b
runtail_as bad-id A=b --json run_1/2
runtail_as empty-id A=b --json ''
runtail_as bad-url A=b --json https://example.com/nothing/here
runtail_as two-runs A=b run_1 run_2
runtail_as bad-option A=b --nonesuch run_1
runtail_as bad-letter A=b -Z run_1
runtail_as no-value A=b run_1 --api-url
runtail_as bad-duration A=b run_1 --timeout 5x
runtail_as bad-idle A=b run_1 --idle-timeout 0s
runtail_as bad-retries A=b run_1 --max-retries many
runtail_as bad-level A=b run_1 --level loud
runtail_as bad-time A=b run_1 --time noon
runtail_as bad-color A=b run_1 --color pink
runtail_as bad-zone A=b run_1 --tz Nowhere/Land
runtail_as bad-size A=b run_1 --memory 5
runtail_as bad-include TRIGGER_ACCESS_TOKEN=t run_1 --include '('
runtail_as bad-api-url A=b run_1 -a ftp://example.com
runtail_as bad-token-url A=b run_1 --token-url example.com
runtail_as bad-scenario A=b demo --backend other
runtail_as bad-fault A=b demo --fault nonesuch
runtail_as control-id A=b --json "$(printf 'run_\033[31m')"
runtail_as control-url A=b run_1 -a "$(printf 'x\033[31m\007')"
runtail_as control-option A=b "$(printf -- '--\033[31mx')" run_1
for name in no-run bad-id empty-id bad-url two-runs; do rejected "$name" 2 .; done
rejected bad-option 2 'nonesuch'
rejected bad-letter 2 '-Z'
rejected no-value 2 '--api-url'
rejected bad-duration 2 '--timeout.*90s'
rejected bad-idle 2 '--idle-timeout'
rejected bad-retries 2 '--max-retries'
rejected bad-level 2 '--level'
rejected bad-time 2 '--time'
rejected bad-color 2 '--color'
rejected bad-zone 2 '--tz'
rejected bad-size 2 '--memory.*64M'
rejected bad-include 2 '--include'
rejected bad-api-url 2 'http or https URL'
rejected bad-token-url 2 'http or https URL'
rejected bad-scenario 2 other
rejected bad-fault 2 nonesuch
rejected control-id 2 .
rejected control-url 2 .
rejected control-option 2 .

# The configuration.

config() {
    printf '%s\n' "$2" >"$work/$1.json"
    chmod "$3" "$work/$1.json"
    runtail_as "$1" "RUNTAIL_CONFIG=$work/$1.json" --plain run_1 --profile p
}
config broken '{"profiles": ' 600
config open '{"profiles": {"p": {"secretKey": "tr_dev_example"}}}' 644
config no-profile '{"profiles": {"q": {}}}' 600
config bad-profile-url '{"profiles": {"p": {"apiUrl": "example.com"}}}' 644
runtail_as no-config "RUNTAIL_CONFIG=$work/nonesuch" --plain run_1
rejected broken 2 'broken.json, line'
rejected open 2 'chmod 600'
rejected no-profile 2 'no profile "p"'
rejected bad-profile-url 2 'http or https URL'
rejected no-config 2 'cannot read the configuration'
finish
