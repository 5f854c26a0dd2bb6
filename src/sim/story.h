/* Writes out what a scenario's stream says in short: a text that comes word by
 * word at the pace of a model, a call of a tool with its arguments and its
 * result. Pure. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include <jansson.h>

#include "base/error.h"

/* Returns a new array of plain steps ("after_ms" or "at_ms", "part" …), or
 * NULL with *err set. A step with "words", "text", "reasoning", "chat" or
 * "tool" becomes many steps with one part each; any other stays as it is. The
 * members are described in docs/scenarios.md. words_per_s: the pace where a
 * step has none; 0: the usual one. */
json_t *story_expand(json_t *steps, double words_per_s, struct error *err);

#endif
