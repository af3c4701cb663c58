/* SPDX-License-Identifier: Apache-2.0 */
/* The strict parser of JSON, into an arena. */
#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define NUMBER_BYTES_MAX 400
#define FEW_MEMBERS 16

struct parsing {
    struct oct_arena *arena;
    const char *what, *start, *at, *end;
    locale_t locale; /* "C": numbers have a point */
    int values;
};

static octet_status refuse(const struct parsing *p, const char *why)
{
    return oct_fail(p->arena->ctx, OCTET_BAD_FORMAT, "%s: byte %zu: %s", p->what,
                    (size_t)(p->at - p->start), p->at == p->end ? "it ends too early" : why);
}

static void skip_blanks(struct parsing *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' || *p->at == '\n'))
        p->at++;
}

static bool take(struct parsing *p, char character)
{
    if (p->at == p->end || *p->at != character)
        return false;
    p->at++;
    return true;
}

/* ---- text ---- */

/* Four digits behind "\u"; the text's closing quote ends them. */
static bool take_code(struct parsing *p, uint32_t *code)
{
    if (p->end - p->at < 4 || !oct_read_hex(p->at, 4, code))
        return false;
    p->at += 4;
    return true;
}

/* What stands behind a backslash. */
static octet_status take_escape(struct parsing *p, char **out)
{
    static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char *letter = *p->at ? strchr(letters, *p->at) : NULL;
    if (letter) {
        p->at++;
        *(*out)++ = codes[letter - letters];
        return OCTET_OK;
    }
    uint32_t code, low = 0;
    if (!take(p, 'u') || !take_code(p, &code))
        return refuse(p, "no such escape in a text");
    const bool pair = code >= 0xd800 && code < 0xdc00;
    if (pair && (!take(p, '\\') || !take(p, 'u') || !take_code(p, &low)))
        return refuse(p, "half a character in a text");
    if (code == 0 || (code >= 0xdc00 && code < 0xe000) || (pair && (low < 0xdc00 || low > 0xdfff)))
        return refuse(p, "no character that a text may have");
    *out += oct_utf8_put(*out, pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : code);
    return OCTET_OK;
}

/* A text, its opening quote at the position. An escape is never shorter than what it stands for. */
static octet_status take_text(struct parsing *p, const char **text)
{
    const char *close = p->at + 1;
    while (close < p->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= p->end) {
        p->at = p->end;
        return refuse(p, "");
    }
    char *out = oct_arena_calloc(p->arena, (size_t)(close - p->at), 1);
    if (!out)
        return oct_fail_memory(p->arena->ctx, p->what);
    *text = out;
    octet_status status = OCTET_OK;
    for (p->at++; p->at < close && !status;) {
        const size_t size = oct_utf8_size(p->at, (size_t)(close - p->at));
        if (take(p, '\\')) {
            status = take_escape(p, &out);
        } else if (size == 0 || (unsigned char)*p->at < 0x20) {
            status = refuse(p, size ? "a control character in a text" : "a text is not UTF-8");
        } else {
            memcpy(out, p->at, size);
            out += size;
            p->at += size;
        }
    }
    p->at += !status;
    return status;
}

/* ---- numbers and words ---- */

static bool take_digits(struct parsing *p)
{
    const char *start = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return p->at > start;
}

/* Passes over a number's text. */
static bool pass_number(struct parsing *p, bool *is_real)
{
    take(p, '-');
    if (!take(p, '0') && !take_digits(p))
        return false;
    const bool fraction = take(p, '.');
    if (fraction && !take_digits(p))
        return false;
    const bool exponent = take(p, 'e') || take(p, 'E');
    if (exponent && !take(p, '-'))
        take(p, '+');
    *is_real = fraction || exponent;
    return !exponent || take_digits(p);
}

static octet_status take_number(struct parsing *p, struct oct_json_value *value)
{
    char digits[NUMBER_BYTES_MAX + 1];
    const char *start = p->at;
    bool is_real;
    if (!pass_number(p, &is_real))
        return refuse(p, "a value is missing, or no JSON");
    const size_t length = (size_t)(p->at - start);
    if (length > NUMBER_BYTES_MAX)
        return refuse(p, "a number is too long");
    memcpy(digits, start, length);
    digits[length] = '\0';
    p->at = start; /* where messages about its value point to */
    if (is_real) {
        value->kind = OCT_JSON_REAL;
        value->real = strtod_l(digits, NULL, p->locale);
        if (!isfinite(value->real))
            return refuse(p, "a number is too large");
    } else {
        value->kind = OCT_JSON_INTEGER;
        for (const char *c = digits + (*digits == '-'); *c; c++)
            if (__builtin_mul_overflow(value->integer, 10, &value->integer) ||
                __builtin_sub_overflow(value->integer, *c - '0', &value->integer))
                return refuse(p, "a number is too large");
        /* summed up below 0, where there is room for one more */
        if (*digits != '-' && __builtin_sub_overflow(0, value->integer, &value->integer))
            return refuse(p, "a number is too large");
    }
    p->at += length;
    return OCTET_OK;
}

