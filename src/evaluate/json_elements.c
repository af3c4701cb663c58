/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where an element of a large JSON file ends, and makes values of that one alone. */
#include "evaluate/json_elements.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* "NAME: line 3, column 5"; the name is cut where it is very long. */
static void name_place(struct oct_json *json, size_t position, char place[OCT_MESSAGE_BYTES])
{
    if (position < json->counted.position)
        memset(&json->counted, 0, sizeof json->counted);
    for (; json->counted.position < position; json->counted.position++)
        if (json->bytes[json->counted.position] == '\n') {
            json->counted.breaks++;
            json->counted.first = json->counted.position + 1;
        }
    snprintf(place, OCT_MESSAGE_BYTES, "%.800s: line %zu, column %zu", json->name,
             json->counted.breaks + 1, position - json->counted.first + 1);
}

octet_status oct_json_fail(struct oct_json *json, const char *what)
{
    char place[OCT_MESSAGE_BYTES];
    name_place(json, json->position, place);
    return oct_fail(json->ctx, OCTET_BAD_FORMAT, "%s: %s", place,
                    json->position >= json->size ? "the file ends too early" : what);
}

octet_status oct_json_start(struct oct_json *json)
{
    return oct_text_start(json->ctx, json->name, json->bytes, json->size, &json->position);
}

static void skip_blanks(struct oct_json *json)
{
    while (json->position < json->size && strchr(" \t\r\n", json->bytes[json->position]) &&
           json->bytes[json->position])
        json->position++;
}

bool oct_json_take(struct oct_json *json, char character)
{
    skip_blanks(json);
    if (json->position >= json->size || json->bytes[json->position] != (uint8_t)character)
        return false;
    json->position++;
    return true;
}

octet_status oct_json_expect(struct oct_json *json, char character)
{
    if (oct_json_take(json, character))
        return OCTET_OK;
    char what[] = "not the JSON that is read here ('?' is missing)";
    *strchr(what, '?') = character;
    return oct_json_fail(json, what);
}

octet_status oct_json_next(struct oct_json *json, char close, bool *more)
{
    *more = oct_json_take(json, ',');
    if (!*more)
        return oct_json_expect(json, close);
    if (!oct_json_take(json, close))
        return OCTET_OK;
    json->position--;
    return oct_json_fail(json, "a comma before the closing bracket is no JSON");
}

/* Past the text whose opening quote stands at the position. */
static octet_status pass_text(struct oct_json *json)
{
    for (json->position++; json->position < json->size; json->position++) {
        const uint8_t c = json->bytes[json->position];
        if (c == '\\')
            json->position++;
        else if (c == '"') {
            json->position++;
            return OCTET_OK;
        }
    }
    json->position = json->size;
    return oct_json_fail(json, "");
}

octet_status oct_json_key(struct oct_json *json, const char **key, size_t *length)
{
    skip_blanks(json);
    if (json->position >= json->size || json->bytes[json->position] != '"')
        return oct_json_fail(json, "a member's name is missing");
    const size_t start = json->position;
    const octet_status status = pass_text(json);
    if (status)
        return status;
    *key = (const char *)json->bytes + start + 1;
    *length = json->position - start - 2;
    return oct_json_expect(json, ':');
}

octet_status oct_json_skip(struct oct_json *json)
{
    size_t depth = 0;
    skip_blanks(json);
    const size_t start = json->position;
    while (json->position < json->size) {
        const uint8_t c = json->bytes[json->position];
        if (c == '"') {
            const octet_status status = pass_text(json);
            if (status)
                return status;
            continue;
        }
        if (c == '[' || c == '{') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
            return json->position > start ? OCTET_OK : oct_json_fail(json, "a value is missing");
        } else if ((c == ']' || c == '}') && --depth == 0) {
            json->position++;
            return OCTET_OK;
        }
        json->position++;
    }
    return oct_json_fail(json, "");
}

/* Appends the bytes from `start` to the position to the element. */
static octet_status keep_from(struct oct_json *json, size_t start)
{
    const size_t more = json->position - start;
    if (!oct_grow(json->ctx, &json->scratch, &json->scratch_capacity, json->scratch_size + more, 1))
        return oct_fail_memory(json->ctx, json->name);
    memcpy(json->scratch + json->scratch_size, json->bytes + start, more);
    json->scratch_size += more;
    return OCTET_OK;
}

/* Takes the value of a member to be left out, for which it leaves `null`. */
static octet_status leave_out(struct oct_json *json, size_t *start)
{
    static const char null[] = "null";
    octet_status status = keep_from(json, *start);
    if (!status)
        status = oct_json_skip(json);
    if (status)
        return status;
    *start = json->position;
    if (!oct_grow(json->ctx, &json->scratch, &json->scratch_capacity, json->scratch_size + 4, 1))
        return oct_fail_memory(json->ctx, json->name);
    memcpy(json->scratch + json->scratch_size, null, 4);
    json->scratch_size += 4;
    return OCTET_OK;
}

static bool is_skipped(const struct oct_json *json, size_t start)
{
    const size_t length = json->position - start;
    return json->skipped && length == strlen(json->skipped) + 2 &&
           memcmp(json->bytes + start + 1, json->skipped, length - 2) == 0;
}

/* Collects the object at the position in `scratch`. */
static octet_status collect(struct oct_json *json)
{
    size_t start = json->position, depth = 0;
    octet_status status = OCTET_OK;
    json->scratch_size = 0;
    while (!status && json->position < json->size) {
        const uint8_t c = json->bytes[json->position];
        if (c == '"') {
            const size_t text = json->position;
            status = pass_text(json);
            if (!status && depth == 1 && is_skipped(json, text) && oct_json_take(json, ':'))
                status = leave_out(json, &start);
            continue;
        }
        json->position++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return keep_from(json, start);
    }
    return status ? status : oct_json_fail(json, "");
}

static octet_status visit_element(struct oct_json *json, size_t index, oct_json_visit *visit,
                                  void *user)
{
    const size_t start = json->position;
    octet_status status = collect(json);
    if (status)
        return status;
    char place[OCT_MESSAGE_BYTES];
    const struct oct_json_value *element;
    name_place(json, start, place);
    strcat(place, ": not valid JSON in what begins here");
    json->arena.ctx = json->ctx;
    oct_arena_reset(&json->arena);
    status = oct_json_parse(&json->arena, json->scratch, json->scratch_size, place, &element);
    return status ? status : visit(user, index, element);
}

octet_status oct_json_array(struct oct_json *json, oct_json_visit *visit, void *user)
{
    octet_status status = oct_json_expect(json, '[');
    if (status || oct_json_take(json, ']'))
        return status;
    bool more = true;
    for (size_t index = 0; !status && more; index++) {
        skip_blanks(json);
        if (json->position >= json->size || json->bytes[json->position] != '{')
            return oct_json_fail(json, "an object was expected in this list");
        status = visit_element(json, index, visit, user);
        if (!status)
            status = oct_json_next(json, ']', &more);
    }
    return status;
}

octet_status oct_json_end(struct oct_json *json)
{
    skip_blanks(json);
    return json->position == json->size ? OCTET_OK
                                        : oct_json_fail(json, "more follows where it should end");
}

void oct_json_free(struct oct_json *json)
{
    oct_free(json->ctx, json->scratch);
    oct_arena_clear(&json->arena);
    json->scratch = NULL;
}
