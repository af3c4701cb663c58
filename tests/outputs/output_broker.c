/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and stops mosquitto with settings of its own. */
#include "output_broker.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_support.h"

static const char *mosquitto(void)
{
    static const char *const places[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return "mosquitto";
}

bool broker_is_there(void)
{
    return has_program(mosquitto()) && has_program("mosquitto_sub") &&
           has_program("mosquitto_passwd");
}

static void write_settings(const struct broker *broker, const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "listener %d 127.0.0.1\nuser root\nallow_anonymous %s\n", broker->port,
            broker->needs_password ? "false" : "true");
    if (broker->needs_password)
        fprintf(file, "password_file %s\n", in_folder("passwords"));
    if (broker->is_encrypted)
        fprintf(file, "certfile %s\nkeyfile %s\n", in_folder("cert.pem"), in_folder("key.pem"));
    fclose(file);
}

static bool answers(int port)
{
    const int descriptor = connect_to_port(port);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

void broker_start(struct broker *broker)
{
    char *settings = app_strdup(in_folder("mosquitto.conf"));
    if (!broker->port)
        broker->port = free_port();
    if (broker->needs_password) {
        const char *const add[] = {
            "mosquitto_passwd", "-c", "-b", in_folder("passwords"), BROKER_USER,
            BROKER_PASSWORD,    NULL};
        assert_int_equal(run_program(add, NULL), 0);
    }
    write_settings(broker, settings);
    const char *const start[] = {mosquitto(), "-c", settings, NULL};
    broker->program = start_program(start, in_folder("mosquitto.log"));
    WAIT_UNTIL(answers(broker->port));
    free(settings);
}

void broker_stop(struct broker *broker)
{
    stop_program(&broker->program, SIGTERM);
}

void broker_kill(struct broker *broker)
{
    stop_program(&broker->program, SIGKILL);
}

pid_t broker_listen(const struct broker *broker, const char *output)
{
    char port[16];
    snprintf(port, sizeof port, "%d", broker->port);
    /* the first message is the broker's own: it is there once the subscription is */
    const char *listen[32] = {"mosquitto_sub",       "-h", "127.0.0.1", "-p", port, "-t", "#", "-t",
                              "$SYS/broker/version", "-F", "%r %t %p",  "-q", "1"};
    size_t count = 13;
    if (broker->needs_password) {
        const char *const user[] = {"-u", BROKER_USER, "-P", BROKER_PASSWORD};
        for (size_t i = 0; i < 4; i++)
            listen[count++] = user[i];
    }
    if (broker->is_encrypted) {
        listen[count++] = "--cafile";
        listen[count++] = in_folder("cert.pem");
        listen[2] = "localhost";
    }
    const pid_t program = start_program(listen, output);
    WAIT_UNTIL(file_holds(output, "$SYS/broker/version"));
    return program;
}

static bool make_certificate(const char *name, const char *key)
{
    char *certificate = app_strdup(in_folder(name)), *key_path = app_strdup(in_folder(key));
    const char *const make[] = {
        "openssl",  "req",           "-x509",   "-newkey",
        "rsa:2048", "-nodes",        "-keyout", key_path,
        "-out",     certificate,     "-days",   "2",
        "-subj",    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        NULL};
    const bool made = run_program(make, NULL) == 0;
    free(certificate);
    free(key_path);
    return made;
}

bool broker_make_certificate(void)
{
    return has_program("openssl") && make_certificate("cert.pem", "key.pem") &&
           make_certificate("other.pem", "other_key.pem");
}
