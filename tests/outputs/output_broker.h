/* SPDX-License-Identifier: Apache-2.0 */
/* A mosquitto broker of the test's own, on a port of this machine that was free. */
#ifndef TESTS_OUTPUT_BROKER_H
#define TESTS_OUTPUT_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

struct broker {
    int port;
    bool needs_password; /* USER and PASSWORD below */
    bool is_encrypted;   /* with the certificate of broker_make_certificate() */
    pid_t program;       /* 0: it does not run */
};

#define BROKER_USER "cam"
#define BROKER_PASSWORD "s3cr@t/x"

/* Whether mosquitto and mosquitto_sub are here. */
bool broker_is_there(void);

/* Starts it, on the same port each time, and waits until it answers. It has forgotten what it knew
 * before. */
void broker_start(struct broker *broker);

/* Ends it: in good order, or as a machine that is switched off. */
void broker_stop(struct broker *broker);
void broker_kill(struct broker *broker);

/* Writes to a file what comes for all topics: lines "RETAINED TOPIC TEXT". Waits until the broker
 * knows it. Ended with stop_program(). */
pid_t broker_listen(const struct broker *broker, const char *output);

/* Makes cert.pem, for the name localhost alone, and other.pem, which has nothing to do with it, in
 * the test's folder. False: there is no openssl. */
bool broker_make_certificate(void);

#endif
