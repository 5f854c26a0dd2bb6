/* The log of a run's metadata, one version a line: the elements are those of
 * the array, and what is said of the change holds. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/entry.h"
#include "wire/json_valid.h"
#include "wire/logarray.h"
#include "wire/metadata.h"

#include "fuzz.h"

static json_t *load(struct slice text)
{
    return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                      NULL);
}

/* The elements as jansson reads them, or the value itself as the only one. */
static json_t *elements_of(struct slice value)
{
    json_t *tree = load(value);
    if (!tree || json_is_array(tree))
        return tree;
    json_t *only = json_array();
    json_array_append_new(only, tree);
    return only;
}

static void check_entry(struct slice element)
{
    struct entry_store store = {0};
    struct log_entry entry = {0};
    entry_decode(&entry, &store, element, 7);
    FUZZ_CHECK(entry.message && utf8_valid(entry.message, entry.message_len));
    if (entry.data)
        FUZZ_CHECK(json_valid(entry.data, entry.data_len));
    entry_store_free(&store);
}

static void check_elements(const struct logarray *array, json_t *want)
{
    FUZZ_CHECK(logarray_count(array) == json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++) {
        struct slice text = logarray_element(array, i);
        json_t *element = load(text);
        FUZZ_CHECK(json_equal(element, json_array_get(want, i)));
        check_entry(text);
        json_decref(element);
    }
}

static void check_change(json_t *old, json_t *fresh,
                         const struct logarray_change *change)
{
    size_t before = json_array_size(old);
    FUZZ_CHECK(change->kept + change->withdrawn + change->slid == before);
    FUZZ_CHECK(change->kept + change->fresh == json_array_size(fresh));
    for (size_t i = 0; i < change->kept; i++)
        FUZZ_CHECK(json_equal(json_array_get(old, change->slid + i),
                              json_array_get(fresh, i)));
}

/* Returns what stands now; takes old. */
static json_t *take(struct logarray *array, struct slice line, json_t *old)
{
    struct logarray_change change;
    char *copy = fuzz_copy(line.data, line.len);
    const char *end = copy + line.len;
    const char *start = json_skip_space(copy, end);
    size_t count = logarray_count(array);
    const char *stop =
        start < end ? logarray_update(array, start, end, &change) : NULL;
    if (!stop) {
        FUZZ_CHECK(logarray_count(array) == count);
        free(copy);
        return old;
    }
    struct slice value = {start, (size_t)(stop - start)};
    FUZZ_CHECK(logarray_count(array) == change.kept + change.fresh);
    json_t *fresh = elements_of(value);
    if (fresh)
        check_elements(array, fresh);
    if (fresh && old)
        check_change(old, fresh, &change);
    json_decref(old);
    free(copy);
    return fresh;
}

/* The same lines as metadata objects, with their log in them. */
static void check_metadata(struct slice input)
{
    struct slice line;
    struct run_facts facts;
    struct logarray_change change;
    size_t count = 0;
    facts_init(&facts);
    struct metadata *metadata = metadata_create("progress", "logs", 0);
    while (fuzz_line(&input, &line)) {
        char *copy = fuzz_copy(line.data, line.len);
        metadata_read(metadata, (struct slice){copy, line.len}, false, &facts,
                      &change);
        FUZZ_CHECK(change.kept + change.withdrawn + change.slid == count);
        count = logarray_count(metadata_log(metadata));
        FUZZ_CHECK(change.kept + change.fresh == count);
        if (facts.metadata && json_valid(copy, line.len))
            FUZZ_CHECK(json_valid(facts.metadata, strlen(facts.metadata)));
        free(copy);
    }
    metadata_destroy(metadata);
    facts_free(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, rest = input, line;
    struct logarray *array = logarray_create();
    json_t *stands = json_array();
    while (fuzz_line(&rest, &line))
        stands = take(array, line, stands);
    json_decref(stands);
    logarray_destroy(array);
    check_metadata(input);
    return 0;
}
