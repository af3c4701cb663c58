/* SPDX-License-Identifier: Apache-2.0 */
/* octet serve: a detector for Frigate, which sends frames and takes boxes. */
#include <stdlib.h>

#include "app/commands.h"
#include "app/options.h"
#include "app/output_file.h"
#include "models/model_file.h"
#include "models/names_file.h"
#include "serve/frigate_server.h"
#include "serve/serve_address.h"

struct serve_arguments {
    const char *frigate, *label_map;
    bool fixed;
    struct serve_settings settings;
};

/* Returns -1 when the verb shall go on, else what it shall return. */
static int parse(struct app *app, int argc, char **argv, struct serve_arguments *a,
                 struct operands *operands)
{
    const struct option options[] = {
        {"frigate", 0, OPTION_TEXT, "ADDRESS", "where Frigate asks: tcp://ADDRESS:PORT, ipc://PATH",
         &a->frigate, 0, 0, NULL},
        {"conf", 0, OPTION_REAL, "X", "lowest score, 0 to 1 (default: the model's own, else 0.25)",
         &a->settings.confidence, 0, 1, NULL},
        {"iou", 0, OPTION_REAL, "X",
         "overlap that suppresses a box, 0 to 1 (default: the model's own, else 0.7)",
         &a->settings.iou, 0, 1, NULL},
        {"imgsz", 0, OPTION_SIZE, "N|HxW",
         "size that is ready from the start (default: the model's)", &a->settings.size, 0, 0, NULL},
        RECT_OPTION(&a->settings.rect),
        {.name = "fixed-model",
         .help = "MODEL has every name that Frigate asks for; models sent are refused",
         .target = &a->fixed},
        {"labelmap", 0, OPTION_TEXT, "FILE", "also write the classes there, for labelmap_path",
         &a->label_map, 0, 0, NULL},
        NAMES_OPTION(app),
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
    };
    const struct command command = {
        .name = "serve",
        .operands = "MODEL",
        .summary = "find objects in the frames that Frigate sends",
        .notes = "Runs until SIGINT or SIGTERM. tcp://:5555 is this machine alone. See "
                 "octet-serve(1) and\ndocs/frigate.md.",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    int status;
    *a = (struct serve_arguments){.settings = {.confidence = -1, .iou = -1}};
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

/* One "NUMBER NAME" a line, as Frigate reads them. */
static int write_label_map(struct app *app, const octet_engine *engine, const char *path)
{
    octet_info info;
    struct output_file file;
    octet_engine_info(engine, &info);
    int status = output_open(&file, app, path);
    if (status != STATUS_DONE)
        return status;
    for (int i = 0; i < info.class_count; i++) {
        char *line = app_printf("%d %s", i, octet_engine_class_name(engine, i));
        size_t length = 0;
        for (; line[length]; length++)
            if (line[length] == '\n' || line[length] == '\r')
                line[length] = ' ';
        output_write(&file, line, length);
        output_write(&file, "\n", 1);
        free(line);
    }
    return output_commit(&file);
}

static void say_start(const struct served_model *model, const char *bound)
{
    octet_info info;
    struct app *app = model->app;
    const octet_session *session = sized_sessions_first(&model->sessions);
    octet_engine_info(model->engine, &info);
    if (serve_address_is_open(bound))
        app_say(app,
                "%s is more than this machine: whoever reaches it can have pictures looked "
                "at and send models",
                bound);
    app_say(app, "%s (%s, %dx%d, %d class%s, on %s) is served to Frigate at %s", model->name,
            precision_name(info.precision), octet_session_width(session),
            octet_session_height(session), info.class_count, info.class_count == 1 ? "" : "es",
            octet_session_device(session), bound);
}

/* Once the model is there. */
static int serve(struct frigate_server *server, const char *address)
{
    char *bound = NULL;
    struct app *app = server->app;
    int status = serve_address_check(app, address);
    if (status == STATUS_DONE)
        status = zeromq_bind(server->zeromq, address, &bound);
    if (status == STATUS_DONE) {
        say_start(server->models.model, bound);
        serve_report_begin(&server->report, app, bound, server->models.model->name);
        frigate_server_run(server);
        app_hold_signals(); /* closing takes a tenth of a second at most */
        zeromq_close(&server->zeromq);
        serve_address_remove(bound);
        app_forget_signal();
        app_release_signals();
        status = serve_report_end(&server->report, server->clients.came);
    }
    free(bound);
    return status;
}

int cmd_serve(struct app *app, int argc, char **argv)
{
    struct serve_arguments arguments;
    struct operands operands;
    char *address = NULL;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    if (!arguments.frigate)
        return app_usage(app, "--frigate is missing: octet serve MODEL --frigate "
                              "tcp://127.0.0.1:5555");
    struct frigate_server *server = app_alloc(1, sizeof *server);
    server->app = app;
    server->models = (struct served_models){
        .app = app, .settings = &arguments.settings, .fixed = arguments.fixed};
    struct served_model **model = &server->models.model;
    status = serve_address_parse(app, arguments.frigate, &address);
    if (status == STATUS_DONE)
        status = zeromq_open(app, &server->zeromq);
    if (status == STATUS_DONE)
        status = served_model_open(app, &arguments.settings, operands.text[0], model);
    if (status == STATUS_DONE && arguments.label_map)
        status = write_label_map(app, (*model)->engine, arguments.label_map);
    if (status == STATUS_DONE)
        status = serve(server, address);
    zeromq_close(&server->zeromq);
    served_models_free(&server->models);
    frame_pixels_free(&server->pixels);
    free(address);
    free(server);
    return status;
}
