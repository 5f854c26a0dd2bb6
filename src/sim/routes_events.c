/* /events/NAME: an event stream of no product in particular. */
#include "config.h"

#include <string.h>

#include "sim/drip.h"
#include "sim/events.h"
#include "sim/member.h"
#include "sim/routes.h"

static const char path_begin[] = "/events/";

static void answer_text(struct answer *answer, unsigned status,
                        const char *type, const char *text)
{
    answer->status = status;
    answer->chunked = false;
    fields_add(&answer->headers, "Content-Type", type);
    buf_adds(&answer->body, text);
}

/* An answer that the scenario words itself; false: the stream is given. */
static bool answer_other(const struct event_feed *feed, struct answer *answer)
{
    const char *to = member_text(feed->object, "redirect", NULL);
    const char *body = member_text(feed->object, "body", NULL);
    unsigned status =
        (unsigned)member_int(feed->object, "status", to ? 302 : 200);
    if (!to && !body && status == 200)
        return false;
    answer_text(answer, status,
                member_text(feed->object, "content_type", "text/plain"),
                body ? body : "");
    if (to)
        fields_add(&answer->headers, "Location", to);
    return true;
}

static bool is_let_in(const struct event_feed *feed,
                      const struct request *request, struct answer *answer)
{
    const char *token = member_text(feed->object, "token", NULL);
    const char *header = fields_get(&request->headers, "authorization");
    if (!token || (header && strncmp(header, "Bearer ", 7) == 0 &&
                   strcmp(header + 7, token) == 0))
        return true;
    answer_text(answer, 401, "application/json",
                "{\"error\":\"Unauthorized\"}");
    return false;
}

static void answer_feed(struct world *world, const struct request *request,
                        const struct moment *moment, struct event_feed *feed,
                        struct answer *answer)
{
    const char *id = fields_get(&request->headers, "last-event-id");
    if (!is_let_in(feed, request, answer) || answer_other(feed, answer))
        return;
    if (event_feed_is_over(feed, id)) {
        answer->status = 204;
        return;
    }
    struct drip_form form = {feed->line_end, feed->piece, FAULT_EVENTS_BODY};
    event_feed_open(answer, world, feed, id, moment);
    drip_wrap(answer, world, &form);
    answer->status = 200;
    answer->chunked = true;
    fields_add(&answer->headers, "Content-Type",
               member_text(feed->object, "content_type", "text/event-stream"));
    fields_add(&answer->headers, "Cache-Control", "no-store");
}

bool routes_events(struct world *world, const struct request *request,
                   const struct moment *moment, struct answer *answer)
{
    if (strncmp(request->path, path_begin, sizeof path_begin - 1) != 0)
        return false;
    int64_t now_ms = world_now_ms(world, moment);
    struct event_feed *feed =
        event_feeds_find(&world->events, request->path + sizeof path_begin - 1);
    if (!feed) {
        answer_text(answer, 404, "text/plain", "no such stream");
        return true;
    }
    world_start(world, now_ms);
    if (!routes_fault(world, FAULT_EVENTS, now_ms, answer))
        answer_feed(world, request, moment, feed, answer);
    return true;
}
