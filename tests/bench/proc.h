/* What a process has used up to now, out of /proc. */
#ifndef TESTS_BENCH_PROC_H
#define TESTS_BENCH_PROC_H

#include <sys/types.h>

struct proc {
    double cpu_ms;          /* of all threads that are there */
    unsigned long switches; /* times it was woken up or put aside */
    long anon_kb, peak_kb;  /* memory of its own now; all, at most */
};

/* Zeroes when the process is gone. */
struct proc proc_read(pid_t pid);

#endif
