/* The main() of a unit test program: one suite, the exit status says all.
 * Usage: UNIT_MAIN("buf", tcase_add_test(tc, a); tcase_add_loop_test(…);) */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* An assertion for loops of many rounds: Check's own tell the runner of each
 * round, which takes longer than what they check. */
#define unit_holds(condition)                                                  \
    ((condition) ? (void)0 : ck_abort_msg("not so: %s", #condition))

#define UNIT_MAIN(name, add_tests)                                             \
    int main(void)                                                             \
    {                                                                          \
        Suite *suite = suite_create(name);                                     \
        TCase *tc = tcase_create(name);                                        \
        tcase_set_timeout(tc, 120);                                            \
        add_tests;                                                             \
        suite_add_tcase(suite, tc);                                            \
        SRunner *runner = srunner_create(suite);                               \
        srunner_run_all(runner, CK_ENV);                                       \
        int failed = srunner_ntests_failed(runner);                            \
        srunner_free(runner);                                                  \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;                           \
    }

#endif
