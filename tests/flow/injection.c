/* Untrusted text through every door and in every form, in a pseudo terminal:
 * what the terminal gets is text, whatever was sent.
 *
 *   injection PROGRAM [CASES.json [DOOR [FORM]]]
 *
 * All texts go through a door in one run of the program, where they can. When
 * something is wrong with it, the texts are halved until it is known which ones
 * do it. Exit status 0: nothing is wrong. */
#include "config.h"

#include "injection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const form_names[] = {
    [FORM_SCREEN] = "screen", [FORM_PLAIN] = "plain", [FORM_COLOR] = "color",
    [FORM_ASCII] = "ascii",   [FORM_JSON] = "json",
};

enum {
    FORMS = sizeof form_names / sizeof *form_names,
    MOST_TOLD = 5 /* of a door and form */
};

static struct {
    const char *program;
    struct hostile *texts;
    size_t count;
    unsigned runs, passed, failed;
} test;

static void tell(const struct door *door, enum form form,
                 const struct batch *batch, const struct buf *complaints)
{
    printf("FAILED  %s, %s: %s%s\n%.2000s\n", door->name, form_names[form],
           batch_at(batch, 0)->name, batch->count > 1 ? " and others" : "",
           buf_str(complaints));
}

/* Returns how many things are wrong. */
static unsigned try_batch(const struct door *door, enum form form,
                          const struct batch *batch, unsigned told)
{
    struct buf complaints = buf_make(0);
    struct shot shot;
    unsigned wrong = 0;
    stage_run(door, form, test.program, batch, &shot);
    judge(&complaints, door, form, batch, &shot);
    shot_free(&shot);
    test.runs++;
    if (complaints.len && batch->count > 1 && told < MOST_TOLD) {
        size_t half = batch->count / 2;
        struct batch first = {batch->all, batch->places, half};
        struct batch rest = {batch->all, batch->places + half,
                             batch->count - half};
        wrong = try_batch(door, form, &first, told);
        wrong += try_batch(door, form, &rest, told + wrong);
    }
    if (complaints.len && !wrong) {
        wrong = 1;
        tell(door, form, batch, &complaints);
    }
    buf_free(&complaints);
    return wrong;
}

static void try_form(const struct door *door, enum form form)
{
    size_t *places = mem_zalloc(test.count, sizeof *places);
    size_t count = 0;
    unsigned wrong = 0;
    for (size_t i = 0; i < test.count; i++)
        if (!door->utf8_only || test.texts[i].is_utf8)
            places[count++] = i;
    size_t at_once = door->at_once ? door->at_once : count;
    for (size_t at = 0; at < count; at += at_once) {
        size_t left = count - at;
        struct batch batch = {test.texts, places + at,
                              left < at_once ? left : at_once};
        wrong += try_batch(door, form, &batch, wrong);
    }
    if (!wrong)
        printf("ok      %s, %s: %zu texts\n", door->name, form_names[form],
               count);
    fflush(stdout);
    test.failed += wrong;
    test.passed += (unsigned)count - wrong;
    free(places);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: injection PROGRAM [CASES.json [DOOR [FORM]]]\n", stderr);
        return 2;
    }
    test.program = argv[1];
    test.texts = hostile_load(argc > 2 ? argv[2] : NULL, &test.count);
    for (size_t i = 0; i < door_count; i++)
        for (unsigned form = 0; form < FORMS; form++)
            if ((doors[i].forms & 1u << form) &&
                (argc <= 3 || strcmp(argv[3], doors[i].name) == 0) &&
                (argc <= 4 || strcmp(argv[4], form_names[form]) == 0))
                try_form(&doors[i], (enum form)form);
    printf("%u of %u texts x outputs are safe, in %u runs\n", test.passed,
           test.passed + test.failed, test.runs);
    hostile_free(test.texts, test.count);
    return test.failed ? 1 : 0;
}
