/* Writes everything that is received into a file, as it comes, with its times,
 * and no secret: docs/recording.md. Where a recorder is taken, NULL is fine:
 * nothing is recorded then. */
#ifndef IO_RECORDER_H
#define IO_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/loop.h"
#include "wire/recording.h"

struct recorder;

/* Makes the file, for its owner only. One that is there and not empty is an
 * error (ERROR_USAGE) unless overwrite is set; pipes and devices are written
 * to. The loop's clocks are tied from now on. */
struct recorder *recorder_create(const char *file, bool overwrite,
                                 struct loop *loop, struct error *err);
void recorder_destroy(struct recorder *recorder);

/* Why nothing is recorded any more, one clause; NULL: it is. */
const char *recorder_failure(const struct recorder *recorder);

/* What is never to be written. */
void recorder_add_secret(struct recorder *recorder, const char *secret);
void recorder_add_secret_header(struct recorder *recorder, const char *header);

/* The first line; time is filled in here, and secrets are masked. */
void recorder_start(struct recorder *recorder,
                    const struct recording_start *start);

/* One request and its answer; NULL: it is not recorded. */
struct recorder_exchange;

/* headers: "Name: value"; those that are known to be harmless are kept. */
struct recorder_exchange *recorder_request(struct recorder *recorder,
                                           const char *method, const char *url,
                                           const char *const *headers);
/* head: "name: value\0" after another. */
void recorder_head(struct recorder_exchange *exchange, long status,
                   const struct buf *head);
void recorder_body(struct recorder_exchange *exchange, const char *bytes,
                   size_t len);
void recorder_redirect(struct recorder_exchange *exchange, const char *url);

/* The end; the exchange is gone then. how: "complete", "canceled", or why it
 * failed; reason: in words, or NULL. */
void recorder_done(struct recorder_exchange *exchange, const char *how,
                   const char *reason);

/* Bytes of standard input; none: its end, with the reason if it failed. */
void recorder_input(struct recorder *recorder, const char *bytes, size_t len,
                    const char *reason);

/* What came of the number-th wish for a token: one that expires then, or why
 * there is none. */
void recorder_token(struct recorder *recorder, int number, int64_t expires_ms,
                    const struct error *err, int64_t retry_after_ms);

/* The computer or the program was stopped, and goes on: the source looks
 * whether its connection still stands. */
void recorder_wake(struct recorder *recorder);

/* Following is over. how: "ended", "left", "timeout" or "signal" with its
 * number. */
void recorder_close(struct recorder *recorder, const char *how, int number);

/* The kind of an error as recordings name it. */
enum error_kind recorder_kind(const char *name);

#endif
