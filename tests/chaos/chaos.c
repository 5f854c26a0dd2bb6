/* Follows runs that may happen, with faults that may happen, and compares each
 * with the same run without faults.
 *
 *     RUNTAIL=… RUNTAIL_SIM=… chaos [--seed N] [--seeds N] [--jobs N]
 *                                   [--verbose]
 *
 * One seed is one run and a few sets of faults. Whatever a seed brought to
 * light, the same seed brings to light again. Exits 1 when anything is wrong.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"
#include "plan.h"
#include "play.h"

struct settings {
    uint64_t seed, seeds;
    unsigned jobs;
    bool verbose;
};

/* What a worker writes to its parent for each trial: small enough for a pipe
 * to take it whole. */
struct verdict {
    uint64_t seed;
    int trial;
    enum outcome outcome;
    double seconds;
    char way[24];
    char faults[200];
    char why[1000];
};

static void keep(const char *directory, const char *name,
                 const struct buf *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fwrite(buf_str(text), 1, text->len, file);
    fclose(file);
}

static void try_trial(const struct plan *plan, int number,
                      const struct play *want, const char *directory, int out,
                      bool verbose)
{
    const struct trial *trial = &plan->trials[number];
    struct play got;
    play(&got, plan, directory, trial->faults);
    struct told was = play_told(want), is = play_told(&got);
    struct verdict verdict = {
        .seed = plan->seed, .trial = number, .seconds = got.seconds};
    struct judge_rules rules = {trial->may_fail, plan->slides};
    verdict.outcome = judge(&was, &is, &rules, verdict.why, sizeof verdict.why);
    snprintf(verdict.way, sizeof verdict.way, "%s", plan->way);
    snprintf(verdict.faults, sizeof verdict.faults, "%s", trial->faults);
    if (verbose) {
        char name[40];
        snprintf(name, sizeof name, "trial-%d.out", number);
        keep(directory, name, &got.out);
        snprintf(name, sizeof name, "trial-%d.err", number);
        keep(directory, name, &got.err);
    }
    if (write(out, &verdict, sizeof verdict) != sizeof verdict)
        exit(99);
    play_free(&got);
}

static void try_seed(uint64_t seed, const char *directory, int out,
                     bool verbose)
{
    struct plan *plan = plan_create(seed);
    struct play want;
    play(&want, plan, directory, NULL);
    if (verbose)
        keep(directory, "without.out", &want.out);
    for (int i = 0; i < PLAN_TRIALS; i++)
        try_trial(plan, i, &want, directory, out, verbose);
    play_free(&want);
    plan_destroy(plan);
}

/* Every jobs-th seed, in a directory of its own. */
static void work(const struct settings *settings, unsigned number,
                 const char *directory, int out)
{
    char own[200];
    snprintf(own, sizeof own, "%s/%u", directory, number);
    if (mkdir(own, 0700) != 0)
        exit(99);
    for (uint64_t i = number; i < settings->seeds; i += settings->jobs)
        try_seed(settings->seed + i, own, out, settings->verbose);
    exit(0);
}

/* Tally. */

struct tally {
    unsigned long counts[OUTCOMES];
    unsigned long runs;
    double slowest;
    uint64_t slowest_seed;
};

static void count(struct tally *tally, const struct verdict *verdict,
                  bool verbose)
{
    tally->runs++;
    tally->counts[verdict->outcome]++;
    if (verdict->seconds > tally->slowest) {
        tally->slowest = verdict->seconds;
        tally->slowest_seed = verdict->seed;
    }
    if (verdict->outcome == OUTCOME_WRONG || verbose)
        printf("%s: SEED=%llu, set %d, %s, %.1f s, --fault %s%s%s\n",
               outcome_name(verdict->outcome),
               (unsigned long long)verdict->seed, verdict->trial, verdict->way,
               verdict->seconds, verdict->faults, *verdict->why ? "\n    " : "",
               verdict->why);
    fflush(stdout);
}

static bool report(const struct tally *tally, const struct settings *settings,
                   double seconds)
{
    printf("%lu runs with faults (seeds %llu to %llu) in %.0f s:\n",
           tally->runs, (unsigned long long)settings->seed,
           (unsigned long long)(settings->seed + settings->seeds - 1), seconds);
    for (int i = 0; i < OUTCOMES; i++)
        printf("%8lu %s\n", tally->counts[i], outcome_name((enum outcome)i));
    printf("the slowest took %.1f s (SEED=%llu)\n", tally->slowest,
           (unsigned long long)tally->slowest_seed);
    return tally->counts[OUTCOME_WRONG] == 0 &&
           tally->runs == settings->seeds * PLAN_TRIALS;
}

static uint64_t read_number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end) {
        fprintf(stderr, "chaos: \"%s\" is no number\n", text);
        exit(2);
    }
    return number;
}

static struct settings read_settings(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", required_argument, NULL, 's'},
        {"seeds", required_argument, NULL, 'n'},
        {"jobs", required_argument, NULL, 'j'},
        {"verbose", no_argument, NULL, 'v'},
        {0}};
    struct settings settings = {.seed = 1, .seeds = 1, .jobs = 2};
    int code;
    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (code == 's')
            settings.seed = read_number(optarg);
        else if (code == 'n')
            settings.seeds = read_number(optarg);
        else if (code == 'j')
            settings.jobs = (unsigned)read_number(optarg);
        else if (code == 'v')
            settings.verbose = true;
        else
            exit(2);
    }
    if (settings.jobs < 1)
        settings.jobs = 1;
    return settings;
}

static void start_workers(const struct settings *settings,
                          const char *directory, int ends[2])
{
    for (unsigned i = 0; i < settings->jobs; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            exit(99);
        }
        if (pid == 0) {
            close(ends[0]);
            work(settings, i, directory, ends[1]);
        }
    }
    close(ends[1]);
}

int main(int argc, char **argv)
{
    struct settings settings = read_settings(argc, argv);
    struct tally tally = {0};
    struct verdict verdict;
    char directory[] = "/tmp/chaos.XXXXXX";
    time_t begun = time(NULL);
    int ends[2];
    if (!getenv("RUNTAIL") || !getenv("RUNTAIL_SIM")) {
        fprintf(stderr, "chaos: RUNTAIL and RUNTAIL_SIM name the programs\n");
        return 2;
    }
    if (!mkdtemp(directory) || pipe(ends) != 0) {
        perror("chaos");
        return 99;
    }
    start_workers(&settings, directory, ends);
    while (read(ends[0], &verdict, sizeof verdict) == sizeof verdict)
        count(&tally, &verdict, settings.verbose);
    while (wait(NULL) > 0)
        ;
    if (settings.verbose) {
        printf("kept in %s\n", directory);
    } else {
        char command[100];
        snprintf(command, sizeof command, "rm -rf %s", directory);
        if (system(command) != 0)
            fprintf(stderr, "chaos: %s is left\n", directory);
    }
    return report(&tally, &settings, difftime(time(NULL), begun)) ? 0 : 1;
}
