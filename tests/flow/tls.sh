#!/bin/sh
# Whom runtail talks to: certificates are judged, --cacert replaces the system's
# authorities, proxies are those of the environment, and no secret goes to
# somebody it is not for.
. "${srcdir:-.}/tests/flow/lib.sh"

command -v openssl >/dev/null || skip 'no openssl'
cd "$work" || exit 99

# certificate NAME HOSTS [BEGIN END]: signed by itself.
certificate() {
    cat >"$1.cnf" <<END
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = own
[own]
database = $1.db
serial = $1.serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = hosts
[any]
commonName = supplied
[hosts]
subjectAltName = $2
basicConstraints = CA:TRUE
END
    : >"$1.db"
    echo 01 >"$1.serial"
    {
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -config "$1.cnf" -subj /CN=runtail-test -keyout "$1.key" \
            -out "$1.csr" &&
            openssl ca -batch -selfsign -config "$1.cnf" -keyfile "$1.key" \
                -in "$1.csr" -out "$1.pem" -notext \
                -startdate "${3-20200101000000Z}" -enddate "${4-20991231000000Z}"
    } >"$1.log" 2>&1
}
certificate good DNS:localhost,IP:127.0.0.1 || skip "$(cat good.log)"
certificate other DNS:other.example || skip "$(cat other.log)"
certificate old DNS:localhost,IP:127.0.0.1 20200101000000Z 20200102000000Z ||
    skip "$(cat old.log)"

printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n' >feed
printf 'data: {"message":"hello","status":"completed"}\n\n' >>feed
printf 'made-up-secret\n' >value

# start_tls NAME: a server with that certificate, which tells each file it gave
# in NAME.told; sets $url.
start_tls() {
    rm -f hello
    mkfifo hello
    openssl s_server -accept 127.0.0.1:0 -cert "$1.pem" -key "$1.key" -HTTP \
        >hello 2>"$1.told" </dev/null &
    servers="$servers $!"
    while read -r line; do
        case $line in ACCEPT*) break ;; esac
    done <hello
    url=https://localhost:${line##*:}
    case $line in
    ACCEPT*:[0-9]*) ;;
    *) skip "no port in: $line" ;;
    esac
}

# tls NAME CERTIFICATE [ARGUMENT…]: an event stream, with a secret header.
tls() {
    name=$1
    certificate=$2
    start_tls "$2"
    shift 2
    # The pipe stays open for what the server has to say later.
    cat hello >told.more &
    runtail_as "$name" A=b sse --json --no-follow --max-retries 1 \
        -H 'X-Api-Key: @value' "$@" "$url/feed"
    stop_servers
    wait
    cat "$certificate.told" told.more >"$name.told"
}
# refused NAME PATTERN: and nothing was asked for, so no header was sent.
refused() {
    ! grep -q FILE "$1.told" || not_ok "$1: a request was made"
    expect_code "$1" 6 && expect_sentence "$1" "$2" && expect_lines "$1" &&
        expect_value "$1" end complete false &&
        expect_no_text "$1" out '"type":"event"' && ok "$1: $2"
}

tls unknown good
tls trusted good --cacert good.pem
tls another-authority good --cacert other.pem
tls another-host other --cacert other.pem
tls outdated old --cacert old.pem
tls no-authorities good --cacert nonesuch.pem
tls no-certificate good --cacert value
tls directory good --cacert .
refused unknown 'certificate.*--cacert FILE'
expect_code trusted 0 && expect_quiet trusted && expect_lines trusted &&
    expect_text trusted out 'hello' && grep -q FILE trusted.told &&
    ok 'an authority that was given'
refused another-authority 'certificate.*--cacert FILE'
refused another-host 'certificate\|host name\|no alternative'
refused outdated 'certificate.*expired\|expired'
expect_no_text outdated err cacert && ok 'no authority helps with an old one'
for name in no-authorities:nonesuch.pem no-certificate:value directory:.; do
    expect_code "${name%:*}" 2 &&
        expect_sentence "${name%:*}" "--cacert ${name#*:}: ." && ok "--cacert: $name"
done

# Proxies.

: >proxied
start_serve feed proxied
proxy=$url
runtail_as proxy "http_proxy=$proxy" sse --json --no-follow http://stream.invalid/feed
expect_code proxy 0 && expect_text proxy out 'hello' &&
    ok 'through the proxy'
mv proxied proxied.out
expect_text proxied out '^GET http://stream.invalid/feed' &&
    ok 'the proxy is asked'

: >past
runtail_as past "http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1" sse --json \
    --no-follow "$url/feed"
expect_code past 0 && expect_text past out 'hello' && ok 'past the proxy'
stop_servers

printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' >denial
: >tunnel
start_serve denial tunnel
runtail_as tunnel "https_proxy=http://somebody:made-up-password@${url#http://}" \
    sse --json --max-retries 1 -H 'Authorization: @value' \
    https://stream.invalid/feed
stop_servers
mv tunnel tunnel-asked.out
expect_code tunnel 6 && expect_text tunnel-asked out '^CONNECT stream.invalid:443' &&
    expect_no_text tunnel-asked out 'made-up-secret\|/feed' &&
    ok 'a proxy of https learns the host alone'
expect_no_text tunnel out made-up && expect_no_text tunnel err made-up &&
    ok "the proxy's password is not told"
finish
