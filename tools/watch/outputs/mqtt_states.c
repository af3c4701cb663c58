/* SPDX-License-Identifier: Apache-2.0 */
/* A table of topics: a new text replaces one that was not sent yet. */
#include "watch/outputs/mqtt_states.h"

#include <stdlib.h>
#include <string.h>

void mqtt_states_open(struct mqtt_states *states)
{
    *states = (struct mqtt_states){0};
    pthread_mutex_init(&states->mutex, NULL);
}

void mqtt_states_close(struct mqtt_states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        free(states->state[i].topic);
        free(states->state[i].text);
    }
    free(states->state);
    pthread_mutex_destroy(&states->mutex);
}

/* Of the locked table: the topic's state, made where there is none; NULL: there are too many. */
static struct mqtt_state *find(struct mqtt_states *states, const char *topic)
{
    for (size_t i = 0; i < states->count; i++)
        if (strcmp(states->state[i].topic, topic) == 0)
            return &states->state[i];
    if (states->count == MQTT_STATES_MAX)
        return NULL;
    states->state = app_resize(states->state, states->count + 1, sizeof *states->state);
    struct mqtt_state *state = &states->state[states->count++];
    *state = (struct mqtt_state){.topic = app_strdup(topic)};
    return state;
}

bool mqtt_states_set(struct mqtt_states *states, const char *topic, const char *text)
{
    pthread_mutex_lock(&states->mutex);
    struct mqtt_state *state = find(states, topic);
    if (state) {
        free(state->text);
        state->text = app_strdup(text);
        state->version++;
    }
    pthread_mutex_unlock(&states->mutex);
    return state != NULL;
}

void mqtt_states_forget_sent(struct mqtt_states *states)
{
    pthread_mutex_lock(&states->mutex);
    for (size_t i = 0; i < states->count; i++) {
        states->state[i].number = 0;
        states->state[i].sent = 0;
    }
    pthread_mutex_unlock(&states->mutex);
}

bool mqtt_states_next(struct mqtt_states *states, size_t *index, char **topic, char **text)
{
    bool found = false;
    pthread_mutex_lock(&states->mutex);
    for (size_t i = 0; i < states->count && !found; i++) {
        struct mqtt_state *state = &states->state[i];
        found = !state->number && state->sent != state->version;
        if (found) {
            *index = i;
            *topic = app_strdup(state->topic);
            *text = app_strdup(state->text);
            state->sent = state->version;
        }
    }
    pthread_mutex_unlock(&states->mutex);
    return found;
}

void mqtt_states_sent(struct mqtt_states *states, size_t index, int number)
{
    pthread_mutex_lock(&states->mutex);
    states->state[index].number = number;
    pthread_mutex_unlock(&states->mutex);
}

bool mqtt_states_arrived(struct mqtt_states *states, int number)
{
    bool found = false;
    pthread_mutex_lock(&states->mutex);
    for (size_t i = 0; i < states->count && !found; i++) {
        found = states->state[i].number == number;
        if (found)
            states->state[i].number = 0;
    }
    pthread_mutex_unlock(&states->mutex);
    return found;
}

bool mqtt_states_are_known(struct mqtt_states *states)
{
    bool known = true;
    pthread_mutex_lock(&states->mutex);
    for (size_t i = 0; i < states->count && known; i++) {
        const struct mqtt_state *state = &states->state[i];
        known = !state->number && state->sent == state->version;
    }
    pthread_mutex_unlock(&states->mutex);
    return known;
}
