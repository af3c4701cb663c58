/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of MQTT brokers: mqtt://[USER[:PASSWORD]@]HOST[:PORT], mqtts:// with TLS. */
#ifndef TOOLS_MQTT_ADDRESS_H
#define TOOLS_MQTT_ADDRESS_H

#include "app/app.h"

struct mqtt_address {
    char *host;            /* a name or a number, IPv6 without brackets */
    char *user, *password; /* NULL: none; "%40" and the like are read as what they stand for */
    char *shown;           /* without either of them, for messages */
    int port;              /* 1883 or 8883 where none is given */
    bool is_encrypted;
};

/* Whether the text begins as such an address does. */
bool is_mqtt_address(const char *text);

/* A wrong address is wrong usage, one line without passwords, and leaves a zeroed struct. */
int mqtt_address_parse(struct app *app, const char *text, struct mqtt_address *address);

/* Accepts a zeroed struct. */
void mqtt_address_free(struct mqtt_address *address);

#endif
