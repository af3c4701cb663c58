/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a tree of libfyaml's events, within bounds. */
#include "pictures/yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BYTES_MAX (4 * 1024 * 1024)
#define DEPTH_MAX 64
#define NODES_MAX 1000000
#define ANCHORS_MAX 256
#define DIRECTIVES_MAX 16
#define NO_TEXT "\xef\xbf\xbd" /* U+FFFD */

/* The file's bytes, for the caller to free; NULL when it cannot be read (reported). */
static char *read_bytes(struct app *app, const char *path, size_t *size)
{
    struct stat entry;
    FILE *file = fopen(path, "re");
    if (!file) {
        app_fail(app, "%s: cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    char *bytes = NULL;
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode) || entry.st_size > BYTES_MAX) {
        app_fail(app, "%s: not a YAML file (text, at most 4 MiB)", path);
    } else {
        bytes = app_alloc((size_t)entry.st_size + 1, 1);
        *size = fread(bytes, 1, (size_t)entry.st_size, file);
    }
    fclose(file);
    return bytes;
}

/* Length of the character that begins at `at`, 0 where the bytes are no text. */
static size_t character_bytes(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char mask, start;
        unsigned least;
    } forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    if (at[0] < 0x80)
        return (at[0] >= 0x20 && at[0] != 0x7f) || strchr("\t\n\r", at[0] ? at[0] : 1) ? 1 : 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const size_t size = i + 2;
        if ((at[0] & forms[i].mask) != forms[i].start || size > left)
            continue;
        unsigned code = at[0] & (unsigned char)~forms[i].mask;
        for (size_t k = 1; k < size; k++) {
            if ((at[k] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (at[k] & 0x3f);
        }
        const bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code >= forms[i].least && code <= 0x10ffff && !surrogate ? size : 0;
    }
    return 0;
}

/* A copy with U+FFFD for every byte that is no text: libfyaml does not survive them all. */
static char *clean(const char *bytes, size_t size, size_t *length)
{
    char *text = app_alloc(size + 1, sizeof NO_TEXT - 1);
    *length = 0;
    for (size_t at = 0; at < size;) {
        const size_t taken = character_bytes((const unsigned char *)bytes + at, size - at);
        const size_t added = taken ? taken : sizeof NO_TEXT - 1;
        memcpy(text + *length, taken ? bytes + at : NO_TEXT, added);
        *length += added;
        at += taken ? taken : 1;
    }
    return text;
}

/* Tag directives are searched one by one for every other one. */
static bool too_many_directives(const char *text)
{
    size_t count = text[0] == '%';
    for (const char *at = text; (at = strstr(at, "\n%")); at++)
        count++;
    return count > DIRECTIVES_MAX;
}

/* What is under way while the parser's events become nodes. */
struct builder {
    struct app *app;
    const char *path;
    struct yaml *yaml;
    struct yaml_node *root;
    struct yaml_node *open[DEPTH_MAX]; /* sequences and mappings that have not ended */
    struct yaml_node *keys[DEPTH_MAX]; /* of each: the key whose value comes next, or NULL */
    size_t depth, count;
    struct {
        char *name;
        struct yaml_node *node;
    } anchors[ANCHORS_MAX];
    size_t anchor_count;
    int line; /* of the last event */
    bool ended;
};

static int refuse(const struct builder *b, const char *what)
{
    return app_fail(b->app, "%s: line %d: %s", b->path, b->line, what);
}

static struct yaml_node *make_node(struct builder *b, enum yaml_kind kind)
{
    struct yaml_node *node = app_alloc(1, sizeof *node);
    node->kind = kind;
    node->line = b->line;
    node->made_before = b->yaml->nodes;
    b->yaml->nodes = node;
    b->count++;
    return node;
}

static char *token_text(struct fy_token *token)
{
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;
    return app_printf("%.*s", text ? (int)length : 0, text ? text : "");
}

