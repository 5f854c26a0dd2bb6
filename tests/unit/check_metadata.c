#include "config.h"

#include "wire/metadata.h"

#include <string.h>

#include "unit.h"

struct fixture {
    struct metadata *metadata;
    struct run_facts facts;
    struct logarray_change change;
};

static struct fixture make(void)
{
    struct fixture f = {.metadata =
                            metadata_create("progress", "logs", SCALE_AUTO)};
    facts_init(&f.facts);
    return f;
}

static void finish(struct fixture *f)
{
    metadata_destroy(f->metadata);
    facts_free(&f->facts);
}

static bool read_text(struct fixture *f, const char *text)
{
    struct slice slice = {text, text ? strlen(text) : 0};
    return metadata_read(f->metadata, slice, false, &f->facts, &f->change);
}

static const struct {
    const char *text; /* NULL: none */
    bool good;
    const char *step, *others; /* NULL: none */
} cases[] = {
    {NULL, true, NULL, NULL},
    {"null", true, NULL, NULL},
    {"{}", true, NULL, NULL},
    {"{\"status\":\"Reading\"}", true, "Reading", NULL},
    {"{\"currentStep\":\"Reading\"}", true, "Reading", NULL},
    {"{\"currentStep\":\"b\",\"status\":\"a\"}", true, "a", NULL},
    {"{\"status\":\"\",\"currentStep\":\"b\"}", true, "b", NULL},
    {"{\"status\":3,\"currentStep\":\"b\"}", true, "b", NULL},
    {"{\"status\":null,\"currentStep\":2}", true, "2", NULL},
    {"{\"currentStep\":{\"a\":1}}", true, NULL, NULL},
    {"{\"status\":\"a\\nb\\u0041\"}", true, "a\nbA", NULL},
    {"{\"st\\u0061tus\":\"a\"}", true, "a", NULL},
    {"{\"a\":1,\"progress\":1,\"b\":{\"c\": \"d\"},\"logs\":[],\"$$streams\":"
     "[\"x\"],\"$\":2}",
     true, NULL, "{\"a\":1,\"b\":{\"c\": \"d\"},\"$\":2}"},
    {"[]", false, NULL, NULL},
    {"\"text\"", false, NULL, NULL},
    {"{\"status\":\"a\",\"x\":", false, "a", NULL},
    {"{\"status\":\"a\" \"x\":1}", false, NULL, NULL},
    {"", false, NULL, NULL},
};

START_TEST(members_become_facts)
{
    struct fixture f = make();
    ck_assert_int_eq(read_text(&f, cases[_i].text), cases[_i].good);
    ck_assert_pstr_eq(f.facts.step, cases[_i].step);
    ck_assert_pstr_eq(f.facts.metadata, cases[_i].others);
    finish(&f);
}
END_TEST

START_TEST(progress_that_goes_away_is_told_no_more)
{
    struct fixture f = make();
    ck_assert(read_text(&f, "{\"progress\":0.5}"));
    ck_assert_int_eq(f.facts.progress.kind, PROGRESS_RATIO);
    ck_assert(read_text(&f, "{\"progress\":null}"));
    ck_assert_int_eq(f.facts.progress.kind, PROGRESS_UNKNOWN);
    ck_assert(read_text(&f, "{\"status\":\"x\"}"));
    ck_assert_int_eq(f.facts.progress.kind, PROGRESS_NONE);
    ck_assert(read_text(&f, "{\"progress\":\"7%\"}"));
    ck_assert_double_eq_tol(f.facts.progress.ratio, 0.07, 1e-9);
    finish(&f);
}
END_TEST

START_TEST(log_that_goes_away_still_stands)
{
    struct fixture f = make();
    ck_assert(read_text(&f, "{}"));
    ck_assert(!f.facts.log_unavailable);
    ck_assert(read_text(&f, "{\"logs\":[1,2]}"));
    ck_assert_uint_eq(f.change.fresh, 2);
    ck_assert(read_text(&f, "{\"logs\":null}"));
    ck_assert(f.facts.log_unavailable);
    ck_assert_uint_eq(f.change.kept, 2);
    ck_assert_uint_eq(f.change.fresh + f.change.withdrawn, 0);
    ck_assert(read_text(&f, NULL));
    ck_assert(f.facts.log_unavailable);
    ck_assert(read_text(&f, "{\"logs\":[1,2,3]}"));
    ck_assert(!f.facts.log_unavailable);
    ck_assert_uint_eq(f.change.kept, 2);
    ck_assert_uint_eq(f.change.fresh, 1);
    ck_assert_uint_eq(logarray_count(metadata_log(f.metadata)), 3);
    finish(&f);
}
END_TEST

START_TEST(keys_can_be_chosen)
{
    struct fixture f = {
        .metadata = metadata_create("done", "\"lines\"", SCALE_PERCENT)};
    facts_init(&f.facts);
    ck_assert(read_text(&f, "{\"progress\":1,\"done\":1,\"\\\"lines\\\"\":[7],"
                            "\"logs\":[8,9]}"));
    ck_assert_double_eq_tol(f.facts.progress.ratio, 0.01, 1e-9);
    ck_assert_uint_eq(f.change.fresh, 1);
    ck_assert_str_eq(f.facts.metadata, "{\"progress\":1,\"logs\":[8,9]}");
    finish(&f);
}
END_TEST

START_TEST(log_that_is_told_twice_counts_once)
{
    struct fixture f = make();
    ck_assert(read_text(&f, "{\"logs\":[1,2],\"logs\":[3]}"));
    ck_assert_uint_eq(f.change.fresh, 2);
    ck_assert_uint_eq(f.change.withdrawn, 0);
    ck_assert_uint_eq(logarray_count(metadata_log(f.metadata)), 2);
    finish(&f);
}
END_TEST

UNIT_MAIN("metadata", tcase_add_loop_test(tc, members_become_facts, 0,
                                          sizeof cases / sizeof *cases);
          tcase_add_test(tc, progress_that_goes_away_is_told_no_more);
          tcase_add_test(tc, log_that_goes_away_still_stands);
          tcase_add_test(tc, keys_can_be_chosen);
          tcase_add_test(tc, log_that_is_told_twice_counts_once))
