#include "config.h"

#include "wire/jwt.h"

#include <string.h>

#include "base/base64.h"
#include "base/instant.h"

#include "unit.h"

static void make_token(struct buf *out, const char *payload)
{
    static const char head[] = "{\"alg\":\"none\"}";
    buf_clear(out);
    base64url_add(out, head, strlen(head));
    buf_addc(out, '.');
    base64url_add(out, payload, strlen(payload));
    buf_adds(out, ".sig");
}

static const struct {
    const char *payload;
    bool good;
    int64_t expires_ms;
    bool is_public;
    const char *scopes;
} cases[] = {
    {"{\"exp\":1767323041,\"pub\":true,\"scopes\":[\"read:runs:run_1\",7,"
     "\"read:tags\"]}",
     true, 1767323041000, true, "read:runs:run_1, read:tags"},
    {"{\"exp\":1767323041.5}", true, 1767323041500, false, ""},
    {"{}", true, INSTANT_NONE, false, ""},
    {"{\"exp\":\"soon\",\"pub\":1,\"scopes\":\"all\"}", true, INSTANT_NONE,
     false, ""},
    {"{\"exp\":-1}", true, INSTANT_NONE, false, ""},
    {"{\"exp\":1e300}", true, INSTANT_NONE, false, ""},
    {"[1]", false, INSTANT_NONE, false, ""},
    {"not json", false, INSTANT_NONE, false, ""},
    {"", false, INSTANT_NONE, false, ""},
};

START_TEST(claims_are_read)
{
    struct buf token = buf_make(0);
    struct jwt_claims claims;
    make_token(&token, cases[_i].payload);
    ck_assert_int_eq(jwt_read(token.data, &claims), cases[_i].good);
    ck_assert_int_eq(claims.expires_ms, cases[_i].expires_ms);
    ck_assert_int_eq(claims.is_public, cases[_i].is_public);
    ck_assert_str_eq(buf_str(&claims.scopes), cases[_i].scopes);
    buf_free(&claims.scopes);
    buf_free(&token);
}
END_TEST

START_TEST(other_tokens_are_none)
{
    static const char *const others[] = {
        "", ".", "..", "abc", "a.b", "a.b.c", "a.!!!!.c", "a.e30=.c",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct jwt_claims claims;
        ck_assert_msg(!jwt_read(others[i], &claims), "%s", others[i]);
        ck_assert_int_eq(claims.expires_ms, INSTANT_NONE);
        buf_free(&claims.scopes);
    }
}
END_TEST

UNIT_MAIN("jwt", tcase_add_loop_test(tc, claims_are_read, 0,
                                     sizeof cases / sizeof *cases);
          tcase_add_test(tc, other_tokens_are_none))
