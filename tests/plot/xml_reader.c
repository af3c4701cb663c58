/* SPDX-License-Identifier: Apache-2.0 */
/* Reads elements one after another, with a stack of those that are open. */
#include "xml_reader.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "app/terminal_text.h"

#define DEPTH_MAX 32
#define ATTRIBUTES_MAX 32

struct name {
    const char *text;
    size_t length;
};

static bool same(struct name a, struct name b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static struct name read_name(const char **at)
{
    struct name name = {*at, 0};
    if (isalpha((unsigned char)**at) || **at == '_')
        while (isalnum((unsigned char)**at) || (**at && strchr("_-.:", **at)))
            (*at)++;
    name.length = (size_t)(*at - name.text);
    return name;
}

/* A character of text or of an attribute's value, or a reference in its place. */
static const char *read_character(const char **at)
{
    static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    uint32_t character;
    if (**at == '&') {
        for (size_t i = 0; i < sizeof references / sizeof *references; i++)
            if (strncmp(*at, references[i], strlen(references[i])) == 0) {
                *at += strlen(references[i]);
                return NULL;
            }
        return "an unknown reference";
    }
    const int size = text_character(*at, &character);
    if (character > 0x10ffff || (character & 0xfffe) == 0xfffe)
        return "no UTF-8";
    if (character < 0x20 && !strchr("\t\n\r", (int)character))
        return "a control character";
    *at += size;
    return NULL;
}

static const char *read_attributes(const char **at)
{
    struct name seen[ATTRIBUTES_MAX];
    size_t count = 0;
    const char *fault = NULL;
    while (!fault && isspace((unsigned char)**at)) {
        while (isspace((unsigned char)**at))
            (*at)++;
        if (**at == '>' || **at == '/')
            return NULL;
        if (count == ATTRIBUTES_MAX)
            return "too many attributes";
        seen[count] = read_name(at);
        for (size_t i = 0; i < count; i++)
            if (same(seen[i], seen[count]))
                return "an attribute twice";
        if (!seen[count++].length || strncmp(*at, "=\"", 2) != 0)
            return "a bad attribute";
        for (*at += 2; !fault && **at != '"';)
            fault = **at == '<' || !**at ? "an unfinished value" : read_character(at);
        (*at)++;
    }
    return fault;
}

/* Behind "<": a start, a whole element or an end. */
static const char *read_tag(const char **at, struct name *open, size_t *depth)
{
    const bool ends = **at == '/';
    *at += ends;
    const struct name name = read_name(at);
    if (!name.length)
        return "no name";
    if (ends) {
        if (*depth == 0 || !same(open[--*depth], name) || **at != '>')
            return "an end without its start";
        (*at)++;
        return NULL;
    }
    const char *fault = read_attributes(at);
    if (fault)
        return fault;
    const bool is_whole = **at == '/';
    *at += is_whole;
    if (*(*at)++ != '>')
        return "an unfinished tag";
    if (!is_whole && *depth == DEPTH_MAX)
        return "too deep";
    if (!is_whole)
        open[(*depth)++] = name;
    return NULL;
}

const char *xml_fault(const char *text)
{
    struct name open[DEPTH_MAX];
    size_t depth = 0, roots = 0;
    const char *at = text, *fault = NULL;
    while (*at && !fault) {
        if (*at == '<') {
            at++;
            roots += depth == 0;
            fault = roots > 1 ? "a second root" : read_tag(&at, open, &depth);
        } else if (depth == 0 && !isspace((unsigned char)*at)) {
            fault = "text outside";
        } else {
            fault = read_character(&at);
        }
    }
    return fault ? fault : depth ? "an open element" : roots ? NULL : "nothing";
}
