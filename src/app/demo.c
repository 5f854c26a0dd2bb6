#include "config.h"

#include "app/demo.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
    static const struct {
        enum sim_source source;
        const char *head;
    } groups[] = {
        {SIM_RUN, "Scenarios: a run, as \"runtail RUN\" follows it"},
        {SIM_AGENT, "\nAn agent's log, as \"runtail agent ID\" follows it"},
        {SIM_SSE, "\nAn event stream, as \"runtail sse URL\" follows it"},
    };
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        puts(groups[g].head);
        for (size_t i = 0; i < sim_scenario_count(); i++)
            if (sim_scenario_source(i) == groups[g].source)
                printf("  %-13s %s\n", sim_scenario_name(i),
                       sim_scenario_about(i));
    }
    puts("\nFaults (--fault NAME, NAME@STATE or NAME@STATExTIMES)");
    for (size_t i = 0; i < sim_fault_count(); i++)
        printf("  %-18s %s\n", sim_fault_name(i), sim_fault_about(i));
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

static struct settings make_settings(const struct options *options,
                                     const struct sim *sim)
{
    struct buf token_url = buf_make(0);
    struct buf login = buf_make(0);
    buf_addf(&token_url, "%s/api/tasks/runs/token", sim_url(sim));
    bool agent = sim_source(sim) == SIM_AGENT;
    if (agent)
        buf_addf(&login, "echo '%s'", sim_agent_login());
    return (struct settings){
        .api_url = mem_strdup(sim_url(sim)),
        .token_url = buf_take(&token_url),
        .api_key = mem_strdup(sim_api_key(sim)),
        .token_cmd = agent ? buf_take(&login) : NULL,
        .progress_key = mem_strdup(options->progress_key ? options->progress_key
                                                         : "progress"),
        .log_key = mem_strdup(options->log_key ? options->log_key : "logs"),
    };
}

/* As a product's users do: a run by its token endpoint, an agent by a login, an
 * event stream by its address. */
static int follow_source(struct options *options, struct settings *settings,
                         const struct sim *sim, const char *again)
{
    struct buf text = buf_make(0);
    struct error err = {0};
    const char *name = sim_run_id(sim);
    if (sim_source(sim) == SIM_AGENT) {
        options->command = COMMAND_AGENT;
        options->target = name = sim_agent_id(sim);
    } else if (sim_source(sim) == SIM_SSE) {
        options->command = COMMAND_SSE;
        buf_addf(&text, "%s%s", sim_url(sim), sim_events_path(sim));
        options->target = name = buf_str(&text);
    }
    int code = settings_renew(settings, options, &err)
                   ? follow_run(options, settings, name, again)
                   : complain(&err);
    buf_free(&text);
    return code;
}

static int follow_sim(const struct options *options, const struct sim *sim,
                      const char *scenario)
{
    struct options chosen = *options;
    struct settings settings = make_settings(options, sim);
    struct buf again = buf_make(0);
    buf_addf(&again, "the demo ends here; to play it again: runtail demo %s",
             scenario);
    if (options->speed < 1 || options->speed > 1)
        buf_addf(&again, " --speed %g", options->speed);
    int code = follow_source(&chosen, &settings, sim, buf_str(&again));
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