static octet_status take_word(struct parsing *p, struct oct_json_value *value)
{
    static const struct {
        const char *word;
        struct oct_json_value value;
    } words[] = {{"true", {.kind = OCT_JSON_BOOLEAN, .boolean = true}},
                 {"false", {.kind = OCT_JSON_BOOLEAN, .boolean = false}},
                 {"null", {.kind = OCT_JSON_NULL}}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t length = strlen(words[i].word);
        if ((size_t)(p->end - p->at) < length || memcmp(p->at, words[i].word, length) != 0)
            continue;
        p->at += length;
        value->kind = words[i].value.kind;
        value->boolean = words[i].value.boolean;
        return OCTET_OK;
    }
    return take_number(p, value);
}

/* ---- lists and objects ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static octet_status refuse_twice(const struct parsing *p, const char *key)
{
    return oct_fail(p->arena->ctx, OCTET_BAD_FORMAT, "%s: byte %zu: \"%.80s\" is there twice",
                    p->what, (size_t)(p->at - p->start), key);
}

/* No two members have one key. */
static octet_status check_keys(const struct parsing *p, const struct oct_json_value *object)
{
    if (object->count <= FEW_MEMBERS) {
        for (const struct oct_json_value *a = object->first; a; a = a->next)
            for (const struct oct_json_value *b = a->next; b; b = b->next)
                if (strcmp(a->key, b->key) == 0)
                    return refuse_twice(p, a->key);
        return OCTET_OK;
    }
    const char **keys =
        (const char **)oct_arena_calloc(p->arena, (size_t)object->count, sizeof *keys);
    if (!keys)
        return oct_fail_memory(p->arena->ctx, p->what);
    int count = 0;
    for (const struct oct_json_value *a = object->first; a; a = a->next)
        keys[count++] = a->key;
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
    for (int i = 1; i < count; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return refuse_twice(p, keys[i]);
    return OCTET_OK;
}

static octet_status take_key(struct parsing *p, struct oct_json_value *member)
{
    skip_blanks(p);
    if (p->at == p->end || *p->at != '"')
        return refuse(p, "a member's name is missing");
    const octet_status status = take_text(p, &member->key);
    if (status)
        return status;
    skip_blanks(p);
    return take(p, ':') ? OCTET_OK : refuse(p, "':' is missing behind a member's name");
}

static octet_status take_value(struct parsing *p, int depth, struct oct_json_value *value);

/* What stands between brackets, the first of which was taken. */
static octet_status take_inside(struct parsing *p, int depth, struct oct_json_value *whole)
{
    const bool is_object = whole->kind == OCT_JSON_OBJECT;
    const char close = is_object ? '}' : ']';
    const struct oct_json_value **link = &whole->first;
    octet_status status = OCTET_OK;
    skip_blanks(p);
    if (take(p, close))
        return OCTET_OK;
    do {
        struct oct_json_value *inner = oct_arena_calloc(p->arena, 1, sizeof *inner);
        if (!inner)
            return oct_fail_memory(p->arena->ctx, p->what);
        if (++p->values > OCT_JSON_VALUES_MAX)
            return refuse(p, "more values than any file of octet has");
        if (is_object)
            status = take_key(p, inner);
        if (!status)
            status = take_value(p, depth + 1, inner);
        if (status)
            return status;
        *link = inner;
        link = &inner->next;
        whole->count++;
        skip_blanks(p);
    } while (take(p, ','));
    if (!take(p, close))
        return refuse(p, is_object ? "',' or '}' is missing" : "',' or ']' is missing");
    return is_object ? check_keys(p, whole) : OCTET_OK;
}

static octet_status take_value(struct parsing *p, int depth, struct oct_json_value *value)
{
    if (depth > OCT_JSON_DEPTH_MAX)
        return refuse(p, "brackets within brackets too many times");
    skip_blanks(p);
    if (p->at < p->end && *p->at == '"') {
        value->kind = OCT_JSON_TEXT;
        return take_text(p, &value->text);
    }
    if (take(p, '{'))
        value->kind = OCT_JSON_OBJECT;
    else if (take(p, '['))
        value->kind = OCT_JSON_ARRAY;
    else
        return take_word(p, value);
    return take_inside(p, depth, value);
}

octet_status oct_json_parse(struct oct_arena *arena, const char *bytes, size_t size,
                            const char *what, const struct oct_json_value **value)
{
    struct parsing p = {.arena = arena, .what = what, .start = bytes, .at = bytes};
    p.end = bytes + size;
    *value = NULL;
    struct oct_json_value *root = oct_arena_calloc(arena, 1, sizeof *root);
    p.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!root || p.locale == (locale_t)0)
        return oct_fail_memory(arena->ctx, what);
    octet_status status = take_value(&p, 0, root);
    skip_blanks(&p);
    if (!status && p.at < p.end)
        status = refuse(&p, "more follows where it should end");
    freelocale(p.locale);
    if (!status)
        *value = root;
    return status;
}

/* ---- looking at it ---- */

const struct oct_json_value *oct_json_find(const struct oct_json_value *object, const char *key)
{
    if (!object || object->kind != OCT_JSON_OBJECT)
        return NULL;
    for (const struct oct_json_value *member = object->first; member; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

bool oct_json_number(const struct oct_json_value *value, double *number)
{
    if (!value || (value->kind != OCT_JSON_INTEGER && value->kind != OCT_JSON_REAL))
        return false;
    *number = value->kind == OCT_JSON_REAL ? value->real : (double)value->integer;
    return true;
}

const char *oct_json_kind_name(enum oct_json_kind kind)
{
    static const char *const names[] = {"null",   "true or false", "a whole number", "a number",
                                        "a text", "a list",        "an object"};
    return names[kind];
}
