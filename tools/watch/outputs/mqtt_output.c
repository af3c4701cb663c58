/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that speaks with the broker: connects, sends, and begins again when it is lost. */
#include "watch/outputs/mqtt_output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch/outputs/message_ring.h"
#include "watch/outputs/mqtt_client.h"
#include "watch/outputs/mqtt_states.h"
#include "watch/outputs/mqtt_topic.h"
#include "watch/outputs/output_thread.h"

#define EVENTS_MAX 1024
#define BYTES_MAX ((size_t)2 * 1024 * 1024)
#define STATUS_TOPIC "status"
#define CONNECT_MS 10000 /* from the first packet to the broker's answer */
#define CONNECT_STEP_MS 10
#define STEP_MS 500
#define DELAY_MIN_MS 1000 /* between attempts; it doubles */
#define DELAY_MAX_MS 30000
#define STEADY_MS 5000 /* a connection that held for so long begins with the shortest delay again */
#define END_MS 250
#define LEAVE_MS 50
#define HANG_MS 400

/* What was said last of the connection. */
enum said { SAID_NOTHING, SAID_UNREACHABLE, SAID_REFUSED };

struct mqtt_output {
    struct mqtt_address address;
    char *prefix, *authorities, *will_topic;
    struct message_ring ring; /* topic, a zero, text */
    struct mqtt_states states;
    struct output_thread thread;
    struct output_state state;
    atomic_bool is_connected;
    /* the thread's own */
    struct mqtt_client *client;
    uint64_t on_way; /* events that the library has taken and the system has not */
    double delay_ms;
    bool was_connected; /* ever */
    enum said said;
};

static void note_published(void *user, int number)
{
    struct mqtt_output *output = user;
    if (!mqtt_states_arrived(&output->states, number) && output->on_way)
        output->on_way--;
    atomic_fetch_add(&output->state.written, 1);
}

static void drop_events(struct mqtt_output *output)
{
    struct message *message;
    while ((message = message_ring_take(&output->ring))) {
        message_release(message);
        atomic_fetch_add(&output->state.dropped, 1);
    }
}

static bool send_state(struct mqtt_output *output)
{
    char *topic, *text;
    size_t index;
    int number = 0;
    if (!mqtt_states_next(&output->states, &index, &topic, &text))
        return false;
    const struct mqtt_publication state = {
        .topic = topic, .bytes = text, .size = strlen(text), .quality = 1, .retain = true};
    if (mqtt_client_publish(output->client, &state, &number))
        mqtt_states_sent(&output->states, index, number);
    else
        atomic_fetch_add(&output->state.failed, 1);
    free(topic);
    free(text);
    return true;
}

static bool send_event(struct mqtt_output *output)
{
    int number = 0;
    struct message *message = message_ring_take(&output->ring);
    if (!message)
        return false;
    const size_t topic_size = strlen(message->bytes) + 1;
    const struct mqtt_publication event = {.topic = message->bytes,
                                           .bytes = message->bytes + topic_size,
                                           .size = message->size - topic_size};
    output->on_way++; /* it may be off before the call returns */
    if (!mqtt_client_publish(output->client, &event, &number)) {
        output->on_way--;
        atomic_fetch_add(&output->state.failed, 1);
    }
    message_release(message);
    return true;
}

/* The library queues what the system does not take, without a bound: so one message at a time. */
static void send_all(struct mqtt_output *output)
{
    bool sent = true;
    while (sent && mqtt_client_connection(output->client) == MQTT_CONNECTED &&
           !mqtt_client_is_full(output->client))
        sent = send_state(output) || send_event(output);
}

/* Waits, so long at most, and lets the client go on. */
static void step(struct mqtt_output *output, int milliseconds)
{
    struct mqtt_client *client = output->client;
    /* While connecting it is full all the time: its writing is tried each time instead. */
    const bool waits_for_room =
        mqtt_client_connection(client) == MQTT_CONNECTED && mqtt_client_is_full(client);
    struct pollfd waited[] = {
        {.fd = mqtt_client_descriptor(client),
         .events = (short)(POLLIN | (waits_for_room ? POLLOUT : 0))},
        {.fd = output->thread.wake, .events = POLLIN},
    };
    if (poll(waited, 2, milliseconds) > 0 && waited[1].revents)
        output_thread_awake(&output->thread);
    mqtt_client_step(client, (waited[0].revents & (POLLIN | POLLERR | POLLHUP)) != 0);
}

