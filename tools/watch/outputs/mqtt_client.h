/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to an MQTT broker, by libmosquitto, which is opened at run time. */
#ifndef TOOLS_MQTT_CLIENT_H
#define TOOLS_MQTT_CLIENT_H

#include "app/app.h"
#include "watch/outputs/mqtt_address.h"

#define MQTT_PROBLEM_BYTES 256

/* Opaque. It is used by one thread. */
struct mqtt_client;

enum mqtt_connection { MQTT_CONNECTING, MQTT_CONNECTED, MQTT_REFUSED, MQTT_GONE };

struct mqtt_client_settings {
    const struct mqtt_address *address;
    const char *authorities;       /* a file of certificates; NULL: those of the system */
    const char *will_topic, *will; /* what the broker tells, retained, when this client dies */
    /* A message is with the broker (quality 1) or in the system's buffer (0). Called by
     * mqtt_client_step() and mqtt_client_publish(). */
    void (*published)(void *user, int number);
    void *user;
};

/* Loads the library; where it is missing one line names the package. */
int mqtt_library_open(struct app *app);
void mqtt_library_close(void);

/* Begins to connect, which may wait for a name to be looked up and for nothing else. It is never
 * NULL: whether it succeeded tells mqtt_client_connection(). */
struct mqtt_client *mqtt_client_open(const struct mqtt_client_settings *settings);

enum mqtt_connection mqtt_client_connection(const struct mqtt_client *client);

/* Why it was refused or is gone, without a full stop. */
const char *mqtt_client_problem(const struct mqtt_client *client);

/* For poll(): -1 where there is none. */
int mqtt_client_descriptor(const struct mqtt_client *client);

/* Whether bytes wait until the descriptor takes them. */
bool mqtt_client_is_full(const struct mqtt_client *client);

/* Reads, where the descriptor is readable, writes what waits, and keeps the connection alive. */
void mqtt_client_step(struct mqtt_client *client, bool is_readable);

struct mqtt_publication {
    const char *topic;
    const char *bytes;
    size_t size;
    int quality; /* 0 or 1 */
    bool retain;
};

/* Hands a message over; never waits. False: it was not taken. */
bool mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publication *publication,
                         int *number);

/* Takes leave of the broker, so that the will is not told; steps then send that. */
void mqtt_client_leave(struct mqtt_client *client);

/* Closes at once. Accepts a pointer to NULL. */
void mqtt_client_close(struct mqtt_client **client);

#endif
