/* Memory that is there or the program is not: every function ends the program
 * with a message when the system has none left, so no caller checks for NULL.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* What to do before that message: a screen gives the terminal back, or nobody
 * would read it. NULL: nothing. Must not want memory. */
void mem_set_last_act(void (*act)(void));

/* Returns size bytes, uninitialised. Free with free(). */
void *mem_alloc(size_t size);

/* Returns count * size zeroed bytes. The product is checked for overflow. */
void *mem_zalloc(size_t count, size_t size);

/* Grows or shrinks to count * size bytes; takes old (NULL is fine). */
void *mem_resize(void *old, size_t count, size_t size);

/* Returns size zeroed bytes in pages of their own, which take no memory before
 * they are touched; aligned to 2 MiB when size is a multiple of that. They go
 * back to the system with mem_unmap(). */
void *mem_map(size_t size);
void mem_unmap(void *bytes, size_t size);

/* Says of such bytes that all of them will be used: the system may give them
 * in large pages, then. */
void mem_will_fill(void *bytes, size_t size);

/* Returns a copy of text, NULL for NULL. */
char *mem_strdup(const char *text);

/* Returns a zero-terminated copy of len bytes, which may hold NULs. */
char *mem_strndup(const char *bytes, size_t len);

/* Overwrites size bytes in a way the compiler may not leave out; for secrets.
 */
void mem_wipe(void *bytes, size_t size);

/* Wipes and frees a secret text, and leaves NULL in its place. NULL there is
 * fine. */
void mem_forget(char **secret);

#endif
