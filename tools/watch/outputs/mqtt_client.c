/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens libmosquitto when it is asked for, and makes a new client for each connection: its own loop
 * gives up for ever at some errors, and its queues have no bounds.
 */
#include "watch/outputs/mqtt_client.h"

#ifdef OCTET_HAS_MOSQUITTO

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>

#include "app/open_library.h"

#define MQTT_LIBRARY "libmosquitto.so.1"
#define KEEP_ALIVE_S 15
#define PACKETS_AT_ONCE 16
#define VERIFY_PEER 1
#define BAD_USER 4 /* of a broker's answers: user or password, and not authorised */
#define NOT_AUTHORISED 5

#define FUNCTIONS(DO)                                                                              \
    DO(mosquitto_lib_init)                                                                         \
    DO(mosquitto_lib_cleanup)                                                                      \
    DO(mosquitto_new)                                                                              \
    DO(mosquitto_destroy)                                                                          \
    DO(mosquitto_will_set)                                                                         \
    DO(mosquitto_username_pw_set)                                                                  \
    DO(mosquitto_tls_set)                                                                          \
    DO(mosquitto_tls_opts_set)                                                                     \
    DO(mosquitto_int_option)                                                                       \
    DO(mosquitto_connect_async)                                                                    \
    DO(mosquitto_disconnect)                                                                       \
    DO(mosquitto_publish)                                                                          \
    DO(mosquitto_socket)                                                                           \
    DO(mosquitto_want_write)                                                                       \
    DO(mosquitto_loop_read)                                                                        \
    DO(mosquitto_loop_write)                                                                       \
    DO(mosquitto_loop_misc)                                                                        \
    DO(mosquitto_connect_callback_set)                                                             \
    DO(mosquitto_publish_callback_set)                                                             \
    DO(mosquitto_log_callback_set)                                                                 \
    DO(mosquitto_strerror)                                                                         \
    DO(mosquitto_connack_string)

struct functions {
    FUNCTIONS(LIBRARY_DECLARE)
};

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};
static struct functions call; /* set once the library is open */

struct mqtt_client {
    struct mosquitto *handle;
    struct mqtt_client_settings settings;
    enum mqtt_connection connection;
    char problem[MQTT_PROBLEM_BYTES];
    char logged[MQTT_PROBLEM_BYTES]; /* the last error that the library told */
};

static bool find_functions(void)
{
    return library_open(MQTT_LIBRARY, function_names,
                        sizeof function_names / sizeof *function_names, &call);
}

int mqtt_library_open(struct app *app)
{
    if (!find_functions())
        return app_fail(app,
                        "%s cannot be opened, and MQTT is spoken by it: install Mosquitto's "
                        "client library (the package libmosquitto1)",
                        MQTT_LIBRARY);
    call.mosquitto_lib_init();
    return STATUS_DONE;
}

void mqtt_library_close(void)
{
    call.mosquitto_lib_cleanup();
}

static void set_problem(struct mqtt_client *client, const char *text)
{
    snprintf(client->problem, sizeof client->problem, "%s", text);
    const size_t length = strlen(client->problem);
    if (length && client->problem[length - 1] == '.')
        client->problem[length - 1] = '\0';
}

/* A call came back with an error; `why` is errno behind it. */
static void lose(struct mqtt_client *client, int code, int why)
{
    client->connection = MQTT_GONE;
    if (code == MOSQ_ERR_ERRNO && why)
        set_problem(client, strerror(why));
    else if (code == MOSQ_ERR_EAI)
        set_problem(client, gai_strerror(why));
    else if (code == MOSQ_ERR_TLS && client->logged[0])
        set_problem(client, client->logged);
    else
        set_problem(client, call.mosquitto_strerror(code));
}

static void on_connect(struct mosquitto *handle, void *user, int code)
{
    struct mqtt_client *client = user;
    (void)handle;
    if (code == 0) {
        client->connection = MQTT_CONNECTED;
        return;
    }
    client->connection = MQTT_REFUSED;
    set_problem(client, code == BAD_USER || code == NOT_AUTHORISED
                            ? "the broker refuses the user or the password"
                            : call.mosquitto_connack_string(code));
}

static void on_publish(struct mosquitto *handle, void *user, int number)
{
    const struct mqtt_client *client = user;
    (void)handle;
    client->settings.published(client->settings.user, number);
}

static void on_log(struct mosquitto *handle, void *user, int level, const char *text)
{
    struct mqtt_client *client = user;
    (void)handle;
    if (level == MOSQ_LOG_ERR)
        snprintf(client->logged, sizeof client->logged, "%s", text);
}

static int set_up_encryption(const struct mqtt_client *client)
{
    struct mosquitto *handle = client->handle;
    const char *authorities = client->settings.authorities;
    if (!client->settings.address->is_encrypted)
        return MOSQ_ERR_SUCCESS;
    const int code = authorities
                         ? call.mosquitto_tls_set(handle, authorities, NULL, NULL, NULL, NULL)
                         : call.mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    return code ? code : call.mosquitto_tls_opts_set(handle, VERIFY_PEER, NULL, NULL);
}

