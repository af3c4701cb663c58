/* SPDX-License-Identifier: Apache-2.0 */
/* Writing safetensors files, to disk or into memory; whoever will read them does so at once. */
#include <string.h>

#include "base/json.h"
#include "base/output.h"
#include "base/text.h"
#include "runtime/container/safetensors.h"

/* The header, padded with spaces to a multiple of 8 bytes. */
static void add_header(const struct oct_safetensors *contents, struct oct_text *out)
{
    size_t begin = 0;
    oct_text_printf(out, "{\"__metadata__\":{");
    for (int i = 0; i < contents->metadata_count; i++) {
        oct_text_add(out, ",", i > 0);
        oct_json_add_text(out, contents->keys[i]);
        oct_text_add(out, ":", 1);
        oct_json_add_text(out, contents->values[i]);
    }
    oct_text_add(out, "}", 1);
    for (int i = 0; i < contents->tensor_count; i++) {
        const struct oct_safetensors_tensor *tensor = &contents->tensors[i];
        oct_text_add(out, ",", 1);
        oct_json_add_text(out, tensor->name);
        oct_text_printf(out, ":{\"dtype\":\"%s\",\"shape\":[",
                        oct_safetensors_type_name(tensor->type));
        for (int d = 0; d < tensor->rank; d++)
            oct_text_printf(out, "%s%zu", d ? "," : "", tensor->shape[d]);
        oct_text_printf(out, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor->size);
        begin += tensor->size;
    }
    oct_text_add(out, "}", 1);
    oct_text_add(out, "       ", oct_align(out->length, 8) - out->length);
}

/* ---- where a file goes ---- */

typedef void take_function(void *to, const void *bytes, size_t size);

static void take_output(void *to, const void *bytes, size_t size)
{
    oct_output_write(to, bytes, size);
}

/* Memory that has room for all. */
static void take_memory(void *to, const void *bytes, size_t size)
{
    uint8_t **end = to;
    if (size)
        memcpy(*end, bytes, size);
    *end += size;
}

/* The whole file, piece by piece. */
static void put(const struct oct_safetensors *contents, const struct oct_text *header,
                take_function *take, void *to)
{
    uint8_t prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)((uint64_t)header->length >> (8 * i));
    take(to, prefix, sizeof prefix);
    take(to, header->bytes, header->length);
    for (int i = 0; i < contents->tensor_count; i++)
        take(to, contents->tensors[i].bytes, contents->tensors[i].size);
}

/* Whoever will read the file does so. */
static octet_status try_reading(octet_context *ctx, const void *bytes, size_t size,
                                const char *name, oct_safetensors_check *check)
{
    char why[OCT_MESSAGE_BYTES];
    const octet_status status = check(ctx, bytes, size, name);
    if (!status || status == OCTET_OUT_OF_MEMORY)
        return status;
    memcpy(why, ctx->message, sizeof why);
    return oct_fail(ctx, OCTET_INTERNAL, "cannot be written, for it would not be read: %s", why);
}

static octet_status try_output(struct oct_output *output, oct_safetensors_check *check)
{
    struct oct_file file;
    octet_status status = oct_output_finish(output);
    if (!status)
        status = oct_output_read(output, &file);
    if (status)
        return status;
    status = try_reading(output->ctx, file.bytes, file.size, output->path, check);
    oct_file_close(output->ctx, &file);
    return status;
}

octet_status oct_safetensors_write(octet_context *ctx, const char *path,
                                   const struct oct_safetensors *contents,
                                   oct_safetensors_check *check)
{
    struct oct_text header;
    struct oct_output output = {0};
    oct_text_init(&header, ctx);
    add_header(contents, &header);
    octet_status status =
        header.failed ? oct_fail_memory(ctx, path) : oct_output_open(ctx, path, &output);
    if (!status) {
        put(contents, &header, take_output, &output);
        status = try_output(&output, check);
    }
    if (!status)
        status = oct_output_commit(&output);
    oct_output_abandon(&output);
    oct_text_free(&header);
    return status;
}

/* False when it is more than memory could hold. */
static bool file_size(const struct oct_safetensors *contents, const struct oct_text *header,
                      size_t *size)
{
    bool fits = oct_add(header->length, 8, size);
    for (int i = 0; i < contents->tensor_count && fits; i++)
        fits = oct_add(*size, contents->tensors[i].size, size);
    return fits;
}

octet_status oct_safetensors_pack(octet_context *ctx, const char *name,
                                  const struct oct_safetensors *contents,
                                  oct_safetensors_check *check, uint8_t **bytes, size_t *size)
{
    struct oct_text header;
    octet_status status = OCTET_OK;
    *bytes = NULL;
    *size = 0;
    oct_text_init(&header, ctx);
    add_header(contents, &header);
    if (!header.failed && file_size(contents, &header, size))
        *bytes = oct_malloc(ctx, *size, 1);
    if (!*bytes)
        status = oct_fail_memory(ctx, name);
    if (!status) {
        uint8_t *end = *bytes;
        put(contents, &header, take_memory, &end);
        status = try_reading(ctx, *bytes, *size, name, check);
    }
    if (status) {
        oct_free(ctx, *bytes);
        *bytes = NULL;
        *size = 0;
    }
    oct_text_free(&header);
    return status;
}
