#include "config.h"

#include "unit.h"

#include <string.h>

#include "sim/pubtoken.h"
#include "sim_ask.h"

#define NOW_S 1767225600

/* A payload with its members in another order than ours, and the signature
 * that another implementation computed. */
START_TEST(the_signature_is_the_known_one)
{
    static const char payload[] =
        "{\"sub\":\"env_demo\",\"pub\":true,\"scopes\":[\"read:runs:run_demo1\""
        "],\"iss\":\"https://id.trigger.dev\",\"aud\":"
        "\"https://api.trigger.dev\",\"iat\":1767225600,\"exp\":1767229200}";
    struct buf token = buf_make(0);
    pubtoken_sign(&token, payload, sizeof payload - 1,
                  "tr_dev_"
                  "EXAMPLE"
                  "example"
                  "EXAMPLE");
    ck_assert_str_eq(strrchr(buf_str(&token), '.') + 1,
                     "PfvQcznc7_rh1XBLyr_Y7nhjERZMiGaNI9O-Oaip0lE");
    json_t *read = pubtoken_read(buf_str(&token));
    ck_assert_str_eq(json_string_value(json_object_get(read, "sub")),
                     "env_demo");
    json_decref(read);
    buf_free(&token);
}
END_TEST

START_TEST(a_good_token_is_accepted_until_it_expires)
{
    char *token = ask_token("read:runs", "key", NOW_S);
    json_t *payload = pubtoken_verify(token, "key", NOW_S - 1);
    ck_assert_ptr_nonnull(payload);
    json_decref(payload);
    ck_assert_ptr_null(pubtoken_verify(token, "key", NOW_S));
    ck_assert_ptr_null(pubtoken_verify(token, "another", NOW_S - 1));
    ck_assert(pubtoken_looks_like(token));
    free(token);
}
END_TEST

START_TEST(a_token_changed_anywhere_is_refused)
{
    char *token = ask_token("read:runs", "key", NOW_S);
    for (size_t i = 0; token[i]; i++) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        ck_assert_ptr_null(pubtoken_verify(token, "key", 0));
        token[i] = kept;
    }
    free(token);
}
END_TEST

static const char *const nonsense[] = {"",    ".",       "a.b",   "a.b.c",
                                       "...", "x.y.z.w", "eyJ.!."};

START_TEST(nonsense_is_no_token)
{
    ck_assert_ptr_null(pubtoken_verify(nonsense[_i], "key", 0));
    ck_assert_ptr_null(pubtoken_read(nonsense[_i]));
}
END_TEST

static const struct {
    const char *scope, *action, *type, *id;
    bool granted;
} grants[] = {
    {"read:runs:run_a", "read", "runs", "run_a", true},
    {"read:runs:run_a", "read", "runs", "run_b", false},
    {"read:runs:run_a", "read", "runs", NULL, false},
    {"read:runs", "read", "runs", "run_a", true},
    {"read:run", "read", "runs", "run_a", false},
    {"write:runs:run_a", "read", "runs", "run_a", false},
    {"*:runs:run_a", "read", "runs", "run_a", true},
    {"read:tags:user:1", "read", "tags", "user:1", true},
    {"read:tags:user", "read", "tags", "user:1", false},
    {"read:all", "read", "runs", "run_a", true},
    {"read:all", "write", "runs", "run_a", false},
    {"admin", "write", "runs", "run_a", true},
    {"nonsense", "read", "runs", "run_a", false},
    {"", "read", "runs", "run_a", false},
};

START_TEST(scopes_grant_what_they_say)
{
    char *token = ask_token(grants[_i].scope, "key", NOW_S);
    json_t *payload = pubtoken_read(token);
    ck_assert_int_eq(pubtoken_grants(payload, grants[_i].action,
                                     grants[_i].type, grants[_i].id),
                     grants[_i].granted);
    json_decref(payload);
    free(token);
}
END_TEST

static const struct {
    const char *text;
    int64_t seconds; /* -1: refused */
} lives[] = {
    {"1h", 3600},         {"1hr", 3600},    {"30 minutes", 1800},
    {"1.5h", 5400},       {"+2 d", 172800}, {"15m", 900},
    {"1 week", 604800},   {"1y", 31557600}, {"2 days from now", 172800},
    {"10 S", 10},         {"1h30m", -1},    {"1 month", -1},
    {"60", -1},           {"", -1},         {"h", -1},
    {"+1h from now", -1}, {"1  h", -1},     {"soon", -1},
};

START_TEST(lives_are_read_as_the_server_reads_them)
{
    int64_t seconds = -1;
    ck_assert_int_eq(pubtoken_parse_life(lives[_i].text, &seconds),
                     lives[_i].seconds >= 0);
    ck_assert_int_eq(seconds, lives[_i].seconds);
}
END_TEST

UNIT_MAIN("pubtoken", tcase_add_test(tc, the_signature_is_the_known_one);
          tcase_add_test(tc, a_good_token_is_accepted_until_it_expires);
          tcase_add_test(tc, a_token_changed_anywhere_is_refused);
          tcase_add_loop_test(tc, nonsense_is_no_token, 0,
                              sizeof nonsense / sizeof *nonsense);
          tcase_add_loop_test(tc, scopes_grant_what_they_say, 0,
                              sizeof grants / sizeof *grants);
          tcase_add_loop_test(tc, lives_are_read_as_the_server_reads_them, 0,
                              sizeof lives / sizeof *lives))
