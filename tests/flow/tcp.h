/* What the servers of tests share: ports of 127.0.0.1, requests and answers as
 * bytes. */
#ifndef TESTS_FLOW_TCP_H
#define TESTS_FLOW_TCP_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a free port; returns its socket, which is closed in programs that are
 * started. listens: false: whoever connects is refused. Ends the program where
 * there is none. */
int tcp_open(unsigned *port, bool listens);

/* Sends them all, unless the other side has left. */
void tcp_send(int fd, const char *bytes, size_t len);

/* Reads a request up to the empty line, or as far as it comes, as text; and
 * appends it to the file `log`, if not NULL. */
void tcp_read_head(int fd, char *head, size_t size, const char *log);

/* Ends an answer: the other side reads all of it before it sees the end. */
void tcp_end(int fd);

#endif
