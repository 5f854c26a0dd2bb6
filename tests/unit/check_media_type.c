#include "config.h"

#include "wire/media_type.h"

#include "unit.h"

static const struct {
    const char *values;
    bool is;
} cases[] = {
    {"text/event-stream", true},
    {"TEXT/Event-Stream", true},
    {" text/event-stream\t; charset=windows-1252", true},
    {"text/event-stream;", true},
    {"text/event-stream;;;bogus", true},
    {"text/event-stream ", true},
    {"application/json, text/event-stream", true},
    {"text/event-stream, */*", true},
    {"text/event-stream, bogus", true},
    {"text/event-stream,", true},
    {",text/event-stream", true},
    {"text/html;x=\"a, b\", text/event-stream", true},
    {"text/event-stream, text/html", false},
    {"text/plain; x=\"text/event-stream\"", false},
    {"text/plain; x=\", text/event-stream\"", false},
    {"text/plain; x=\"\\\", text/event-stream\"", false},
    {"text/event-streams", false},
    {"text/event-stream x", false},
    {"text/event", false},
    {"text /event-stream", false},
    {"text/ event-stream", false},
    {"/event-stream", false},
    {"text/", false},
    {"x bogus", false},
    {"*/*", false},
    {"", false},
    {NULL, false},
};

START_TEST(last_media_type_counts_without_its_parameters)
{
    ck_assert(media_type_is(cases[_i].values, "text/event-stream") ==
              cases[_i].is);
}
END_TEST

UNIT_MAIN("media_type",
          tcase_add_loop_test(tc, last_media_type_counts_without_its_parameters,
                              0, sizeof cases / sizeof *cases))
