/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker keeps: the last text of each topic, and which of them it does not have yet. */
#ifndef TOOLS_MQTT_STATES_H
#define TOOLS_MQTT_STATES_H

#include <pthread.h>
#include <stdint.h>

#include "app/app.h"

#define MQTT_STATES_MAX 1024 /* topics */

struct mqtt_state {
    char *topic, *text;
    uint64_t version; /* of the text */
    uint64_t sent;    /* the version that was sent last */
    int number;       /* of the message that is on its way, 0: none */
};

/* Any thread may set; one thread sends. */
struct mqtt_states {
    pthread_mutex_t mutex;
    struct mqtt_state *state;
    size_t count;
};

void mqtt_states_open(struct mqtt_states *states);
void mqtt_states_close(struct mqtt_states *states);

/* Copies a topic's new text. False: there are too many topics. */
bool mqtt_states_set(struct mqtt_states *states, const char *topic, const char *text);

/* A new connection: the broker may have forgotten everything. */
void mqtt_states_forget_sent(struct mqtt_states *states);

/* One that is to be sent, of whose topic nothing is on its way. The copies are the caller's to
 * free; the index is for mqtt_states_sent(). False: there is none. */
bool mqtt_states_next(struct mqtt_states *states, size_t *index, char **topic, char **text);

/* It went out under this number. */
void mqtt_states_sent(struct mqtt_states *states, size_t index, int number);

/* The broker has the message. False: it was none of a state. */
bool mqtt_states_arrived(struct mqtt_states *states, int number);

/* Whether the broker has them all. */
bool mqtt_states_are_known(struct mqtt_states *states);

#endif
