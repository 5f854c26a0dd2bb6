#include "config.h"

#include "app/demo.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/complain.h"
#include "app/exit_code.h"
#include "app/follow.h"
#include "app/settings.h"
#include "base/buf.h"
#include "base/mem.h"

#ifdef HAVE_SIM

#include "sim/sim.h"

static int list_scenarios(void)
{
    puts("Scenarios");
    for (size_t i = 0; i < sim_scenario_count(); i++)
        printf("  %-12s %s\n", sim_scenario_name(i), sim_scenario_about(i));
    puts("\nFaults (--fault NAME, or NAME@STATE)");
    for (size_t i = 0; i < sim_fault_count(); i++)
        printf("  %-16s %s\n", sim_fault_name(i), sim_fault_about(i));
    return EXIT_COMPLETED;
}

/* The simulator's threads must not take the signals meant for the viewer. */
static struct sim *start_without_signals(const struct sim_options *options,
                                         struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    struct sim *sim = sim_start(options, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sim;
}

/* Follows through a token endpoint, as a product's users do. */
static int follow_sim(const struct options *options, const struct sim *sim,
                      const char *scenario)
{
    struct buf token_url = buf_make(0), again = buf_make(0);
    buf_addf(&token_url, "%s/api/tasks/runs/token", sim_url(sim));
    buf_addf(&again, "the demo ends here; to play it again: runtail demo %s",
             scenario);
    if (options->speed < 1 || options->speed > 1)
        buf_addf(&again, " --speed %g", options->speed);
    struct settings settings = {
        .api_url = mem_strdup(sim_url(sim)),
        .token_url = buf_take(&token_url),
        .api_key = mem_strdup(sim_api_key(sim)),
        .progress_key = mem_strdup(options->progress_key ? options->progress_key
                                                         : "progress"),
        .log_key = mem_strdup(options->log_key ? options->log_key : "logs"),
    };
    int code = follow_run(options, &settings, sim_run_id(sim), buf_str(&again));
    settings_free(&settings);
    buf_free(&again);
    return code;
}

int demo_run(const struct options *options)
{
    struct error err = {0};
    bool on_screen = options->output == OUTPUT_AUTO && isatty(STDOUT_FILENO);
    if (options->list)
        return list_scenarios();
    struct sim_options sim_options = sim_options_default();
    sim_options.scenario = options->target ? options->target
                           : on_screen     ? "success"
                                           : "quick";
    sim_options.speed = options->speed;
    if (options->backend)
        sim_options.backend = options->backend;
    sim_options.fault = options->fault;
    struct sim *sim = start_without_signals(&sim_options, &err);
    if (!sim)
        return complain(&err);
    int code = follow_sim(options, sim, sim_options.scenario);
    sim_stop(sim);
    return code;
}

#else

int demo_run(const struct options *options)
{
    (void)options;
    fputs("runtail: this build has no simulator; build it with libmicrohttpd "
          "to have the demo\n",
          stderr);
    return EXIT_USAGE;
}

#endif
