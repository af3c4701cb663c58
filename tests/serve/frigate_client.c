/* SPDX-License-Identifier: Apache-2.0 */
/* The client's socket, and frames in the forms that Frigate sends them in. */
#include "frigate_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <zmq.h>

#define CHANNELS 3

static void make_socket(struct client *client)
{
    const int linger = 0;
    client->socket = zmq_socket(client->context, ZMQ_REQ);
    if (!client->socket ||
        zmq_setsockopt(client->socket, ZMQ_RCVTIMEO, &client->timeout_ms, sizeof(int)) != 0 ||
        zmq_setsockopt(client->socket, ZMQ_SNDTIMEO, &client->timeout_ms, sizeof(int)) != 0 ||
        zmq_setsockopt(client->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_connect(client->socket, client->address) != 0)
        exit(3);
}

void client_open(struct client *client, const char *address, int timeout_ms)
{
    *client =
        (struct client){.context = zmq_ctx_new(), .address = address, .timeout_ms = timeout_ms};
    make_socket(client);
}

void client_reset(struct client *client)
{
    zmq_close(client->socket);
    make_socket(client);
}

void client_close(struct client *client)
{
    zmq_close(client->socket);
    zmq_ctx_term(client->context);
}

void client_send(struct client *client, const void *header, size_t header_bytes, const void *body,
                 size_t body_bytes)
{
    zmq_send(client->socket, header, header_bytes, body ? ZMQ_SNDMORE : 0);
    if (body)
        zmq_send(client->socket, body, body_bytes, 0);
}

void client_send_many(struct client *client, int count)
{
    while (count-- > 0)
        zmq_send(client->socket, "{", 1, count ? ZMQ_SNDMORE : 0);
}

static void read_header(struct client_reply *reply)
{
    json_t *root = json_loads(reply->header, 0, NULL);
    const json_t *shape = json_object_get(root, "shape");
    const char *type = json_string_value(json_object_get(root, "dtype"));
    const char *error = json_string_value(json_object_get(root, "error"));
    reply->has_shape = json_array_size(shape) == 2 && type && strcmp(type, "float32") == 0 &&
                       json_integer_value(json_array_get(shape, 0)) == CLIENT_ROWS &&
                       json_integer_value(json_array_get(shape, 1)) == CLIENT_NUMBERS;
    snprintf(reply->error, sizeof reply->error, "%s", error ? error : "");
    json_decref(root);
}

bool client_receive(struct client *client, struct client_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    int more = 1;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, client->socket, 0) < 0)
            return false;
        const size_t size = zmq_msg_size(&part);
        if (reply->parts == 0 && size < sizeof reply->header)
            memcpy(reply->header, zmq_msg_data(&part), size);
        if (reply->parts == 1) {
            reply->body_bytes = size;
            if (size == sizeof reply->rows)
                memcpy(reply->rows, zmq_msg_data(&part), size);
        }
        reply->parts++;
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    read_header(reply);
    return true;
}

static void put(void *bytes, enum frame_form form, size_t index, uint8_t value)
{
    const float number = form == FORM_FLOAT_255 ? value : (float)value / 255;
    if (form == FORM_FLOAT_NCHW || form == FORM_FLOAT_255)
        memcpy((char *)bytes + index * sizeof number, &number, sizeof number);
    else
        ((uint8_t *)bytes)[index] = value;
}

void *client_frame(const struct picture *picture, enum frame_form form, char header[256],
                   size_t *size)
{
    static const char *const shapes[FORM_COUNT] = {"1,%d,%d,3", "1,3,%d,%d", "1,3,%d,%d",
                                                   "1,%d,%d,3", "%d,%d,1,3", "%d,%d,3,1"};
    const bool is_float = form == FORM_FLOAT_NCHW || form == FORM_FLOAT_255;
    const bool planar = form == FORM_NCHW || form == FORM_FLOAT_NCHW;
    const size_t pixels = (size_t)picture->width * (size_t)picture->height;
    char shape[64];
    *size = pixels * CHANNELS * (is_float ? sizeof(float) : 1);
    void *bytes = malloc(*size);
    if (!bytes)
        exit(3);
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            put(bytes, form, planar ? c * pixels + i : i * CHANNELS + c,
                picture->rgb[i * CHANNELS + c]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(shape, sizeof shape, shapes[form], picture->height, picture->width);
#pragma GCC diagnostic pop
    snprintf(header, 256, "{\"shape\": [%s], \"dtype\": \"%s\", \"model_type\": \"yologeneric\"}",
             shape, is_float ? "float32" : "uint8");
    return bytes;
}

bool client_detect(struct client *client, const struct picture *picture, enum frame_form form,
                   struct client_reply *reply)
{
    char header[256];
    size_t size;
    void *bytes = client_frame(picture, form, header, &size);
    client_send(client, header, strlen(header), bytes, size);
    free(bytes);
    return client_receive(client, reply);
}

static bool row_is_zero(const float *row)
{
    for (int i = 0; i < CLIENT_NUMBERS; i++)
        if (row[i] != 0)
            return false;
    return true;
}

static bool row_is_good(const float *row)
{
    bool good = row[1] > 0 && row[1] <= 1 && row[2] <= row[4] && row[3] <= row[5];
    for (int i = 2; i < CLIENT_NUMBERS; i++)
        good = good && row[i] >= 0 && row[i] <= 1;
    return good;
}

bool client_check_reply(const char *what, const struct client_reply *reply)
{
    bool good = reply->parts == 2 && reply->body_bytes == sizeof reply->rows && reply->has_shape;
    bool ended = false;
    for (int i = 0; i < CLIENT_ROWS && good; i++) {
        ended = ended || row_is_zero(reply->rows[i]);
        good = ended ? row_is_zero(reply->rows[i]) : row_is_good(reply->rows[i]);
        if (i && !ended)
            good = good && reply->rows[i][1] <= reply->rows[i - 1][1];
    }
    if (!good)
        printf("%s: no reply as it must be: %zu parts, '%s', %zu bytes\n", what, reply->parts,
               reply->header, reply->body_bytes);
    return good;
}
