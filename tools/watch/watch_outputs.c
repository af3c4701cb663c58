/* SPDX-License-Identifier: Apache-2.0 */
/* Hands lines to every output that is open. */
#include "watch/watch_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "watch/outputs/line_output.h"
#include "watch/outputs/mqtt_output.h"
#include "watch/outputs/mqtt_topic.h"
#include "watch/outputs/socket_output.h"
#include "watch/watch_event.h"

struct watch_outputs {
    struct app *app;
    struct line_output *lines;
    struct socket_output *socket;
    struct mqtt_output *mqtt;
};

int watch_outputs_open(struct app *app, const struct watch_targets *targets,
                       struct watch_outputs **outputs)
{
    struct watch_outputs *open = *outputs = app_alloc(1, sizeof *open);
    const bool only_lines = !targets->socket && !targets->mqtt && !app->json;
    int status = STATUS_DONE;
    open->app = app;
    if (targets->output || only_lines)
        status = line_output_open(app, targets->output, &open->lines);
    if (status == STATUS_DONE && targets->socket)
        status = socket_output_open(app, targets->socket, &open->socket);
    if (status == STATUS_DONE && targets->mqtt) {
        const struct mqtt_output_settings settings = {.address = targets->mqtt,
                                                      .prefix = targets->topic,
                                                      .authorities = targets->certificates};
        status = mqtt_output_open(app, &settings, &open->mqtt);
    }
    if (status != STATUS_DONE)
        watch_outputs_close(outputs);
    return status;
}

static void send_line(struct watch_outputs *outputs, const char *line)
{
    const size_t length = strlen(line);
    if (outputs->lines)
        line_output_write(outputs->lines, line, length);
    if (outputs->socket)
        socket_output_write(outputs->socket, line, length);
}

/* To PREFIX/CAMERA/what. */
static void publish(struct watch_outputs *outputs, const char *camera, const char *what,
                    const char *line, bool retain)
{
    if (!outputs->mqtt)
        return;
    char *level = mqtt_level(camera), *topic = app_printf("%s/%s", level, what);
    mqtt_output_publish(outputs->mqtt, topic, line, retain);
    free(topic);
    free(level);
}

void watch_outputs_result(struct watch_outputs *outputs, const char *camera, const char *line,
                          bool is_news)
{
    send_line(outputs, line);
    if (is_news)
        publish(outputs, camera, "detections", line, false);
}

void watch_outputs_state(struct watch_outputs *outputs, const char *camera, const char *state,
                         const char *message)
{
    char *line = watch_state_line(camera, wall_now_s(), state, message);
    send_line(outputs, line);
    publish(outputs, camera, "state", line, true);
    free(line);
}

void watch_outputs_drift(struct watch_outputs *outputs, const char *camera,
                         const octet_drift_state *drift, const char *message)
{
    char *line = watch_drift_line(camera, wall_now_s(), drift, message);
    send_line(outputs, line);
    publish(outputs, camera, "drift", line, true);
    free(line);
}

bool watch_outputs_are_useless(struct watch_outputs *outputs)
{
    return outputs->lines && line_output_reader_is_gone(outputs->lines);
}

void watch_outputs_each(struct watch_outputs *outputs, watch_outputs_user *use, void *user)
{
    const struct {
        const char *kind;
        bool is_open;
        struct output_counts counts;
        char *problem;
    } each[] = {
        {"lines", outputs->lines != NULL,
         outputs->lines ? line_output_counts(outputs->lines) : (struct output_counts){0},
         outputs->lines ? line_output_problem(outputs->lines) : NULL},
        {"socket", outputs->socket != NULL,
         outputs->socket ? socket_output_counts(outputs->socket) : (struct output_counts){0},
         outputs->socket ? socket_output_problem(outputs->socket) : NULL},
        {"mqtt", outputs->mqtt != NULL,
         outputs->mqtt ? mqtt_output_counts(outputs->mqtt) : (struct output_counts){0},
         outputs->mqtt ? mqtt_output_problem(outputs->mqtt) : NULL},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        if (each[i].is_open)
            use(user, each[i].kind, &each[i].counts, each[i].problem);
        free(each[i].problem);
    }
}

static void say_lost(struct app *app, const char *kind, const struct output_counts *counts)
{
    if (counts->dropped || counts->failed)
        app_say(app, "%s: %llu lines out, %llu dropped on the way, %llu failed", kind,
                (unsigned long long)counts->written, (unsigned long long)counts->dropped,
                (unsigned long long)counts->failed);
}

void watch_outputs_close(struct watch_outputs **outputs)
{
    struct watch_outputs *open = *outputs;
    if (!open)
        return;
    const bool has_lines = open->lines, has_socket = open->socket, has_mqtt = open->mqtt;
    struct output_counts lines = {0}, socket = {0}, mqtt = {0};
    mqtt_output_close(&open->mqtt, &mqtt);
    socket_output_close(&open->socket, &socket);
    line_output_close(&open->lines, &lines);
    if (has_lines)
        say_lost(open->app, "lines", &lines);
    if (has_socket)
        say_lost(open->app, "socket", &socket);
    if (has_mqtt)
        say_lost(open->app, "mqtt", &mqtt);
    free(open);
    *outputs = NULL;
}