static void say_lost(struct mqtt_output *output, enum mqtt_connection connection)
{
    const char *why = mqtt_client_problem(output->client), *where = output->address.shown;
    const bool held = atomic_load(&output->is_connected);
    const enum said what = connection == MQTT_REFUSED ? SAID_REFUSED : SAID_UNREACHABLE;
    if (what == output->said)
        return;
    output->said = what;
    if (what == SAID_REFUSED)
        output_state_problem(&output->state, "%s: %s, trying again", where, why);
    else if (held)
        output_state_problem(&output->state, "%s: the connection is lost, trying again: %s", where,
                             why);
    else
        output_state_problem(&output->state, "%s: not reachable%s, trying again: %s", where,
                             output->was_connected ? "" : " yet", why);
}

static void begin(struct mqtt_output *output)
{
    output->was_connected = true;
    output->said = SAID_NOTHING;
    drop_events(output); /* of one that came as the last connection was lost */
    atomic_store(&output->is_connected, true);
    output_state_recovered(&output->state, "%s: connected", output->address.shown);
}

/* Until it is there; false: it will not be. */
static bool connect_client(struct mqtt_output *output)
{
    const double until_ms = app_now_ms() + CONNECT_MS;
    while (mqtt_client_connection(output->client) == MQTT_CONNECTING &&
           !atomic_load(&output->thread.ending) && app_now_ms() < until_ms)
        step(output, CONNECT_STEP_MS);
    const enum mqtt_connection connection = mqtt_client_connection(output->client);
    if (connection == MQTT_CONNECTED)
        begin(output);
    else if (!atomic_load(&output->thread.ending))
        say_lost(output, connection);
    return connection == MQTT_CONNECTED;
}

/* Sends what is left, and takes leave. */
static void end(struct mqtt_output *output)
{
    const double until_ms = app_now_ms() + END_MS, leave_until_ms = until_ms + LEAVE_MS;
    mqtt_states_set(&output->states, output->will_topic, "offline");
    do {
        send_all(output);
        step(output, CONNECT_STEP_MS);
    } while ((!mqtt_states_are_known(&output->states) || mqtt_client_is_full(output->client)) &&
             mqtt_client_connection(output->client) == MQTT_CONNECTED && app_now_ms() < until_ms);
    mqtt_client_leave(output->client);
    while (mqtt_client_is_full(output->client) &&
           mqtt_client_connection(output->client) == MQTT_CONNECTED &&
           app_now_ms() < leave_until_ms)
        step(output, CONNECT_STEP_MS);
}

/* A whole connection, from its beginning to its end. */
static void hold_connection(struct mqtt_output *output)
{
    const double begun_ms = app_now_ms();
    const struct mqtt_client_settings settings = {.address = &output->address,
                                                  .authorities = output->authorities,
                                                  .will_topic = output->will_topic,
                                                  .will = "offline",
                                                  .published = note_published,
                                                  .user = output};
    mqtt_states_forget_sent(&output->states);
    output->client = mqtt_client_open(&settings);
    if (connect_client(output)) {
        while (mqtt_client_connection(output->client) == MQTT_CONNECTED &&
               !atomic_load(&output->thread.ending)) {
            send_all(output);
            step(output, STEP_MS);
        }
        if (atomic_load(&output->thread.ending))
            end(output);
        else
            say_lost(output, mqtt_client_connection(output->client));
        if (app_now_ms() - begun_ms >= STEADY_MS)
            output->delay_ms = DELAY_MIN_MS;
    }
    atomic_store(&output->is_connected, false);
    mqtt_client_close(&output->client);
    drop_events(output);
    atomic_fetch_add(&output->state.failed, output->on_way);
    output->on_way = 0;
}

static void wait_for_next(struct mqtt_output *output)
{
    struct pollfd wake = {.fd = output->thread.wake, .events = POLLIN};
    const double until_ms = app_now_ms() + output->delay_ms;
    double left;
    while (!atomic_load(&output->thread.ending) && (left = until_ms - app_now_ms()) > 0)
        if (poll(&wake, 1, (int)left + 1) > 0)
            output_thread_awake(&output->thread);
    output->delay_ms *= 2;
    if (output->delay_ms > DELAY_MAX_MS)
        output->delay_ms = DELAY_MAX_MS;
}

