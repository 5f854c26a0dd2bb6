#include "config.h"

#include "sim/script_expand.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* What the placeholders stand for in one round. */
struct round {
    long i;
    long n;
    long k;
};

/* "{i}", "{n}", "{k}", "{i*7}" … at text: its value; false for other braces. */
static bool read_placeholder(const char *text, const struct round *round,
                             long *value, size_t *len)
{
    switch (text[1]) {
    case 'i':
        *value = round->i;
        break;
    case 'n':
        *value = round->n;
        break;
    case 'k':
        *value = round->k;
        break;
    default:
        return false;
    }
    const char *p = text + 2;
    if (*p && strchr("+*%", *p)) {
        char *end;
        long operand = strtol(p + 1, &end, 10);
        if (end == p + 1 || operand <= 0)
            return false;
        *value = *p == '+'   ? *value + operand
                 : *p == '*' ? *value * operand
                             : *value % operand;
        p = end;
    }
    *len = (size_t)(p - text) + 1;
    return *p == '}';
}

static json_t *fill_text(json_t *text, const struct round *round)
{
    const char *p = json_string_value(text);
    size_t len = json_string_length(text);
    if (!memchr(p, '{', len))
        return json_incref(text);
    struct buf out = buf_make(0);
    for (size_t i = 0; i < len;) {
        long value;
        size_t used;
        if (p[i] == '{' && read_placeholder(p + i, round, &value, &used)) {
            buf_addf(&out, "%ld", value);
            i += used;
        } else {
            buf_addc(&out, p[i++]);
        }
    }
    /* A text that is one placeholder and nothing else is meant as a number
     * when it is marked so: "#{i*7}". */
    json_t *filled;
    if (p[0] == '#' && len > 1 && p[1] == '{')
        filled = json_integer(strtoll(buf_str(&out) + 1, NULL, 10));
    else
        filled = json_stringn(buf_str(&out), out.len);
    buf_free(&out);
    return filled;
}

/* A copy of value with every placeholder filled in. */
static json_t *fill(json_t *value, const struct round *round)
{
    if (json_is_string(value))
        return fill_text(value, round);
    if (json_is_array(value)) {
        json_t *copy = json_array();
        size_t i;
        json_t *item;
        json_array_foreach(value, i, item)
        {
            json_array_append_new(copy, fill(item, round));
        }
        return copy;
    }
    if (json_is_object(value)) {
        json_t *copy = json_object();
        const char *name;
        json_t *member;
        json_object_foreach(value, name, member)
        {
            json_object_set_new(copy, name, fill(member, round));
        }
        return copy;
    }
    return json_incref(value);
}

/* "range" members: numbers that move over the rounds; three decimals, as
 * tasks round them. */
static void fill_range(json_t *step, const struct round *round)
{
    json_t *range = json_incref(json_object_get(step, "range"));
    json_object_del(step, "range");
    const char *name;
    json_t *ends;
    json_object_foreach(range, name, ends)
    {
        double from = json_number_value(json_array_get(ends, 0));
        double to = json_number_value(json_array_get(ends, 1));
        double at = from + (to - from) * (double)round->i / (double)round->n;
        at = round->i == round->n ? to : floor(at * 1000) / 1000;
        json_object_set_new(step, name,
                            at == floor(at) ? json_integer((json_int_t)at)
                                            : json_real(at));
    }
    json_decref(range);
}

static void fill_cycle(json_t *step, struct round *round)
{
    json_t *cycle = json_incref(json_object_get(step, "cycle"));
    json_object_del(step, "cycle");
    json_t *list = json_object_get(cycle, "log");
    size_t size = json_array_size(list);
    json_int_t count = json_integer_value(json_object_get(cycle, "count"));
    if (size > 0 && count > 0) {
        json_t *log = json_array();
        for (json_int_t j = 0; j < count; j++) {
            size_t next = (size_t)round->k % size;
            round->k++;
            json_array_append_new(log, fill(json_array_get(list, next), round));
        }
        json_object_set_new(step, "log", log);
    }
    json_decref(cycle);
}

static json_t *fill_step(json_t *step, struct round *round)
{
    json_t *cycle = json_object_get(step, "cycle");
    json_t *filled = json_copy(step);
    if (cycle)
        fill_cycle(filled, round);
    json_t *whole = fill(filled, round);
    json_decref(filled);
    fill_range(whole, round);
    return whole;
}

static bool add_repetition(json_t *out, json_t *step, struct error *err)
{
    json_t *body = json_object_get(step, "steps");
    struct round round = {
        .n = (long)json_integer_value(json_object_get(step, "repeat"))};
    if (round.n <= 0 || json_array_size(body) == 0)
        return error_set(err, ERROR_USAGE,
                         "the scenario has a \"repeat\" without a positive "
                         "number or without \"steps\"");
    for (round.i = 1; round.i <= round.n; round.i++) {
        size_t j;
        json_t *inner;
        json_array_foreach(body, j, inner)
        {
            if (json_array_size(out) >= SCRIPT_MAX_STEPS)
                return error_set(err, ERROR_USAGE,
                                 "the scenario has more than %d steps",
                                 SCRIPT_MAX_STEPS);
            json_array_append_new(out, fill_step(inner, &round));
        }
    }
    return true;
}

json_t *script_expand(json_t *steps, struct error *err)
{
    json_t *out = json_array();
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        bool good = true;
        if (!json_is_object(step))
            good =
                error_set(err, ERROR_USAGE,
                          "step %zu of the scenario is not an object", i + 1);
        else if (json_object_get(step, "repeat"))
            good = add_repetition(out, step, err);
        else
            json_array_append(out, step);
        if (!good) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}
