/* SPDX-License-Identifier: Apache-2.0 */
/* octet watch's options, and the cameras that its operands name. */
#include "watch/watch_arguments.h"

#include <stdlib.h>

#include "models/names_file.h"
#include "models/sized_sessions.h"

#define MAX_AGE_MS 1000
#define DURATION_S_MAX 1e9
#define SPEED_MIN 0.01
#define SPEED_MAX 100

/* What points into argv, which struct watch_targets has copies of. */
struct given {
    const char *classes, *output, *socket, *mqtt, *topic, *certificates, *http;
};

static int parse(struct app *app, int argc, char **argv, struct watch_arguments *a,
                 struct given *given, struct operands *operands)
{
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, "FILE", "add the lines to FILE (default: standard output)",
         &given->output, 0, 0, NULL},
        {"mqtt", 0, OPTION_TEXT, "ADDRESS",
         "also to a broker: mqtt[s]://[USER:PASSWORD@]HOST[:PORT]", &given->mqtt, 0, 0, NULL},
        {"mqtt-topic", 0, OPTION_TEXT, "PREFIX", "its topics begin so (default: octet)",
         &given->topic, 0, 0, NULL},
        {"mqtt-ca", 0, OPTION_TEXT, "FILE",
         "certificates that vouch for it (default: the system's)", &given->certificates, 0, 0,
         NULL},
        {"socket", 0, OPTION_TEXT, "PATH", "also to all who connect to this Unix socket",
         &given->socket, 0, 0, NULL},
        {"http", 0, OPTION_TEXT, "[HOST:]PORT",
         "serve /metrics and /healthz (HOST: 127.0.0.1 unless given)", &given->http, 0, 0, NULL},
        {"conf", 0, OPTION_REAL, "X", "lowest score, 0 to 1 (default: the model's own, else 0.25)",
         &a->camera.confidence, 0, 1, NULL},
        {"iou", 0, OPTION_REAL, "X",
         "overlap that suppresses a box, 0 to 1 (default: the model's own, else 0.7)",
         &a->camera.iou, 0, 1, NULL},
        {"classes", 0, OPTION_LIST, "LIST", "only these classes: names or numbers, e.g. person,2",
         &given->classes, 0, 0, NULL},
        {"fps", 0, OPTION_REAL, "X", "most frames a second of a camera (default: all)",
         &a->camera.fps, 0, CAMERA_FPS_MAX, NULL},
        {"max-age", 0, OPTION_REAL, "MS",
         "no camera's newest result is to be older (default 1000; 0: any age)",
         &a->settings.max_age_ms, 0, MAX_AGE_MS_MAX, NULL},
        {"duration", 0, OPTION_REAL, "S", "end after so many seconds", &a->duration_s, 0,
         DURATION_S_MAX, NULL},
        {.name = "loop", .help = "films begin anew when they end", .target = &a->settings.loops},
        {"speed", 0, OPTION_REAL, "X", "of films (default 1: as they were taken)",
         &a->settings.speed, SPEED_MIN, SPEED_MAX, NULL},
        {.name = "drift",
         .help = "watch an INT8 engine's codes: are the pictures still as calibrated for?",
         .target = &a->settings.drift},
        {"workers", 0, OPTION_INTEGER, "N",
         "frames looked at together (default: one a core, or one a camera)", &a->workers, 1,
         WATCH_WORKERS_MAX, NULL},
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &a->size, 0, 0,
         NULL},
        RECT_OPTION(&a->rect),
        NAMES_OPTION(app),
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
    };
    const struct command command = {
        .name = "watch",
        .operands = "MODEL CAMERAS.yaml|SOURCE...",
        .summary = "find objects in what many cameras see",
        .notes = "Runs until SIGINT or SIGTERM, or until all films have ended. Of each camera the "
                 "newest frame is\nlooked at. --json: a summary at the end, and lines only where "
                 "they are asked for. See\noctet-watch(1) and docs/cameras.md.",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 2,
        .operands_maximum = -1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

static char *copy(const char *text)
{
    return text ? app_strdup(text) : NULL;
}

int watch_arguments_parse(struct app *app, int argc, char **argv, struct watch_arguments *arguments,
                          struct operands *operands)
{
    struct given given = {0};
    *arguments = (struct watch_arguments){
        .camera = {.confidence = -1, .iou = -1, .weight = 1},
        .settings = {.max_age_ms = -1, .speed = 1},
    };
    const int status = parse(app, argc, argv, arguments, &given, operands);
    if (status >= 0)
        return status;
    if (app->json && given.output && given.output[0] == '-' && !given.output[1])
        return app_usage(app, "--json and -o -: standard output is for one of them");
    arguments->camera.classes = copy(given.classes);
    arguments->targets = (struct watch_targets){.output = copy(given.output),
                                                .socket = copy(given.socket),
                                                .mqtt = copy(given.mqtt),
                                                .topic = copy(given.topic),
                                                .certificates = copy(given.certificates),
                                                .http = copy(given.http)};
    return -1;
}

/* Takes over what the command line does not say. */
static void take_over(char **target, char **from)
{
    if (*target)
        free(*from);
    else
        *target = *from;
    *from = NULL;
}

static void take_file(struct watch_arguments *arguments, struct cameras_file *file)
{
    struct watch_targets *to = &arguments->targets, *from = &file->targets;
    take_over(&to->output, &from->output);
    take_over(&to->socket, &from->socket);
    take_over(&to->mqtt, &from->mqtt);
    take_over(&to->topic, &from->topic);
    take_over(&to->certificates, &from->certificates);
    take_over(&to->http, &from->http);
    if (arguments->settings.max_age_ms < 0)
        arguments->settings.max_age_ms = file->max_age_ms;
}

static int add_operand(struct app *app, struct watch_arguments *arguments, const char *operand,
                       struct cameras_file *file, struct camera_list *cameras)
{
    struct camera_settings *added;
    return cameras_file_is(operand)
               ? cameras_file_read(app, operand, &arguments->camera, cameras, file)
               : camera_list_add(app, cameras, &arguments->camera, NULL, operand, &added);
}

int watch_arguments_cameras(struct app *app, struct watch_arguments *arguments,
                            const struct operands *operands, struct camera_list *cameras)
{
    struct cameras_file file = {.max_age_ms = -1};
    int status = STATUS_DONE;
    for (int i = 1; i < operands->count && status == STATUS_DONE; i++)
        status = add_operand(app, arguments, operands->text[i], &file, cameras);
    take_file(arguments, &file);
    if (arguments->settings.max_age_ms < 0)
        arguments->settings.max_age_ms = MAX_AGE_MS;
    struct watch_targets *targets = &arguments->targets;
    if (status == STATUS_DONE && (targets->topic || targets->certificates) && !targets->mqtt)
        status = app_usage(app, "a broker's topic and certificates go with its address: --mqtt");
    return status;
}

void watch_arguments_free(struct watch_arguments *arguments)
{
    free(arguments->camera.classes);
    watch_targets_free(&arguments->targets);
}
