/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files in. The format is described in docs/formats.md; oct_network_verify() checks what was
 * read. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "runtime/engine/read_engine.h"

static octet_status bad(const struct oct_engine_reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: %s", r->what, what);
}

/* The text `key` of the metadata as JSON. */
static octet_status read_metadata(struct oct_engine_reading *r, const char *key,
                                  const struct oct_json_value **json)
{
    const char *text = oct_safetensors_metadata(&r->file, key);
    const char *what = oct_arena_printf(r->arena, "%s: %s", r->what, key);
    if (!what)
        return oct_fail_memory(r->ctx, r->name);
    if (!text)
        return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s is missing", what);
    const octet_status status = oct_json_parse(r->arena, text, strlen(text), what, json);
    if (status || (*json)->kind == OCT_JSON_OBJECT)
        return status;
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s is no JSON object", what);
}

static octet_status read_provenance(struct oct_engine_reading *r)
{
    const struct oct_json_value *json;
    const octet_status status = read_metadata(r, "octet.provenance", &json);
    if (status)
        return status;
    const size_t count = (size_t)json->count;
    r->provenance_keys = (const char **)oct_arena_calloc(r->arena, count, sizeof(char *));
    r->provenance_values = (const char **)oct_arena_calloc(r->arena, count, sizeof(char *));
    if (!r->provenance_keys || !r->provenance_values)
        return oct_fail_memory(r->ctx, r->name);
    for (const struct oct_json_value *value = json->first; value; value = value->next) {
        if (value->kind != OCT_JSON_TEXT)
            return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: provenance: \"%.80s\" is %s, not a text",
                            r->what, value->key, oct_json_kind_name(value->kind));
        r->provenance_keys[r->provenance_count] = value->key;
        r->provenance_values[r->provenance_count++] = value->text;
    }
    return OCTET_OK;
}

/* The version of that text, or 0. */
static int version_of(const char *text)
{
    for (int version = OCT_ENGINE_VERSION_FIRST; text && version <= OCT_ENGINE_VERSION; version++) {
        char known[16];
        snprintf(known, sizeof known, "%d", version);
        if (strcmp(text, known) == 0)
            return version;
    }
    return 0;
}

static octet_status check_kind(struct oct_engine_reading *r)
{
    static const char *const keys[] = {"octet.kind", "octet.version", "octet.description",
                                       "octet.plan", "octet.provenance"};
    const char *kind = oct_safetensors_metadata(&r->file, "octet.kind");
    const char *version = oct_safetensors_metadata(&r->file, "octet.version");
    if (!kind || strcmp(kind, "engine") != 0)
        return oct_fail(r->ctx, OCTET_UNKNOWN_FORMAT, "%s: not an engine but %s%s", r->name,
                        kind ? "an octet file of kind " : "another safetensors file",
                        kind ? kind : "");
    r->version = version_of(version);
    if (!r->version)
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: engine format version %.20s; this octet reads versions %d to %d: "
                        "build it again",
                        r->name, version ? version : "(none)", OCT_ENGINE_VERSION_FIRST,
                        OCT_ENGINE_VERSION);
    r->what = oct_arena_printf(r->arena, "%s: damaged engine", r->name);
    if (!r->what)
        return oct_fail_memory(r->ctx, r->name);
    r->network.description = oct_safetensors_metadata(&r->file, "octet.description");
    if (!r->network.description)
        return bad(r, "octet.description is missing");
    return oct_safetensors_known(r->ctx, &r->file, r->what, keys, sizeof keys / sizeof keys[0]);
}

/* All that stands in the file. */
static octet_status read_file(struct oct_engine_reading *r, const void *bytes, size_t size)
{
    const struct oct_json_value *json;
    octet_status status = oct_safetensors_parse(r->ctx, r->arena, bytes, size, r->name, &r->file);
    if (!status)
        status = check_kind(r);
    if (!status)
        status = read_metadata(r, "octet.plan", &json);
    if (!status)
        status = oct_network_read(r, json);
    return status ? status : read_provenance(r);
}

static octet_status make_engine(struct oct_engine_reading *r, octet_engine *engine)
{
    octet_status status = oct_engine_set_network(r->ctx, engine, &r->network, r->name);
    for (int i = 0; i + 1 < r->set_count && !status; i++)
        status = oct_engine_add_set(r->ctx, engine, &r->sets[i], r->name);
    if (status)
        return status;
    oct_engine_set_sizes(engine, r->sizes, r->size_count);
    struct oct_network_size *sizes =
        oct_arena_calloc(r->arena, (size_t)r->network.tensor_count, sizeof *sizes);
    if (!sizes)
        return oct_fail_memory(r->ctx, r->name);
    if (oct_network_sizes(r->ctx, &r->network, r->network.input_height, r->network.input_width,
                          sizes))
        return bad(r, "shapes do not fit at its own input size");
    return oct_engine_set_provenance(r->ctx, engine, r->provenance_count, r->provenance_keys,
                                     r->provenance_values);
}

octet_status oct_engine_read(octet_context *ctx, struct oct_file *file, const char *name,
                             octet_engine **engine)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    struct oct_engine_reading r = {.ctx = ctx, .arena = &arena, .name = name};
    octet_status status = oct_engine_create(ctx, engine);
    if (status)
        oct_file_close(ctx, file);
    else
        (*engine)->file = *file;
    *file = (struct oct_file){NULL, 0};
    if (!status)
        status = read_file(&r, (*engine)->file.bytes, (*engine)->file.size);
    if (!status)
        status = make_engine(&r, *engine);
    oct_arena_clear(&arena);
    if (status) {
        oct_engine_free(*engine);
        *engine = NULL;
    }
    return status;
}

octet_status oct_engine_look(octet_context *ctx, const void *bytes, size_t size, const char *name)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    struct oct_engine_reading r = {.ctx = ctx, .arena = &arena, .name = name, .look_only = true};
    const octet_status status = read_file(&r, bytes, size);
    oct_arena_clear(&arena);
    return status;
}
