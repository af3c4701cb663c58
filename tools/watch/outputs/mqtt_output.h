/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for an MQTT broker, which may come and go. Its topics begin with a prefix; PREFIX/status
 * is "online" or "offline", kept by the broker and told by it as well when the program dies.
 */
#ifndef TOOLS_MQTT_OUTPUT_H
#define TOOLS_MQTT_OUTPUT_H

#include "watch/outputs/output_state.h"

#define MQTT_PREFIX "octet" /* by default */

struct mqtt_output_settings {
    const char *address;     /* see mqtt_address.h */
    const char *prefix;      /* NULL: MQTT_PREFIX */
    const char *authorities; /* of mqtts://: a PEM file; NULL: the system's certificates */
};

/* Opaque. Any thread may call all but opening and closing. */
struct mqtt_output;

/* Reads the settings and begins to connect. Wrong settings and a missing library are reported, a
 * status; a broker that cannot be reached is no failure: it is said once, and tried again for ever
 * (after 1 to 30 s). Passwords are in no message. */
int mqtt_output_open(struct app *app, const struct mqtt_output_settings *settings,
                     struct mqtt_output **output);

/*
 * Takes a copy of a message for PREFIX/topic (see mqtt_level() for names in it). Never waits.
 * Without `retain`: an event, sent at most once (quality 0); of those that a slow broker has no
 * room for the oldest are dropped, and all while none is connected. With it: a state, of which the
 * last one of each topic gets to the broker (quality 1) as soon as one is there, and is kept by it.
 */
void mqtt_output_publish(struct mqtt_output *output, const char *topic, const char *text,
                         bool retain);

bool mqtt_output_is_connected(struct mqtt_output *output);

/* Events and states; `failed` are also those whose topic is none, or one too many. */
struct output_counts mqtt_output_counts(struct mqtt_output *output);

/* What is wrong now, the caller's to free; NULL: nothing. */
char *mqtt_output_problem(struct mqtt_output *output);

/* Sends what waits and "offline", for at most a third of a second, and closes. `counts`, unless
 * NULL, are the last ones. Accepts a pointer to NULL. */
void mqtt_output_close(struct mqtt_output **output, struct output_counts *counts);

#endif
