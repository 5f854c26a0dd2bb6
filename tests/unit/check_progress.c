#include "config.h"

#include "wire/progress.h"

#include <math.h>
#include <string.h>

#include "unit.h"

static struct run_progress read_text(struct progress_reader *reader,
                                     const char *text, bool completed)
{
    struct slice value = {text, text ? strlen(text) : 0};
    return progress_read(reader, value, completed);
}

enum {
    NONE = -2, /* not told */
    ODD = -1   /* told, but not usable */
};

static void assert_ratio(const struct run_progress *got, double want)
{
    if (want < 0) {
        ck_assert_int_eq(got->kind,
                         want < -1.5 ? PROGRESS_NONE : PROGRESS_UNKNOWN);
        return;
    }
    ck_assert_int_eq(got->kind, PROGRESS_RATIO);
    ck_assert_double_eq_tol(got->ratio, want, 1e-9);
}

static const struct {
    const char *value;
    double ratio;
} values[] = {
    {NULL, NONE},
    {"null", ODD},
    {"true", ODD},
    {"\"soon\"", ODD},
    {"\"\"", ODD},
    {"[1]", ODD},
    {"-1", ODD},
    {"-0.5", ODD},
    {"\"NaN\"", ODD},
    {"\"inf\"", ODD},
    {"\"0x10\"", ODD},
    {"1e999", ODD},
    {"\"42 of 50\"", ODD},
    {"\"%\"", ODD},
    {"0", 0},
    {"-0", 0},
    {"0.25", 0.25},
    {"2.5e-1", 0.25},
    {"42", 0.42},
    {"100", 1},
    {"140", 1},
    {"1.4", 0.014},
    {"\"42\"", 0.42},
    {"\"0.5\"", 0.5},
    {"\"42%\"", 0.42},
    {"\" 42 % \"", 0.42},
    {"\"0.5%\"", 0.005},
    {"\"250%\"", 1},
    {"{\"current\":3,\"total\":12}", 0.25},
    {"{\"completed\":\"3\",\"total\":12}", 0.25},
    {"{\"total\":4,\"current\":9}", 1},
    {"{\"current\":0,\"total\":4}", 0},
    {"{\"current\":3,\"total\":0}", ODD},
    {"{\"current\":-3,\"total\":5}", ODD},
    {"{\"current\":3}", ODD},
    {"{\"total\":3}", ODD},
    {"{\"current\":null,\"total\":{}}", ODD},
    {"{}", ODD},
    {"{\"current\":3,\"total\":", ODD},
};

START_TEST(first_value_is_read)
{
    struct progress_reader reader = {.scale = SCALE_AUTO};
    struct run_progress got = read_text(&reader, values[_i].value, false);
    assert_ratio(&got, values[_i].ratio);
}
END_TEST

struct step {
    const char *value;
    bool completed;
    double ratio;
};

static const struct step stories[][5] = {
    /* a value above 1 proves percents from then on */
    {{"0", false, 0},
     {"1", false, 0.01},
     {"7", false, 0.07},
     {"0.5", false, 0.005},
     {"1", false, 0.01}},
    /* a fraction tells what 1 means */
    {{"0.1", false, 0.1},
     {"0.9", false, 0.9},
     {"1", false, 1},
     {"1", true, 1},
     {"0.3", false, 0.3}},
    /* 1 alone: percent while it runs, all of it at the end */
    {{"0", false, 0},
     {"1", false, 0.01},
     {"1.0", false, 0.01},
     {"1", true, 1},
     {"1", false, 0.01}},
    {{"50", false, 0.5},
     {"1", true, 1},
     {"99.5", false, 0.995},
     {"100", true, 1},
     {"40", true, 0.4}},
    /* what cannot be read teaches nothing */
    {{"\"x\"", false, ODD},
     {"-5", false, ODD},
     {"0.5", false, 0.5},
     {NULL, false, NONE},
     {"1", false, 1}},
    /* strings with a percent sign say nothing of bare numbers */
    {{"\"50%\"", false, 0.5},
     {"0.5", false, 0.5},
     {"{\"current\":50,\"total\":100}", false, 0.5},
     {"1", false, 1},
     {"\"1\"", false, 1}},
};

START_TEST(scale_is_learnt_and_kept)
{
    struct progress_reader reader = {.scale = SCALE_AUTO};
    for (size_t i = 0; i < 5; i++) {
        const struct step *step = &stories[_i][i];
        struct run_progress got =
            read_text(&reader, step->value, step->completed);
        assert_ratio(&got, step->ratio);
    }
}
END_TEST

START_TEST(scale_can_be_given)
{
    struct progress_reader fraction = {.scale = SCALE_FRACTION};
    struct progress_reader percent = {.scale = SCALE_PERCENT};
    struct run_progress got = read_text(&fraction, "1", false);
    assert_ratio(&got, 1);
    got = read_text(&fraction, "7", false);
    assert_ratio(&got, 1);
    got = read_text(&fraction, "0.5", false);
    assert_ratio(&got, 0.5);
    got = read_text(&percent, "0.5", false);
    assert_ratio(&got, 0.005);
    got = read_text(&percent, "1", true);
    assert_ratio(&got, 0.01);
    got = read_text(&percent, "\"50%\"", false);
    assert_ratio(&got, 0.5);
}
END_TEST

START_TEST(pair_keeps_its_numbers)
{
    struct progress_reader reader = {.scale = SCALE_AUTO};
    struct run_progress got =
        read_text(&reader, "{\"current\":3,\"total\":12}", false);
    ck_assert_double_eq_tol(got.current, 3, 1e-9);
    ck_assert_double_eq_tol(got.total, 12, 1e-9);
    got = read_text(&reader, "0.5", false);
    ck_assert(isnan(got.current) && isnan(got.total));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("progress",
          tcase_add_loop_test(tc, first_value_is_read, 0, COUNT(values));
          tcase_add_loop_test(tc, scale_is_learnt_and_kept, 0, COUNT(stories));
          tcase_add_test(tc, scale_can_be_given);
          tcase_add_test(tc, pair_keeps_its_numbers))
