#include "config.h"

#include "wire/status.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *word;
    const char *api; /* the API's word of today */
    bool terminal, failure;
} words[] = {
    {"DELAYED", "DELAYED", false, false},
    {"PENDING", "QUEUED", false, false},
    {"QUEUED", "QUEUED", false, false},
    {"PENDING_VERSION", "PENDING_VERSION", false, false},
    {"WAITING_FOR_DEPLOY", "PENDING_VERSION", false, false},
    {"DEQUEUED", "DEQUEUED", false, false},
    {"EXECUTING", "EXECUTING", false, false},
    {"RETRYING_AFTER_FAILURE", "EXECUTING", false, false},
    {"REATTEMPTING", "EXECUTING", false, false},
    {"WAITING_TO_RESUME", "WAITING", false, false},
    {"PAUSED", "WAITING", false, false},
    {"FROZEN", "WAITING", false, false},
    {"WAITING", "WAITING", false, false},
    {"CANCELED", "CANCELED", true, false},
    {"INTERRUPTED", "FAILED", true, true},
    {"COMPLETED_SUCCESSFULLY", "COMPLETED", true, false},
    {"COMPLETED", "COMPLETED", true, false},
    {"COMPLETED_WITH_ERRORS", "FAILED", true, true},
    {"FAILED", "FAILED", true, true},
    {"SYSTEM_FAILURE", "SYSTEM_FAILURE", true, true},
    {"CRASHED", "CRASHED", true, true},
    {"EXPIRED", "EXPIRED", true, false},
    {"TIMED_OUT", "TIMED_OUT", true, true},
    {"pending", "EXECUTING", false, false},
    {"complete", "COMPLETED", true, false},
    {"failed", "FAILED", true, true},
    {"UNKNOWN", "UNKNOWN", false, false},
    {"executing", "UNKNOWN", false, false},
    {"EXECUTING ", "UNKNOWN", false, false},
    {"EXEC", "UNKNOWN", false, false},
    {"", "UNKNOWN", false, false},
};

START_TEST(word_of_any_vocabulary_is_known)
{
    const char *word = words[_i].word;
    enum run_status status = status_from_word(word, strlen(word));
    ck_assert_str_eq(status_word(status), words[_i].api);
    ck_assert_int_eq(status_is_terminal(status), words[_i].terminal);
    ck_assert_int_eq(status_is_failure(status), words[_i].failure);
}
END_TEST

START_TEST(length_bounds_the_word)
{
    ck_assert_int_eq(status_from_word("FAILED,", 6), STATUS_FAILED);
    ck_assert_int_eq(status_from_word("FAILED\0", 7), STATUS_UNKNOWN);
}
END_TEST

START_TEST(every_status_has_a_word_of_its_own)
{
    for (int i = STATUS_UNKNOWN + 1; i < STATUS_COUNT; i++) {
        const char *word = status_word((enum run_status)i);
        ck_assert_int_eq(status_from_word(word, strlen(word)), i);
    }
}
END_TEST

UNIT_MAIN("status", tcase_add_loop_test(tc, word_of_any_vocabulary_is_known, 0,
                                        sizeof words / sizeof *words);
          tcase_add_test(tc, length_bounds_the_word);
          tcase_add_test(tc, every_status_has_a_word_of_its_own))