static int connect_handle(struct mqtt_client *client)
{
    const struct mqtt_client_settings *settings = &client->settings;
    const struct mqtt_address *address = settings->address;
    struct mosquitto *handle = client->handle;
    call.mosquitto_connect_callback_set(handle, on_connect);
    call.mosquitto_publish_callback_set(handle, on_publish);
    call.mosquitto_log_callback_set(handle, on_log);
    int code = call.mosquitto_will_set(handle, settings->will_topic, (int)strlen(settings->will),
                                       settings->will, 1, true);
    if (!code && address->user)
        code = call.mosquitto_username_pw_set(handle, address->user, address->password);
    if (!code)
        code = set_up_encryption(client);
    errno = 0;
    return code ? code
                : call.mosquitto_connect_async(handle, address->host, address->port, KEEP_ALIVE_S);
}

struct mqtt_client *mqtt_client_open(const struct mqtt_client_settings *settings)
{
    struct mqtt_client *client = app_alloc(1, sizeof *client);
    client->settings = *settings;
    client->connection = MQTT_CONNECTING;
    client->handle = call.mosquitto_new(NULL, true, client); /* a name by chance, nothing kept */
    const int code = client->handle ? connect_handle(client) : MOSQ_ERR_NOMEM;
    if (code)
        lose(client, code, errno);
    return client;
}

enum mqtt_connection mqtt_client_connection(const struct mqtt_client *client)
{
    return client->connection;
}

const char *mqtt_client_problem(const struct mqtt_client *client)
{
    return client->problem;
}

int mqtt_client_descriptor(const struct mqtt_client *client)
{
    return client->handle ? call.mosquitto_socket(client->handle) : -1;
}

bool mqtt_client_is_full(const struct mqtt_client *client)
{
    return client->handle && call.mosquitto_want_write(client->handle);
}

void mqtt_client_step(struct mqtt_client *client, bool is_readable)
{
    struct mosquitto *handle = client->handle;
    if (client->connection >= MQTT_REFUSED)
        return;
    errno = 0;
    int code = is_readable ? call.mosquitto_loop_read(handle, PACKETS_AT_ONCE) : MOSQ_ERR_SUCCESS;
    if (!code && call.mosquitto_want_write(handle))
        code = call.mosquitto_loop_write(handle, PACKETS_AT_ONCE);
    if (!code)
        code = call.mosquitto_loop_misc(handle);
    if (code && client->connection != MQTT_REFUSED)
        lose(client, code, errno);
    else if (!code && call.mosquitto_socket(handle) < 0)
        lose(client, MOSQ_ERR_CONN_LOST, 0);
}

bool mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publication *publication,
                         int *number)
{
    errno = 0;
    const int code =
        call.mosquitto_publish(client->handle, number, publication->topic, (int)publication->size,
                               publication->bytes, publication->quality, publication->retain);
    if (code == MOSQ_ERR_NO_CONN || code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_ERRNO)
        lose(client, code, errno);
    return code == MOSQ_ERR_SUCCESS;
}

void mqtt_client_leave(struct mqtt_client *client)
{
    if (client->connection == MQTT_CONNECTED)
        call.mosquitto_disconnect(client->handle);
}

void mqtt_client_close(struct mqtt_client **client)
{
    struct mqtt_client *closed = *client;
    *client = NULL;
    if (!closed)
        return;
    if (closed->handle)
        call.mosquitto_destroy(closed->handle);
    free(closed);
}

#else

int mqtt_library_open(struct app *app)
{
    return app_fail(app, "this octet was built without MQTT: install libmosquitto-dev and build "
                         "it again");
}

void mqtt_library_close(void)
{
}

struct mqtt_client *mqtt_client_open(const struct mqtt_client_settings *settings)
{
    (void)settings;
    return NULL;
}

enum mqtt_connection mqtt_client_connection(const struct mqtt_client *client)
{
    (void)client;
    return MQTT_GONE;
}

const char *mqtt_client_problem(const struct mqtt_client *client)
{
    (void)client;
    return "built without MQTT";
}

int mqtt_client_descriptor(const struct mqtt_client *client)
{
    (void)client;
    return -1;
}

bool mqtt_client_is_full(const struct mqtt_client *client)
{
    (void)client;
    return false;
}

void mqtt_client_step(struct mqtt_client *client, bool is_readable)
{
    (void)client, (void)is_readable;
}

bool mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publication *publication,
                         int *number)
{
    (void)client, (void)publication, (void)number;
    return false;
}

void mqtt_client_leave(struct mqtt_client *client)
{
    (void)client;
}

void mqtt_client_close(struct mqtt_client **client)
{
    *client = NULL;
}

#endif
