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

static char *url_of(const struct sim *sim, const char *path)
{
    struct buf url = buf_make(0);
    buf_addf(&url, "%s%s", sim_url(sim), path);
    return buf_take(&url);
}

static struct settings make_settings(const struct options *options,
                                     const struct sim *sim,
                                     const struct sim_scene *scene)
{
    struct buf login = buf_make(0);
    bool agent = sim_source(sim) == SIM_AGENT;
    if (agent)
        buf_addf(&login, "echo '%s'", sim_agent_login());
    return (struct settings){
        .api_url = mem_strdup(sim_url(sim)),
        .token_url = scene->mint ? NULL : url_of(sim, "/api/tasks/runs/token"),
        .poll_url = scene->poll_url ? url_of(sim, "/api/tasks/runs") : NULL,
        .api_key = mem_strdup(sim_api_key(sim)),
        .secret_key = scene->mint ? mem_strdup(sim_secret_key(sim)) : NULL,
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
                      const struct sim_scene *scene)
{
    struct options chosen = *options;
    struct settings settings = make_settings(options, sim, scene);
    struct buf again = buf_make(0);
    chosen.poll_only = options->poll_only || scene->poll;
    buf_addf(&again, "the demo ends here; to play it again: runtail demo %s",
             scene->scenario);
    if (options->fault)
        buf_addf(&again, " --fault %s", options->fault);
    if (options->speed < 1 || options->speed > 1)
        buf_addf(&again, " --speed %g", options->speed);
    int code = follow_source(&chosen, &settings, sim, buf_str(&again));
    settings_free(&settings);
    buf_free(&again);
    return code;
}

/* A fault that nobody can see is an error, and not a demo of something else. */
static bool check_scene(const struct sim *sim, const struct options *options,
                        const struct sim_scene *scene, const char *fitting,
                        struct error *err)
{
    if (options->poll_only && scene->feed)
        return error_set(err, ERROR_USAGE,
                         "--fault %s spoils what --poll does not ask for; "
                         "leave out --poll",
                         options->fault);
    if (options->no_streams && scene->streams)
        return error_set(err, ERROR_USAGE,
                         "--fault %s spoils a stream; leave out --no-streams",
                         options->fault);
    if (sim_has_scene(sim, scene))
        return true;
    return error_set(err, ERROR_USAGE,
                     "in \"%s\" there is nothing that --fault %s could spoil; "
                     "try: runtail demo %s --fault %s",
                     scene->scenario, options->fault, fitting, options->fault);
}

/* Takes the scenario that was named, or else one that shows the faults. */
static int play(const struct options *options, struct sim_scene *scene)
{
    struct error err = {0};
    struct buf faults = buf_make(0);
    bool on_screen = options->output == OUTPUT_AUTO && isatty(STDOUT_FILENO);
    const char *fitting = scene->scenario ? scene->scenario
                          : on_screen     ? "success"
                                          : "quick";
    struct sim_options sim_options = sim_options_default();
    scene->scenario = options->target ? options->target : fitting;
    sim_options.scenario = scene->scenario;
    sim_options.speed = options->speed;
    if (options->backend)
        sim_options.backend = options->backend;
    if (options->fault)
        buf_addf(&faults, "%s%s", scene->mint_older ? "mint-404," : "",
                 options->fault);
    sim_options.fault = options->fault ? buf_str(&faults) : NULL;
    struct sim *sim = start_without_signals(&sim_options, &err);
    int code = sim && check_scene(sim, options, scene, fitting, &err)
                   ? follow_sim(options, sim, scene)
                   : complain(&err);
    sim_stop(sim);
    buf_free(&faults);
    return code;
}

int demo_run(const struct options *options)
{
    struct error err = {0};
    struct sim_scene scene;
    if (options->list)
        return list_scenarios();
    if (!sim_scene_of(&scene, options->fault, &err))
        return complain(&err);
    return play(options, &scene);
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
