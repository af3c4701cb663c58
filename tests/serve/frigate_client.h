/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of Frigate's ZeroMQ detector protocol, as its description has it: REQ sockets, a header
 * in JSON and a body, a time-out after which the socket is made anew.
 */
#ifndef OCTET_TESTS_FRIGATE_CLIENT_H
#define OCTET_TESTS_FRIGATE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_ROWS 20
#define CLIENT_NUMBERS 6
#define CLIENT_REPLY_BYTES 4096

struct client {
    void *context, *socket;
    const char *address;
    int timeout_ms;
};

struct client_reply {
    char header[CLIENT_REPLY_BYTES]; /* the first part, as text */
    char error[CLIENT_REPLY_BYTES];  /* what it says under "error", or "" */
    bool has_shape;                  /* it says 20 x 6 of float32 */
    float rows[CLIENT_ROWS][CLIENT_NUMBERS];
    size_t parts, body_bytes;
};

/* An RGB picture. */
struct picture {
    uint8_t *rgb;
    int width, height;
};

/* How a frame is put into bytes. */
enum frame_form { FORM_NHWC, FORM_NCHW, FORM_FLOAT_NCHW, FORM_FLOAT_255, FORM_HWNC, FORM_HWCN };
#define FORM_COUNT 6

void client_open(struct client *client, const char *address, int timeout_ms);
/* The socket anew, as after a time-out. */
void client_reset(struct client *client);
void client_close(struct client *client);

/* Sends the parts that are not NULL. */
void client_send(struct client *client, const void *header, size_t header_bytes, const void *body,
                 size_t body_bytes);
/* Sends `count` parts of a byte each. */
void client_send_many(struct client *client, int count);
/* False: none came in time. */
bool client_receive(struct client *client, struct client_reply *reply);

/* Sends a frame and takes its reply. */
bool client_detect(struct client *client, const struct picture *picture, enum frame_form form,
                   struct client_reply *reply);

/* The bytes of a frame, for the caller to free, and its header. */
void *client_frame(const struct picture *picture, enum frame_form form, char header[256],
                   size_t *size);

/* Prints what is wrong with a frame's reply: that it is not 20 x 6, not sorted, ... Returns whether
 * it is right. */
bool client_check_reply(const char *what, const struct client_reply *reply);

/* Tries what must not hurt a server; returns whether every request got the reply that it must. */
bool client_garbage(struct client *client, const struct picture *picture);

#endif