static void run_output(void *user)
{
    struct mqtt_output *output = user;
    output->delay_ms = DELAY_MIN_MS;
    while (!atomic_load(&output->thread.ending)) {
        hold_connection(output);
        wait_for_next(output);
    }
}

static void free_output(struct mqtt_output *output)
{
    mqtt_address_free(&output->address);
    message_ring_close(&output->ring);
    mqtt_states_close(&output->states);
    output_state_close(&output->state);
    free(output->prefix);
    free(output->authorities);
    free(output->will_topic);
    free(output);
}

/* What can be wrong before anything is opened. */
static int check_settings(struct app *app, const struct mqtt_output_settings *settings)
{
    const char *prefix = settings->prefix, *authorities = settings->authorities;
    if (prefix && !mqtt_topic_is_good(prefix))
        return app_usage(app,
                         "'%s' cannot begin topics: it may hold no '+', '#' and empty levels, and "
                         "not begin with '$'",
                         prefix);
    if (authorities && access(authorities, R_OK) != 0)
        return app_fail(app, "%s: %s", authorities,
                        errno == ENOENT ? "no such file" : strerror(errno));
    return STATUS_DONE;
}

int mqtt_output_open(struct app *app, const struct mqtt_output_settings *settings,
                     struct mqtt_output **output)
{
    struct mqtt_address address = {0};
    *output = NULL;
    int status = check_settings(app, settings);
    if (status == STATUS_DONE)
        status = mqtt_address_parse(app, settings->address, &address);
    if (status == STATUS_DONE)
        status = mqtt_library_open(app);
    if (status != STATUS_DONE) {
        mqtt_address_free(&address);
        return status;
    }
    struct mqtt_output *opened = app_alloc(1, sizeof *opened);
    opened->address = address;
    opened->prefix = app_strdup(settings->prefix ? settings->prefix : MQTT_PREFIX);
    opened->authorities = settings->authorities ? app_strdup(settings->authorities) : NULL;
    opened->will_topic = app_printf("%s/" STATUS_TOPIC, opened->prefix);
    message_ring_open(&opened->ring, EVENTS_MAX, BYTES_MAX);
    mqtt_states_open(&opened->states);
    mqtt_states_set(&opened->states, opened->will_topic, "online");
    output_state_open(&opened->state, app);
    status = output_thread_start(&opened->thread, app, run_output, opened);
    if (status == STATUS_DONE) {
        *output = opened;
    } else {
        free_output(opened);
        mqtt_library_close();
    }
    return status;
}

void mqtt_output_publish(struct mqtt_output *output, const char *topic, const char *text,
                         bool retain)
{
    if (!mqtt_topic_is_good(topic)) {
        atomic_fetch_add(&output->state.failed, 1);
        return;
    }
    char *whole = app_printf("%s/%s", output->prefix, topic);
    size_t lost = 0;
    if (retain && !mqtt_states_set(&output->states, whole, text))
        atomic_fetch_add(&output->state.failed, 1);
    else if (!retain && !atomic_load(&output->is_connected))
        lost = 1;
    else if (!retain)
        lost = message_ring_push(&output->ring, whole, strlen(whole) + 1, text, strlen(text));
    if (lost)
        atomic_fetch_add(&output->state.dropped, lost);
    free(whole);
    output_thread_wake(&output->thread);
}

bool mqtt_output_is_connected(struct mqtt_output *output)
{
    return atomic_load(&output->is_connected);
}

struct output_counts mqtt_output_counts(struct mqtt_output *output)
{
    return output_state_counts(&output->state);
}

char *mqtt_output_problem(struct mqtt_output *output)
{
    return output_state_problem_text(&output->state);
}

void mqtt_output_close(struct mqtt_output **output, struct output_counts *counts)
{
    struct mqtt_output *closed = *output;
    *output = NULL;
    if (!closed)
        return;
    const bool ended = output_thread_end(&closed->thread, HANG_MS);
    if (counts)
        *counts = output_state_counts(&closed->state);
    if (ended) {
        free_output(closed);
        mqtt_library_close();
    }
}
