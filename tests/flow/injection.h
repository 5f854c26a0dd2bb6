/* Hostile texts, the doors they come in by, and a terminal that watches what
 * comes out of the program. */
#ifndef FLOW_INJECTION_H
#define FLOW_INJECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Texts. */

struct hostile {
    char *name;
    struct buf text;
    struct buf *never;       /* bytes that no output may hold … */
    struct buf *never_plain; /* … nor one that is no full screen */
    size_t never_count, never_plain_count;
    bool is_utf8;
    bool is_short; /* few enough columns to stand in one row */
    bool is_clean; /* nothing in it is to be changed */
};

/* All there are: own ones and, where path is a file, those of it. */
struct hostile *hostile_load(const char *path, size_t *count);
void hostile_free(struct hostile *all, size_t count);

/* A choice of them, by their places. */
struct batch {
    const struct hostile *all;
    const size_t *places;
    size_t count;
};

static inline const struct hostile *batch_at(const struct batch *batch,
                                             size_t i)
{
    return &batch->all[batch->places[i]];
}

/* In every door, text number `place` stands between these marks. tag: a small
 * letter, or "". */
void mark_before(struct buf *out, const char *tag, size_t place);
void mark_after(struct buf *out, const char *tag, size_t place);

/* Reads the mark that begins with the '<' at text. */
bool mark_read(const char *text, size_t *place);

/* Appends marks and text. */
void marked(struct buf *out, const struct batch *batch, size_t i,
            const char *tag);

/* The same as the inside of a JSON string, with as few escapes as JSON lets
 * one have. */
void marked_json(struct buf *out, const struct batch *batch, size_t i,
                 const char *tag);
void json_text(struct buf *out, const char *bytes, size_t len);

/* What servers answer. */

enum {
    SITE_NAME_SIZE = 40
};

/* To the number-th request, from 1, for a name, and to those after it that have
 * no other: the path's last part, "feed" for a run's. */
struct answer {
    char name[SITE_NAME_SIZE];
    unsigned number;
    struct buf bytes;
    struct buf when; /* words the screen must show before, one a line */
};

struct site {
    struct answer *answers;
    size_t count;
};

/* Returns where to put the answer's bytes. */
struct answer *site_add(struct site *site, const char *name, unsigned number);
void site_free(struct site *site);

/* How the program is run. */
enum form {
    FORM_SCREEN,
    FORM_PLAIN,
    FORM_COLOR, /* plain lines with colours */
    FORM_ASCII,
    FORM_JSON
};

struct door {
    const char *name;
    /* Fills the site (or the program's input) with all of the batch. */
    void (*fill)(struct site *site, struct buf *input,
                 const struct batch *batch);
    const char *arguments[8]; /* "URL" becomes the server's */
    unsigned forms;           /* 1u << enum form, those that are tried */
    size_t at_once;           /* texts in one run; 0: all */
    bool utf8_only;
    bool cuts;        /* the end of a text need not be shown */
    const char *keys; /* pressed before leaving */
    int width, height;
    bool nests;       /* JSON lines quote JSON */
    bool is_fleeting; /* what is seen need not stay to the end */
};

extern const struct door doors[];
extern const size_t door_count;

/* What came out. */
struct shot {
    struct buf bytes;  /* all, as the terminal got them */
    struct buf screen; /* the last one before leaving, a line a row */
    char *seen;        /* by place: marks that were on the screen */
    bool late;         /* it did not end, or what was awaited did not come */
    int status;        /* as waitpid() gave it */
    unsigned unknown;  /* sequences that the terminal does not know */
    char last_unknown[40];
};

/* Runs the program; false: it could not be. */
void stage_run(const struct door *door, enum form form, const char *program,
               const struct batch *batch, struct shot *shot);
void shot_free(struct shot *shot);

/* Appends what is wrong with it, a line a complaint. */
void judge(struct buf *complaints, const struct door *door, enum form form,
           const struct batch *batch, const struct shot *shot);

#endif
