/* The entries of a log: millions of them, appended at the end, read anywhere.
 *
 * Entries have absolute numbers, 0…, which never change. Text lives in blocks;
 * each entry costs its texts and about a dozen bytes. Blocks beyond the memory
 * allowed go to a spill, oldest first, and come back when they are read; where
 * there is none they are dropped. Withdrawn entries stay in place and are
 * flagged, so that numbers stay right. */
#ifndef MODEL_LOGSTORE_H
#define MODEL_LOGSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/event.h"

enum entry_kind {
    ENTRY_LOG,       /* a log line of the task */
    ENTRY_STEP,      /* a step begins here; text is its title */
    ENTRY_STATUS,    /* the run's status changed; text is the sentence */
    ENTRY_MARKER,    /* runtail's own remark: "log rewritten", "gap" */
    ENTRY_TEXT,      /* a line that a model wrote as its answer */
    ENTRY_REASONING, /* … that it thought */
    ENTRY_TOOL       /* … of what a tool was given or gave back */
};

/* A view of one stored entry; texts are valid until the store changes, or until
 * some far-away entries were read. */
struct entry {
    uint64_t number; /* absolute, 0… */
    uint64_t seq;    /* as in --json; 0: not a log entry */
    enum entry_kind kind;
    int64_t time_ms;
    bool time_is_arrival;
    bool withdrawn; /* the task took it back */
    bool is_title;  /* a log entry that only says its step's title again */
    bool hidden;    /* either: not to be shown; ignored when appending */
    bool open;      /* its text is still arriving; never of a stored entry */
    bool joins;     /* goes on where the entry of its step before it ended */
    enum log_level level;
    const char *level_word; /* only when it is not the level's usual word */
    const char *text;
    size_t text_len;
    const char *detail; /* JSON text; NULL: none */
    size_t detail_len;
    uint32_t step; /* index of the step it belongs to; NO_STEP: none */
};

#define NO_STEP UINT32_MAX

/* What an entry of the log is as one of the store, outside all steps. Its texts
 * are borrowed. */
struct entry logstore_entry(const struct log_entry *from);

struct logstore;

/* Where blocks go that memory has no room for: a file, as a rule. */
struct spill {
    void *context;
    /* Keeps len bytes; *where tells how to find them. False: no more room. */
    bool (*write)(void *context, const char *bytes, size_t len,
                  uint64_t *where);
    /* Gets them back. False: they are lost. */
    bool (*read)(void *context, uint64_t where, char *bytes, size_t len);
};

/* max_bytes: memory for blocks of 64 KiB, one at least (an entry that is larger
 * has one of its own); eight are held beyond that while old text is read. */
struct logstore *logstore_create(size_t max_bytes);

/* Copies *spill; what its context points to must outlive the store. */
void logstore_set_spill(struct logstore *store, const struct spill *spill);
void logstore_destroy(struct logstore *store);

/* Copies the entry in; its number field is ignored. Returns its number. */
uint64_t logstore_append(struct logstore *store, const struct entry *entry);

/* The same for many that are alike: of each, `like` with its text, and its seq
 * is one more than that of the one before it (unless 0). */
void logstore_append_alike(struct logstore *store, const struct entry *like,
                           const struct slice *texts, size_t count);

/* First number still held, and one past the last. Numbers before the first
 * were dropped. */
uint64_t logstore_first(const struct logstore *store);
uint64_t logstore_end(const struct logstore *store);

/* False when number is not held (too old or not there yet). */
bool logstore_get(const struct logstore *store, uint64_t number,
                  struct entry *out);

/* Entries that stand together, as bytes to look for text in. Before each text
 * stand a few other bytes and texts join, so that what is found there is to be
 * looked at again by logstore_get(). Valid as texts of entries are. */
struct logstore_piece {
    uint64_t first, end; /* the entries */
    const char *bytes;
    size_t len;
    char *bytes_end; /* of the block; the entries' places stand before it */
};

/* The piece that an entry lies in. False when it is not held. */
bool logstore_piece(const struct logstore *store, uint64_t number,
                    struct logstore_piece *out);

/* Where an entry of the piece begins; which one lies at a place in it. */
const char *logstore_piece_text(const struct logstore_piece *piece,
                                uint64_t number);
uint64_t logstore_piece_entry(const struct logstore_piece *piece,
                              const char *at);

/* The level of an entry of the piece. */
enum log_level logstore_piece_level(const struct logstore_piece *piece,
                                    uint64_t number);

/* Flags entries as withdrawn. */
void logstore_withdraw(struct logstore *store, uint64_t number);

/* Bytes of memory in use, all told. */
size_t logstore_memory(const struct logstore *store);

#endif
