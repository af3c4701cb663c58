/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are wrong, each in its way, and headers with bytes changed at random. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frigate_client.h"

#define RANDOM_HEADERS 3000
#define LONG_HEADER ((size_t)70 * 1024)

static const char *const headers[] = {
    "",
    "x",
    "{",
    "null",
    "[]",
    "{}",
    "\xff\xfe{}",
    "{\"shape\": [1,32,32,3]}",
    "{\"dtype\": \"uint8\"}",
    "{\"shape\": [1,32,32,3], \"dtype\": \"float16\"}",
    "{\"shape\": [1,32,32,3], \"dtype\": 8}",
    "{\"shape\": \"1,32,32,3\", \"dtype\": \"uint8\"}",
    "{\"shape\": [32,32], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,1,1,1], \"dtype\": \"uint8\"}",
    "{\"shape\": [2,32,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,32,32,4], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,-32,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,0,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,32.5,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,9223372036854775807,9223372036854775807,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,99999999999999999999,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,32767,32767,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,32,32,3], \"dtype\": \"float32\"}",
    "{\"shape\": [1,64,32,3], \"dtype\": \"uint8\"}",
    "{\"shape\": [1,3,32,31], \"dtype\": \"uint8\"}",
};

/* Whether there is a reply that says what is wrong, and holds zeros. */
static bool is_refused(struct client *client, const char *what)
{
    struct client_reply reply;
    if (!client_receive(client, &reply)) {
        printf("%s: no reply\n", what);
        client_reset(client);
        return false;
    }
    const bool good = client_check_reply(what, &reply) && reply.error[0] && reply.rows[0][1] == 0;
    printf("%.70s -> %s\n", what[0] == '\xff' ? "no UTF-8" : what, reply.error);
    return good;
}

static bool try_bodies(struct client *client)
{
    static const char good[] = "{\"shape\": [1,32,32,3], \"dtype\": \"uint8\"}";
    static const char floats[] = "{\"shape\": [1,32,32,3], \"dtype\": \"float32\"}";
    static uint8_t body[(32 * 32 * 3 + 1) * sizeof(float)];
    client_send(client, good, strlen(good), NULL, 0);
    bool fine = is_refused(client, "no body");
    client_send(client, good, strlen(good), body, 32 * 32 * 3 - 1);
    fine = is_refused(client, "a byte too few") && fine;
    client_send(client, good, strlen(good), body, 32 * 32 * 3 + 1);
    fine = is_refused(client, "a byte too many") && fine;
    memset(body, 0xff, sizeof body);
    client_send(client, floats, strlen(floats), body, 32 * 32 * 3 * sizeof(float));
    return is_refused(client, "floats that are no numbers") && fine;
}

static bool try_long_header(struct client *client)
{
    char *header = malloc(LONG_HEADER);
    if (!header)
        exit(3);
    memset(header, '[', LONG_HEADER);
    client_send(client, header, LONG_HEADER, header, 1);
    const bool fine = is_refused(client, "a long header");
    client_send(client, header, LONG_HEADER / 2, header, 1);
    free(header);
    return is_refused(client, "deep brackets") && fine;
}

static bool try_many_parts(struct client *client)
{
    client_send_many(client, 1000);
    return is_refused(client, "a thousand parts");
}

/* A good header with some bytes changed: whatever comes of it, there is a reply. */
static bool try_random(struct client *client, const struct picture *picture)
{
    char header[256], changed[256];
    size_t size;
    uint32_t state = 12345;
    struct client_reply reply;
    void *body = client_frame(picture, FORM_NHWC, header, &size);
    const size_t length = strlen(header);
    int unanswered = 0;
    for (int i = 0; i < RANDOM_HEADERS; i++) {
        memcpy(changed, header, length);
        for (uint32_t k = 0; k <= state % 4; k++) {
            state = state * 1664525u + 1013904223u;
            changed[state / 256 % length] = (char)(state >> 16);
        }
        state = state * 1664525u + 1013904223u;
        client_send(client, changed, length - state / 65536 % 8, body, 1);
        if (!client_receive(client, &reply) || (reply.parts != 2 && reply.parts != 1)) {
            unanswered++;
            client_reset(client);
        }
    }
    free(body);
    if (unanswered)
        printf("%d random headers without a reply\n", unanswered);
    return unanswered == 0;
}

bool client_garbage(struct client *client, const struct picture *picture)
{
    static const uint8_t body[32 * 32 * 3];
    bool fine = true;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        client_send(client, headers[i], strlen(headers[i]), body, sizeof body);
        fine = is_refused(client, headers[i]) && fine;
    }
    fine = try_bodies(client) && fine;
    fine = try_long_header(client) && fine;
    fine = try_many_parts(client) && fine;
    return try_random(client, picture) && fine;
}
