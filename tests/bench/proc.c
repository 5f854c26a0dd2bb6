#include "config.h"

#include "proc.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static void add_status(struct proc *proc, const char *path)
{
    char line[256];
    unsigned long count;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &count) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &count) == 1)
            proc->switches += count;
        sscanf(line, "RssAnon: %ld", &proc->anon_kb);
        sscanf(line, "VmHWM: %ld", &proc->peak_kb);
    }
    if (file)
        fclose(file);
}

static void add_cpu(struct proc *proc, const char *path)
{
    unsigned long long ns;
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%llu", &ns) == 1)
        proc->cpu_ms += (double)ns / 1e6;
    if (file)
        fclose(file);
}

struct proc proc_read(pid_t pid)
{
    struct proc proc = {0};
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    const struct dirent *task;
    while (tasks && (task = readdir(tasks))) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid,
                 task->d_name);
        add_cpu(&proc, path);
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)pid,
                 task->d_name);
        add_status(&proc, path);
    }
    if (tasks)
        closedir(tasks);
    return proc;
}
