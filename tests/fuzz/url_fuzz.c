/* Addresses: the origin that is compared is the one that curl calls. */
#include "config.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/url.h"

#include "fuzz.h"

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    unsigned flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
    return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

/* Host and port as curl reads them, in the same form. */
static bool origin_of_curl(const char *text, struct buf *out)
{
    CURLU *url = curl_url();
    bool good = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
    char *scheme = good ? part_of(url, CURLUPART_SCHEME) : NULL;
    char *host = good ? part_of(url, CURLUPART_HOST) : NULL;
    char *port = good ? part_of(url, CURLUPART_PORT) : NULL;
    good = scheme && host && port;
    if (good) {
        bool secure = strcasecmp(scheme, "https") == 0;
        buf_addf(out, "%s://%s", secure ? "https" : "http", host);
        if (strcmp(port, secure ? "443" : "80") != 0)
            buf_addf(out, ":%s", port);
        for (size_t i = 0; i < out->len; i++)
            if (out->data[i] >= 'A' && out->data[i] <= 'Z')
                out->data[i] = (char)(out->data[i] - 'A' + 'a');
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return good;
}

/* curl undoes percent signs in a host and spells addresses of numbers in
 * another way; such hosts are the same to it only if they are the same here. */
static bool is_plain_host(const char *origin)
{
    const char *host = strstr(origin, "://") + 3;
    size_t len = strcspn(host, ":");
    return !strpbrk(origin, "%[") && strspn(host, "0123456789.xabcdef") < len;
}

static void check_origin(const char *text)
{
    struct buf origin = buf_make(0), again = buf_make(0), curls = buf_make(0);
    if (url_origin(text, &origin)) {
        FUZZ_CHECK(url_origin(buf_str(&origin), &again));
        FUZZ_CHECK(fuzz_same(fuzz_slice(&origin), fuzz_slice(&again)));
        FUZZ_CHECK(url_same_origin(text, buf_str(&origin)));
        if (is_plain_host(buf_str(&origin)) && origin_of_curl(text, &curls))
            FUZZ_CHECK(fuzz_same(fuzz_slice(&origin), fuzz_slice(&curls)));
    } else {
        FUZZ_CHECK(!url_same_origin(text, text));
    }
    buf_free(&origin);
    buf_free(&again);
    buf_free(&curls);
}

static void check_run_id(const char *text)
{
    char *id = url_run_id(text);
    struct buf encoded = buf_make(0), target = buf_make(0);
    if (id) {
        FUZZ_CHECK(*id && !strchr(id, '/') && strcmp(id, "..") != 0);
        url_encode(&encoded, id);
        FUZZ_CHECK(strspn(buf_str(&encoded), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "abcdefghijklmnopqrstuvwxyz"
                                             "0123456789-._~%") == encoded.len);
        url_with_run(&target, text, id);
        url_with_run(&target, "https://a.example/{runId}", id);
    }
    free(id);
    buf_free(&encoded);
    buf_free(&target);
}

static void check_display(const char *text)
{
    struct buf out = buf_make(0);
    url_for_display(&out, text);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_CHECK((unsigned char)out.data[i] >= ' ' && out.data[i] != 0x7f);
    FUZZ_CHECK(!strpbrk(buf_str(&out), "?#"));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text((const char *)data, size);
    check_origin(text);
    check_run_id(text);
    check_display(text);
    free(text);
    return 0;
}