/* Gives the node its place: the root, the next key of a mapping, its value, or the next item. */
static void place(struct builder *b, struct yaml_node *node)
{
    if (!b->depth) {
        b->root = node;
        return;
    }
    struct yaml_node *parent = b->open[b->depth - 1], **key = &b->keys[b->depth - 1];
    if (parent->kind == YAML_MAPPING && !*key) {
        *key = node;
        return;
    }
    node->key = *key;
    *key = NULL;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

static int keep_anchor(struct builder *b, struct fy_token *anchor, struct yaml_node *node)
{
    if (!anchor)
        return STATUS_DONE;
    if (b->anchor_count == ANCHORS_MAX)
        return refuse(b, "too many anchors");
    b->anchors[b->anchor_count].name = token_text(anchor);
    b->anchors[b->anchor_count++].node = node;
    return STATUS_DONE;
}

static int add_scalar(struct builder *b, struct fy_token *value, struct fy_token *anchor)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    const bool plain = !value || fy_token_scalar_style(value) == FYSS_PLAIN;
    struct yaml_node *node = make_node(b, YAML_SCALAR);
    node->text = token_text(value);
    for (size_t i = 0; plain && i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(node->text, nulls[i]) == 0)
            node->kind = YAML_NULL;
    place(b, node);
    return keep_anchor(b, anchor, node);
}

static int add_alias(struct builder *b, struct fy_token *anchor)
{
    struct yaml_node *node = make_node(b, YAML_NULL);
    char *name = token_text(anchor);
    for (size_t i = 0; i < b->anchor_count; i++) /* the last one of a name holds */
        if (strcmp(b->anchors[i].name, name) == 0)
            node->alias = b->anchors[i].node;
    free(name);
    place(b, node);
    return node->alias ? STATUS_DONE : refuse(b, "an alias without its anchor");
}

static int begin(struct builder *b, enum yaml_kind kind, struct fy_token *anchor)
{
    if (b->depth == DEPTH_MAX)
        return refuse(b, "lists within lists, deeper than is taken");
    struct yaml_node *node = make_node(b, kind);
    place(b, node);
    b->open[b->depth] = node;
    b->keys[b->depth++] = NULL;
    return keep_anchor(b, anchor, node);
}

static void note_line(struct builder *b, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark)
        b->line = mark->line + 1;
}

static int add_event(struct builder *b, const struct fy_event *event)
{
    if (b->count == NODES_MAX)
        return refuse(b, "too many entries");
    switch (event->type) {
    case FYET_SCALAR:
        note_line(b, event->scalar.value);
        return add_scalar(b, event->scalar.value, event->scalar.anchor);
    case FYET_ALIAS:
        note_line(b, event->alias.anchor);
        return add_alias(b, event->alias.anchor);
    case FYET_SEQUENCE_START:
        note_line(b, event->sequence_start.sequence_start);
        return begin(b, YAML_SEQUENCE, event->sequence_start.anchor);
    case FYET_MAPPING_START:
        note_line(b, event->mapping_start.mapping_start);
        return begin(b, YAML_MAPPING, event->mapping_start.anchor);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        b->depth -= b->depth > 0;
        return STATUS_DONE;
    case FYET_DOCUMENT_START:
        note_line(b, event->document_start.document_start);
        return b->ended ? refuse(b, "another document follows; one is taken") : STATUS_DONE;
    case FYET_DOCUMENT_END:
        b->ended = true;
        return STATUS_DONE;
    default:
        return STATUS_DONE;
    }
}

static int fail_parser(struct builder *b, struct fy_diag *diagnosis)
{
    void *previous = NULL;
    struct fy_diag_error *error = diagnosis ? fy_diag_errors_iterate(diagnosis, &previous) : NULL;
    if (error)
        b->line = error->line;
    return app_fail(b->app, "%s: line %d: not valid YAML%s%s", b->path, b->line, error ? ": " : "",
                    error ? error->msg : "");
}

