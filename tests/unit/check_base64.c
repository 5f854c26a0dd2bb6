#include "config.h"

#include "base/base64.h"

#include <string.h>

#include "unit.h"

/* Those of RFC 4648, section 10, and the digits that differ. */
static const struct {
    const char *bytes;
    const char *plain;
    const char *url;
} cases[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
    {"\xff\xff", "//8=", "__8"},
};

START_TEST(bytes_become_digits)
{
    struct buf out = buf_make(0);
    const char *bytes = cases[_i].bytes;
    base64_add(&out, bytes, strlen(bytes));
    ck_assert_str_eq(buf_str(&out), cases[_i].plain);
    buf_clear(&out);
    base64url_add(&out, bytes, strlen(bytes));
    ck_assert_str_eq(buf_str(&out), cases[_i].url);
    buf_free(&out);
}
END_TEST

START_TEST(digits_become_bytes)
{
    struct buf out = buf_make(0);
    const char *plain = cases[_i].plain, *url = cases[_i].url;
    ck_assert(base64_read(&out, plain, strlen(plain)));
    ck_assert_str_eq(buf_str(&out), cases[_i].bytes);
    buf_clear(&out);
    ck_assert(base64url_read(&out, url, strlen(url)));
    ck_assert_str_eq(buf_str(&out), cases[_i].bytes);
    buf_free(&out);
}
END_TEST

/* Where the parts begin does not show: each byte value, at each place. */
START_TEST(all_bytes_come_back)
{
    unsigned char bytes[256 + 2];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t skip = 0; skip < 3; skip++) {
        struct buf text = buf_make(0), back = buf_make(0);
        size_t len = sizeof bytes - skip;
        base64_add(&text, bytes + skip, len);
        ck_assert(base64_read(&back, buf_str(&text), text.len));
        ck_assert_uint_eq(back.len, len);
        ck_assert_mem_eq(buf_str(&back), bytes + skip, len);
        buf_free(&text);
        buf_free(&back);
    }
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    bool is_plain, is_url;
} texts[] = {
    {"Zm8", 3, true, true},     /* no padding */
    {"Zg==", 4, true, false},   /* padding */
    {"Zg===", 5, false, false}, /* too much of it */
    {"=", 1, true, false},      /* nothing but that */
    {"Z", 1, false, false},     /* ends inside a byte */
    {"Zm9vY", 5, false, false}, /* the same, later */
    {"Zm 8", 4, false, false},  /* a space */
    {"Zm\n8", 4, false, false}, /* a line break */
    {"Zg==Zg==", 8, false, false} /* padding inside */,
    {"Zg\0v", 4, false, false}, /* NUL is no digit */
    {"+/8", 3, true, false},
    {"-_8", 3, false, true},
};

START_TEST(other_texts_are_refused)
{
    struct buf out = buf_make(0);
    ck_assert_int_eq(base64_read(&out, texts[_i].text, texts[_i].len),
                     texts[_i].is_plain);
    ck_assert_int_eq(base64url_read(&out, texts[_i].text, texts[_i].len),
                     texts[_i].is_url);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("base64", tcase_add_loop_test(tc, bytes_become_digits, 0,
                                        sizeof cases / sizeof *cases);
          tcase_add_loop_test(tc, digits_become_bytes, 0,
                              sizeof cases / sizeof *cases);
          tcase_add_test(tc, all_bytes_come_back);
          tcase_add_loop_test(tc, other_texts_are_refused, 0,
                              sizeof texts / sizeof *texts))
