#include "config.h"

#include "sim/agent.h"

#include <string.h>

#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/script_expand.h"

bool agent_read(struct agent *agent, json_t *object, struct error *err)
{
    if (!object)
        return true;
    json_t *steps = script_expand(json_object_get(object, "steps"), err);
    *agent = (struct agent){
        .object = object,
        .id = member_text(object, "id", "agent_1"),
        .as_array = json_is_true(json_object_get(object, "as_array")),
        .finals = (int)member_int(object, "finals", 1),
        .line_end = member_text(object, "line_end", "\n"),
        .piece = (size_t)member_int(object, "piece", 0),
    };
    return steps && timeline_read(&agent->timeline, steps, "the agent", err);
}

void agent_free(struct agent *agent)
{
    timeline_free(&agent->timeline);
    *agent = (struct agent){0};
}

enum agent_happening agent_happening(const struct agent *agent, size_t step)
{
    static const struct {
        const char *member;
        enum agent_happening what;
    } words[] = {{"eof", AGENT_EOF},
                 {"cut", AGENT_CUT},
                 {"reset", AGENT_CRASH},
                 {"gone", AGENT_GONE},
                 {"frame", AGENT_FRAME}};
    json_t *object = agent->timeline.items[step].step;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_object_get(object, words[i].member))
            return words[i].what;
    return AGENT_GROWS;
}

/* As the product's own helper appends: a line break before, none behind. */
static void add_line(struct agent_view *view, json_t *line)
{
    if (view->text.len > 0)
        buf_addc(&view->text, '\n');
    buf_add(&view->text, json_string_value(line), json_string_length(line));
}

static void apply_text(struct agent_view *view, json_t *step)
{
    json_t *text = json_object_get(step, "text");
    json_t *append = json_object_get(step, "append");
    json_t *line = json_object_get(step, "line");
    json_t *truncate = json_object_get(step, "truncate");
    size_t i;
    json_t *item;
    if (text) {
        buf_clear(&view->text);
        if (json_is_string(text))
            buf_add(&view->text, json_string_value(text),
                    json_string_length(text));
    }
    if (json_is_integer(truncate) &&
        (size_t)json_integer_value(truncate) < view->text.len)
        buf_truncate(&view->text, (size_t)json_integer_value(truncate));
    if (json_is_string(append))
        buf_add(&view->text, json_string_value(append),
                json_string_length(append));
    if (json_is_string(line))
        add_line(view, line);
    json_array_foreach(json_object_get(step, "lines"), i, item)
    {
        if (json_is_string(item))
            add_line(view, item);
    }
}

static void apply(struct agent_view *view, json_t *step)
{
    json_t *extra = json_object_get(step, "extra");
    json_t *error = json_object_get(step, "error");
    apply_text(view, step);
    view->status = member_text(step, "status", view->status);
    if (extra) {
        json_t *both = view->extra ? view->extra : json_object();
        json_object_update(both, extra);
        view->extra = both;
    }
    if (error)
        view->error = error;
    view->gone |= json_object_get(step, "gone") != NULL;
    view->applied++;
}

void agent_view_free(struct agent_view *view)
{
    buf_free(&view->text);
    json_decref(view->extra);
    *view = (struct agent_view){0};
}

void agent_view_go(struct agent_view *view, const struct agent *agent,
                   size_t count)
{
    if (count < view->applied)
        agent_view_free(view);
    if (!view->status)
        *view = (struct agent_view){.text = buf_make(0), .status = "running"};
    while (view->applied < count)
        apply(view, agent->timeline.items[view->applied].step);
}

bool agent_view_is_over(const struct agent_view *view)
{
    return strcmp(view->status, "completed") == 0 ||
           strcmp(view->status, "failed") == 0;
}

static void add_lines(struct buf *out, const struct buf *text)
{
    const char *p = buf_str(text);
    const char *end = p + text->len;
    buf_addc(out, '[');
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop ? stop : end) - p);
        js_add_string(out, p, len);
        p += len + (stop != NULL);
        if (p < end)
            buf_addc(out, ',');
    }
    buf_addc(out, ']');
}

static void add_begin(struct buf *out, const struct agent_view *view,
                      bool as_array)
{
    buf_adds(out, "{\"logs\":");
    if (as_array)
        add_lines(out, &view->text);
    else
        js_add_string(out, buf_str(&view->text), view->text.len);
    buf_adds(out, ",\"status\":");
    js_add_string(out, view->status, strlen(view->status));
}

void agent_view_add_frame(struct buf *out, const struct agent_view *view,
                          bool as_array, bool final)
{
    const char *name;
    json_t *value;
    add_begin(out, view, as_array);
    json_object_foreach(view->extra, name, value)
    {
        buf_addc(out, ',');
        js_add_string(out, name, strlen(name));
        buf_addc(out, ':');
        js_add_value(out, value);
    }
    buf_adds(out, final ? ",\"final\":true}" : "}");
}

void agent_view_add_poll(struct buf *out, const struct agent_view *view)
{
    add_begin(out, view, false);
    buf_adds(out, ",\"error\":");
    js_add_value(out, view->error);
    buf_addc(out, '}');
}
