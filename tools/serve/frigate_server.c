/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frigate's ZeroMQ protocol. A request is a header in JSON and a body; every one gets a reply:
 *   model_request   a name             -> one part, JSON: model_available, model_loaded
 *   model_data      a name, a file     -> one part, JSON: model_saved, model_loaded
 *   anything else   a frame's tensor   -> two parts: JSON of shape and dtype, 20 x 6 floats; where
 *                                         it could not be run, zeros, and "error" in the JSON
 * Clients that have no patience left reset their sockets: replies to them are dropped.
 */
#include "serve/frigate_server.h"

#include <stdlib.h>
#include <string.h>

#include "app/json_print.h"

#define SLICE_MS 50 /* how soon the end is noticed */

static void send_parts(struct frigate_server *server, const struct zeromq_peer *peer,
                       const struct zeromq_bytes *parts, size_t count)
{
    if (zeromq_send(server->zeromq, peer, parts, count) != ZEROMQ_SENT)
        server->report.undelivered++;
}

static void send_json(struct frigate_server *server, const struct zeromq_peer *peer, json_t *json)
{
    char *text = json_line(json);
    const struct zeromq_bytes part = {text, strlen(text)};
    send_parts(server, peer, &part, 1);
    free(text);
}

static void send_boxes(struct frigate_server *server, const struct zeromq_peer *peer,
                       const struct served_boxes *boxes, const char *problem)
{
    json_t *json = json_new_object(), *shape = json_new_array();
    json_push(shape, json_integer(SERVED_BOXES));
    json_push(shape, json_integer(SERVED_NUMBERS));
    json_put(json, "shape", shape);
    json_put(json, "dtype", json_text("float32"));
    if (problem)
        json_put(json, "error", json_text(problem));
    char *text = json_line(json);
    const struct zeromq_bytes parts[] = {{text, strlen(text)}, {boxes->rows, sizeof boxes->rows}};
    send_parts(server, peer, parts, 2);
    free(text);
}

/* `there` and `loaded` under the protocol's names, and what is to be said about it. */
static void send_model_state(struct frigate_server *server, const struct zeromq_peer *peer,
                             const char *key, bool there, const char *problem)
{
    json_t *json = json_new_object();
    json_put(json, key, json_boolean(there));
    json_put(json, "model_loaded", json_boolean(there));
    json_put(json, "message", json_text(problem ? problem : "ready"));
    send_json(server, peer, json);
}

static void answer_model_request(struct frigate_server *server, struct serve_client *client,
                                 const struct zeromq_peer *peer,
                                 const struct frigate_header *header)
{
    const int number = served_models_find(&server->models, header->name);
    server->report.model_requests++;
    if (number >= 0)
        client->model = number;
    if (server->app->verbose)
        app_say(server->app, "client %llu: asks for %s: %s", (unsigned long long)client->number,
                header->name,
                number >= 0 ? served_models_get(&server->models, number)->name : "not here");
    send_model_state(server, peer, "model_available", number >= 0,
                     number >= 0 ? NULL : "not here: send it");
}

static void answer_model_data(struct frigate_server *server, struct serve_client *client,
                              const struct zeromq_peer *peer, const struct frigate_header *header,
                              const struct zeromq_bytes *body)
{
    int number;
    char *problem =
        served_models_add(&server->models, header->name, body->bytes, body->size, &number);
    if (problem) {
        serve_report_mistake(&server->report, client->number, problem);
    } else {
        client->model = number;
        server->report.models_received++;
        app_say(server->app, "client %llu: sent %s, which its frames are run through",
                (unsigned long long)client->number, header->name);
    }
    send_model_state(server, peer, "model_saved", !problem, problem);
    free(problem);
}

static void answer_frame(struct frigate_server *server, struct serve_client *client,
                         const struct zeromq_peer *peer, const struct frigate_header *header,
                         const struct zeromq_bytes *body, double start_ms)
{
    struct served_boxes boxes = {.count = 0};
    char *problem = frame_pixels_take(&server->pixels, header, body->bytes, body->size);
    if (!problem)
        problem = served_model_detect(served_models_get(&server->models, client->model),
                                      server->pixels.rgb, header->height, header->width, &boxes);
    send_boxes(server, peer, &boxes, problem);
    if (problem)
        serve_report_mistake(&server->report, client->number, problem);
    else
        serve_report_frame(&server->report, client->number, header, &boxes,
                           app_now_ms() - start_ms);
    free(problem);
}

/* A header that cannot be read gets the reply of what it seems to ask for. */
static void answer_mistake(struct frigate_server *server, struct serve_client *client,
                           const struct zeromq_peer *peer, enum frigate_kind kind,
                           const char *problem)
{
    const struct served_boxes none = {.count = 0};
    serve_report_mistake(&server->report, client->number, problem);
    if (kind == FRIGATE_FRAME)
        send_boxes(server, peer, &none, problem);
    else
        send_model_state(server, peer,
                         kind == FRIGATE_MODEL_DATA ? "model_saved" : "model_available", false,
                         problem);
}

static void answer(struct frigate_server *server, const struct zeromq_request *request)
{
    const double start_ms = app_now_ms();
    struct frigate_header header;
    struct serve_client *client = serve_clients_find(&server->clients, &request->peer);
    const struct zeromq_bytes *head = &request->part[0], *body = &request->part[1];
    server->report.requests++;
    char *problem = frigate_header_read(head->bytes, head->size, &header);
    if (!problem && request->count > 2) /* what was left out is not looked at */
        problem = app_printf("the message has %zu parts, 2 at most", request->count);
    if (problem)
        answer_mistake(server, client, &request->peer, header.kind, problem);
    else if (header.kind == FRIGATE_MODEL_REQUEST)
        answer_model_request(server, client, &request->peer, &header);
    else if (header.kind == FRIGATE_MODEL_DATA)
        answer_model_data(server, client, &request->peer, &header, body);
    else {
        app_hold_signals(); /* a frame that was begun is answered */
        answer_frame(server, client, &request->peer, &header, body, start_ms);
        app_release_signals();
    }
    free(problem);
}

void frigate_server_run(struct frigate_server *server)
{
    struct zeromq_request request;
    while (!app_interrupted()) {
        if (!zeromq_wait(server->zeromq, SLICE_MS))
            continue;
        if (zeromq_receive(server->zeromq, &request))
            answer(server, &request);
    }
}