static int build(struct builder *b, const char *text, size_t length)
{
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    struct fy_diag *diagnosis = fy_diag_create(&quiet);
    if (diagnosis)
        fy_diag_set_collect_errors(diagnosis, true);
    const struct fy_parse_cfg settings = {.flags = FYPCF_QUIET | FYPCF_JSON_NONE,
                                          .diag = diagnosis};
    struct fy_parser *parser = fy_parser_create(&settings);
    struct fy_event *event;
    int status = STATUS_DONE;
    errno = 0;
    if (!parser || fy_parser_set_string(parser, text, length) != 0)
        status = app_fail(b->app, "%s: out of memory", b->path);
    while (status == STATUS_DONE && (event = fy_parser_parse(parser))) {
        status = add_event(b, event);
        fy_parser_event_free(parser, event);
    }
    /* The parser tells lack of memory as an error of the text, or as its end. */
    if (status == STATUS_DONE && errno == ENOMEM)
        status = app_fail(b->app, "%s: out of memory", b->path);
    if (status == STATUS_DONE && fy_parser_get_stream_error(parser))
        status = fail_parser(b, diagnosis);
    if (parser)
        fy_parser_destroy(parser);
    if (diagnosis)
        fy_diag_destroy(diagnosis);
    return status;
}

int yaml_read(struct app *app, const char *path, struct yaml *yaml)
{
    size_t size = 0, length = 0;
    *yaml = (struct yaml){0};
    char *bytes = read_bytes(app, path, &size);
    if (!bytes)
        return STATUS_FAILED;
    const bool utf16 =
        size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
    const size_t mark = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    char *text = clean(bytes + mark, size - mark, &length);
    struct builder b = {.app = app, .path = path, .yaml = yaml, .line = 1};
    int status;
    if (utf16)
        status = app_fail(app, "%s: UTF-16 text: save the file as UTF-8", path);
    else if (too_many_directives(text))
        status = app_fail(app, "%s: not a YAML file: lines that begin with %%", path);
    else
        status = build(&b, text, length);
    if (status == STATUS_DONE && (!b.root || b.root->kind != YAML_MAPPING))
        status = app_fail(app, "%s: not a YAML file: no keys in it", path);
    yaml->root = b.root;
    for (size_t i = 0; i < b.anchor_count; i++)
        free(b.anchors[i].name);
    free(text);
    free(bytes);
    return status;
}

void yaml_free(struct yaml *yaml)
{
    struct yaml_node *node = yaml->nodes, *before;
    for (; node; node = before) {
        before = node->made_before;
        free(node->text);
        free(node);
    }
    *yaml = (struct yaml){0};
}

const struct yaml_node *yaml_value(const struct yaml_node *node)
{
    return node->alias ? node->alias : node;
}

int yaml_find(struct app *app, const char *path, const struct yaml *yaml, const char *key,
              const struct yaml_node **value)
{
    const struct yaml_node *found = NULL;
    *value = NULL;
    for (const struct yaml_node *node = yaml->root->first; node; node = node->next) {
        const struct yaml_node *name = yaml_value(node->key);
        if (name->kind != YAML_SCALAR || strcmp(name->text, key) != 0)
            continue;
        if (found)
            return app_fail(app, "%s: line %d: '%s:' is there twice (line %d)", path,
                            node->key->line, key, found->key->line);
        found = node;
    }
    if (found && yaml_value(found)->kind != YAML_NULL)
        *value = yaml_value(found);
    return STATUS_DONE;
}

const char *yaml_text(struct app *app, const char *path, const struct yaml_node *node,
                      const char *what)
{
    node = yaml_value(node);
    if (node->kind != YAML_SCALAR || !node->text[0])
        app_fail(app, "%s: line %d: %s", path, node->line, what);
    else if (strstr(node->text, NO_TEXT))
        app_fail(app, "%s: line %d: not UTF-8: save the file as UTF-8", path, node->line);
    else
        return node->text;
    return NULL;
}
