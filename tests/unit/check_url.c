#include "config.h"

#include "wire/url.h"

#include <stdlib.h>

#include "unit.h"

static const struct {
    const char *url;
    const char *origin; /* NULL: refused */
} origins[] = {
    {"https://api.example.com", "https://api.example.com"},
    {"HTTPS://API.Example.COM/a?b#c", "https://api.example.com"},
    {"http://a:80/x", "http://a"},
    {"https://a:443", "https://a"},
    {"https://a:0443", "https://a"},
    {"http://a:443", "http://a:443"},
    {"https://a:80", "https://a:80"},
    {"http://a:/x", "http://a"},
    {"http://127.0.0.1:8080?x", "http://127.0.0.1:8080"},
    {"http://[::1]:8080/", "http://[::1]:8080"},
    {"http://[::1]/", "http://[::1]"},
    {"http://user:secret@a.example:81/", "http://a.example:81"},
    {"http://good.example@evil.example/", "http://evil.example"},
    {"http://evil.example/@good.example", "http://evil.example"},
    {"http://evil.example?@good.example", "http://evil.example"},
    {"http://evil.example#@good.example", "http://evil.example"},
    {"http://good.example:80@evil.example", "http://evil.example"},
    /* read in different ways by different programs */
    {"http://good.example\\@evil.example/", NULL},
    {"http://evil.example\\.good.example/", NULL},
    {"http://good.example evil.example/", NULL},
    {"http://good.example\t/", NULL},
    {"http://a:b/", NULL},
    {"http://a:1:2/", NULL},
    {"http://a:65536/", NULL},
    {"http://a:99999999999999999999/", NULL},
    {"http://a:0/", NULL},
    {"http://[::1/", NULL},
    {"http://[::1]x/", NULL},
    {"http://", NULL},
    {"http:///path", NULL},
    {"http://user@/", NULL},
    {"http:/a", NULL},
    {"ftp://a", NULL},
    {"//a", NULL},
    {"a", NULL},
    {"", NULL},
};

START_TEST(origin_is_that_of_the_host_that_is_called)
{
    struct buf out = buf_make(0);
    bool good = url_origin(origins[_i].url, &out);
    ck_assert_msg(good == (origins[_i].origin != NULL), "%s", origins[_i].url);
    ck_assert_str_eq(buf_str(&out), good ? origins[_i].origin : "");
    buf_free(&out);
}
END_TEST

START_TEST(origins_are_compared)
{
    ck_assert(url_same_origin("https://a/x", "HTTPS://A:443/y"));
    ck_assert(!url_same_origin("https://a", "http://a"));
    ck_assert(!url_same_origin("https://a", "https://a:444"));
    ck_assert(!url_same_origin("https://a", "https://a.b"));
    ck_assert(!url_same_origin("https://a", "https://a@b"));
    ck_assert(!url_same_origin("nonsense", "nonsense"));
}
END_TEST

static const struct {
    const char *given;
    const char *id; /* NULL: none */
} ids[] = {
    {"run_abc123", "run_abc123"},
    {"  run_abc123\n", "run_abc123"},
    {"run_a b", "run_a b"},
    {"https://cloud.example.com/orgs/o/projects/p/env/dev/runs/run_abc1?span=x",
     "run_abc1"},
    {"https://cloud.example.com/orgs/o/runs/run_abc1/spans/s#run_zzz",
     "run_abc1"},
    {"https://x/runs/run_a?parent=run_b", "run_a"},
    {"https://x/view?run=run_abc1&tab=log", "run_abc1"},
    {"https://x/view?tab=run_old&run=run_abc1", "run_abc1"},
    {"https://x/view?runId=abc1", "abc1"},
    {"https://x/jobs/run_abc1", "run_abc1"},
    {"https://x/my_run_project/list", NULL},
    {"https://x/prun_a/run_b", "run_b"},
    {"https://run_host/list", NULL},
    {"https://x/runs/", NULL},
    {"https://x/", NULL},
    {"http://", NULL},
    {"", NULL},
    {"   ", NULL},
    {"a/b", NULL},
    {"../x", NULL},
    {".", NULL},
    {"..", NULL},
    {"run_a\nb", NULL},
    {"run_a\x7f", NULL},
};

START_TEST(run_id_is_read_out_of_what_is_pasted)
{
    char *id = url_run_id(ids[_i].given);
    ck_assert_pstr_eq(id, ids[_i].id);
    free(id);
}
END_TEST

static const struct {
    const char *url;
    const char *shown;
} shown[] = {
    {"https://u:secret@a.example/p?token=secret#f", "https://a.example/p"},
    {"HTTP://A/p", "http://A/p"},
    {"https://a/p@q", "https://a/p@q"},
    {"https://a/\x1b[31mx\n", "https://a/[31mx"},
    {"not a url?x", "not a url"},
    {"", ""},
};

START_TEST(shown_address_holds_no_secret_and_no_control)
{
    struct buf out = buf_make(0);
    url_for_display(&out, shown[_i].url);
    ck_assert_str_eq(buf_str(&out), shown[_i].shown);
    buf_free(&out);
}
END_TEST

static const struct {
    const char *pattern;
    const char *run;
    const char *url;
} patterns[] = {
    {"https://a/runs/{runId}/x", "run_1", "https://a/runs/run_1/x"},
    {"https://a/token", "run 1", "https://a/token?runId=run%201"},
    {"https://a/token?x=1", "run_1", "https://a/token?x=1&runId=run_1"},
    {"https://a/{runId}?x=1", "a/b?c", "https://a/a%2Fb%3Fc?x=1"},
};

START_TEST(run_is_put_into_the_pattern)
{
    struct buf out = buf_make(0);
    url_with_run(&out, patterns[_i].pattern, patterns[_i].run);
    ck_assert_str_eq(buf_str(&out), patterns[_i].url);
    buf_free(&out);
}
END_TEST

START_TEST(only_unreserved_characters_stay)
{
    struct buf out = buf_make(0);
    url_encode(&out, "aZ09-._~ +/%&=?#\xC3\xA9\x01");
    ck_assert_str_eq(out.data, "aZ09-._~%20%2B%2F%25%26%3D%3F%23%C3%A9%01");
    buf_free(&out);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("url",
          tcase_add_loop_test(tc, origin_is_that_of_the_host_that_is_called, 0,
                              COUNT(origins));
          tcase_add_test(tc, origins_are_compared);
          tcase_add_loop_test(tc, run_id_is_read_out_of_what_is_pasted, 0,
                              COUNT(ids));
          tcase_add_loop_test(tc, shown_address_holds_no_secret_and_no_control,
                              0, COUNT(shown));
          tcase_add_loop_test(tc, run_is_put_into_the_pattern, 0,
                              COUNT(patterns));
          tcase_add_test(tc, only_unreserved_characters_stay))
