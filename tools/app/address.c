/* SPDX-License-Identifier: Apache-2.0 */
/* Knows addresses and pipelines by their looks, and keeps passwords out of what is printed. */
#include "app/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/allocate.h"

#define HIDDEN "***"

bool is_address(const char *source)
{
    const char *end = strstr(source, "://");
    if (!end || end == source || !isalpha((unsigned char)source[0]))
        return false;
    for (const char *c = source; c < end; c++)
        if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
            return false;
    return true;
}

bool is_pipeline(const char *source)
{
    return strstr(source, " ! ") != NULL;
}

/* Text that is made piece by piece. */
struct text {
    char *bytes;
    size_t length;
};

static void add(struct text *text, const char *bytes, size_t count)
{
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

/* Where an address ends that stands in a sentence or a pipeline. */
static const char *token_end(const char *at)
{
    return at + strcspn(at, " \t\r\n\"'");
}

/* The '@' behind the user of the address whose part behind "://" begins here, or NULL. A password
 * may hold what should have been escaped; an '@' in the path alone ends no user. */
static const char *user_end(const char *at)
{
    const char *end = token_end(at), *slash = at + strcspn(at, "/?#");
    const char *last = memrchr(at, '@', (size_t)(end - at));
    if (!last || last < slash || slash >= end)
        return last;
    const char *colon = memchr(at, ':', (size_t)(slash - at));
    const bool has_user = memchr(at, '@', (size_t)(slash - at)) != NULL;
    const bool has_port = colon && strspn(colon + 1, "0123456789") == (size_t)(slash - colon - 1);
    return has_user || (colon && !has_port) ? last : NULL;
}

/* "user:***" */
static void add_user(struct text *text, const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (colon)
        add(text, at, (size_t)(colon + 1 - at));
    add(text, HIDDEN, sizeof HIDDEN - 1);
}

/* The bytes of "password=" where such a name begins here, else 0. */
static size_t secret_name(const char *at)
{
    static const char *const names[] = {"password", "passwd",  "passphrase", "pass",       "pwd",
                                        "pw",       "user-pw", "token",      "access_key", "secret",
                                        "apikey",   "api_key", "proxy-pw",   "auth"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t length = strlen(names[i]);
        if (strncasecmp(at, names[i], length) == 0 && at[length] == '=')
            return length + 1;
    }
    return 0;
}

char *without_passwords(const char *source)
{
    /* at most a few bytes more for each name */
    struct text text = {app_alloc(strlen(source) + 1, sizeof HIDDEN), 0};
    for (const char *at = source; *at;) {
        const bool begins_name = at == source || !isalnum((unsigned char)at[-1]);
        const size_t name = begins_name ? secret_name(at) : 0;
        if (name) {
            add(&text, at, name);
            at += name;
            const char quote[] = {*at, '\0'};
            const bool is_quoted = *at == '"' || *at == '\'';
            at += is_quoted ? 1 + strcspn(at + 1, quote) : strcspn(at, "& \t\r\n\"'#;");
            at += is_quoted && *at;
            add(&text, HIDDEN, sizeof HIDDEN - 1);
        } else if (strncmp(at, "://", 3) == 0) {
            const char *end = user_end(at + 3);
            add(&text, at, 3);
            if (end)
                add_user(&text, at + 3, end);
            at = end ? end : at + 3;
        } else {
            add(&text, at++, 1);
        }
    }
    return text.bytes;
}

/* What RFC 3986 lets a user's name and password hold, and what is escaped already. */
static bool may_stand(const char *at)
{
    if (*at == '%')
        return isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
    return isalnum((unsigned char)*at) || strchr("-._~!$&'()*+,;=", *at);
}

/* The '@' behind the user: the last one before the path. Without one there, and what should be a
 * host being none, the path only seems to begin in the password. */
static const char *true_user_end(const char *at)
{
    const char *last = memrchr(at, '@', strcspn(at, "/?#"));
    return last ? last : user_end(at);
}

char *address_escaped(const char *source)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *begin = strstr(source, "://"), *end = begin ? true_user_end(begin + 3) : NULL;
    struct text text = {app_alloc(strlen(source) + 1, sizeof "%00"), 0};
    const char *colon = end ? memchr(begin + 3, ':', (size_t)(end - begin - 3)) : NULL;
    for (const char *at = source; *at; at++) {
        const unsigned char byte = (unsigned char)*at;
        const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
        const bool is_user = end && at >= begin + 3 && at < end && at != colon;
        if (is_user && !may_stand(at))
            add(&text, escaped, sizeof escaped);
        else
            add(&text, at, 1);
    }
    return text.bytes;
}
