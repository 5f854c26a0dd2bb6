#include "config.h"

#include "wire/packet.h"

#include <string.h>

#include "unit.h"

#define SUPER "application/super+json"
#define JSON  "application/json"

static const struct {
    const char *data, *type, *shown;
    bool stored;
} cases[] = {
    {"{\"a\": [1, \"x y\"]}", JSON, "{\"a\":[1,\"x y\"]}", false},
    {" 1.50 ", JSON, "1.50", false},
    {"{\"a\": 1}", NULL, "{\"a\":1}", false},
    {"\"text\"", JSON, "\"text\"", false},
    {"not json", JSON, "not json", false},
    {"", JSON, "", false},
    {"{\"a\": 1}", "text/plain", "{\"a\": 1}", false},
    {"raw \" text", "text/plain", "raw \" text", false},
    {"packets/p/payload.json", "application/store", "packets/p/payload.json",
     true},
    {"whatever", "application/x-other", "whatever", false},
    {"{\"json\":{\"at\": \"2026-01-02T03:04:05.000Z\",\"gone\":null},\"meta\":"
     "{\"values\":{\"at\":[\"Date\"],\"gone\":[\"undefined\"]}}}",
     SUPER, "{\"at\":\"2026-01-02T03:04:05.000Z\",\"gone\":null}", false},
    {"{\"meta\":{},\"json\":7}", SUPER, "7", false},
    {"{\"json\":null}", SUPER, "null", false},
    {"{\"other\":1}", SUPER, "{\"other\":1}", false},
    {"[1, 2]", SUPER, "[1,2]", false},
    {"3", SUPER, "3", false},
    {"{\"json\":", SUPER, "{\"json\":", false},
    {"{\"json\":1}", JSON, "{\"json\":1}", false},
};

START_TEST(packet_is_made_readable)
{
    struct buf out = buf_make(0);
    bool stored = !cases[_i].stored;
    packet_decode(&out, cases[_i].data, strlen(cases[_i].data), cases[_i].type,
                  &stored);
    ck_assert_str_eq(buf_str(&out), cases[_i].shown);
    ck_assert_int_eq(stored, cases[_i].stored);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("packet", tcase_add_loop_test(tc, packet_is_made_readable, 0,
                                        sizeof cases / sizeof *cases))
