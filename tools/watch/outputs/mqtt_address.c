/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the addresses of MQTT brokers apart. */
#include "watch/outputs/mqtt_address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "watch/outputs/listen_address.h"

#define PLAIN "mqtt://"
#define ENCRYPTED "mqtts://"
#define PLAIN_PORT 1883
#define ENCRYPTED_PORT 8883

bool is_mqtt_address(const char *text)
{
    return strncmp(text, PLAIN, strlen(PLAIN)) == 0 ||
           strncmp(text, ENCRYPTED, strlen(ENCRYPTED)) == 0;
}

static int refuse(struct app *app, const char *text, const char *why)
{
    char *clean = without_passwords(text);
    const int status = app_usage(app, "'%s': %s", clean, why);
    free(clean);
    return status;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Text of so many bytes with %XX replaced; NULL where that is none, or stands for a zero. */
static char *unescape(const char *text, size_t length)
{
    char *plain = app_alloc(length + 1, 1), *end = plain;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= length || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2]))
                break;
            c = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        }
        if (!c)
            break;
        *end++ = c;
        if (i + 1 == length)
            return plain;
    }
    if (!length)
        return plain;
    free(plain);
    return NULL;
}

/* "USER:PASSWORD" */
static bool parse_user(struct mqtt_address *address, const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    const size_t user = colon ? (size_t)(colon - text) : length;
    address->user = unescape(text, user);
    if (colon)
        address->password = unescape(colon + 1, length - user - 1);
    return address->user && address->user[0] && (!colon || address->password);
}

int mqtt_address_parse(struct app *app, const char *text, struct mqtt_address *address)
{
    *address = (struct mqtt_address){0};
    if (!is_mqtt_address(text))
        return refuse(app, text, "must be mqtt://[USER[:PASSWORD]@]HOST[:PORT], or mqtts://");
    address->is_encrypted = strncmp(text, ENCRYPTED, strlen(ENCRYPTED)) == 0;
    const char *host = text + strlen(address->is_encrypted ? ENCRYPTED : PLAIN);
    const char *at = strrchr(host, '@'); /* a password may hold one */
    const char *why = NULL;
    if (at && !parse_user(address, host, (size_t)(at - host)))
        why = "the user or the password cannot be read ('%' is written %25)";
    host = at ? at + 1 : host;
    size_t length = strlen(host);
    length -= length && host[length - 1] == '/';
    address->port = address->is_encrypted ? ENCRYPTED_PORT : PLAIN_PORT;
    if (!why && memchr(host, '/', length))
        why = "nothing may follow the broker's HOST[:PORT]";
    if (!why && !host_port_parse(host, length, &address->host, &address->port))
        why = "HOST[:PORT] cannot be read";
    if (!why && !address->port)
        why = "the port must be 1 to 65535";
    if (why) {
        mqtt_address_free(address);
        return refuse(app, text, why);
    }
    const bool has_colon = strchr(address->host, ':') != NULL;
    address->shown =
        app_printf("%s%s%s%s:%d", address->is_encrypted ? ENCRYPTED : PLAIN, has_colon ? "[" : "",
                   address->host, has_colon ? "]" : "", address->port);
    return STATUS_DONE;
}

void mqtt_address_free(struct mqtt_address *address)
{
    free(address->host);
    free(address->user);
    if (address->password)
        explicit_bzero(address->password, strlen(address->password));
    free(address->password);
    free(address->shown);
    *address = (struct mqtt_address){0};
}
