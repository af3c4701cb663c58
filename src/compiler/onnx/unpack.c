/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks messages within a bound of memory. */
#include "compiler/onnx/onnx_model.h"

#include <string.h>

#include "base/content.h"

/* What a block costs besides its bytes. */
#define BLOCK_COST OCT_ALIGNMENT

/*
 * Counts all that is ever allocated, not what is held: a field that may stand once and stands many
 * times is merged by copying, again and again, and that must end soon too.
 */
static void *limited_allocate(void *user, size_t bytes)
{
    struct oct_onnx_model *model = user;
    size_t whole;
    if (!oct_add(bytes, BLOCK_COST, &whole) || whole > model->bytes_left) {
        model->over_limit = true;
        return NULL;
    }
    model->bytes_left -= whole;
    void *memory = oct_malloc(model->ctx, bytes, 1);
    model->out_of_memory = model->out_of_memory || !memory;
    return memory;
}

static void limited_release(void *user, void *memory)
{
    struct oct_onnx_model *model = user;
    oct_free(model->ctx, memory);
}

void oct_onnx_init(octet_context *ctx, const char *name, struct oct_onnx_model *model)
{
    *model = (struct oct_onnx_model){.ctx = ctx};
    model->allocator = (ProtobufCAllocator){limited_allocate, limited_release, model};
    oct_graph_init(&model->graph, ctx, name);
}

octet_status oct_onnx_unpack(struct oct_onnx_model *model, const void *bytes, size_t size)
{
    const char *name = model->graph.name;
    size_t factor;
    if (!oct_mul(size, OCT_ONNX_BYTES_FACTOR, &factor) ||
        !oct_add(factor, OCT_ONNX_BYTES_BASE, &model->bytes_left))
        return oct_fail(model->ctx, OCTET_BAD_FORMAT, "%s: too large for an ONNX model", name);
    if (size == 0)
        return oct_fail(model->ctx, OCTET_BAD_FORMAT, "%s: the file is empty", name);
    const struct oct_content *content = oct_recognise_content(bytes, size);
    if (content && strcmp(content->name, "an ONNX model") != 0)
        return oct_fail(model->ctx, OCTET_UNKNOWN_FORMAT, "%s: is %s, not an ONNX model%s%s", name,
                        content->name, content->remedy[0] ? ": " : "", content->remedy);
    model->message = oct_onnx__model_proto__unpack(&model->allocator, size, bytes);
    if (!model->message && model->out_of_memory)
        return oct_fail_memory(model->ctx, "the ONNX model");
    if (!model->message && model->over_limit)
        return oct_fail(model->ctx, OCTET_BAD_FORMAT,
                        "%s: not an ONNX model: it unpacks to far more than any does", name);
    if (!model->message)
        return oct_fail(model->ctx, OCTET_BAD_FORMAT,
                        "%s: not an ONNX model, or damaged or cut short", name);
    return OCTET_OK;
}

octet_status oct_onnx_open(octet_context *ctx, const void *bytes, size_t size, const char *name,
                           struct oct_onnx_model *model)
{
    oct_onnx_init(ctx, name, model);
    octet_status status = oct_onnx_unpack(model, bytes, size);
    return status ? status : oct_onnx_build_graph(model);
}

octet_status oct_onnx_open_file(octet_context *ctx, const void *bytes, size_t size,
                                const char *path, struct oct_onnx_model *model)
{
    oct_onnx_init(ctx, path, model);
    model->path = path;
    octet_status status = oct_onnx_unpack(model, bytes, size);
    return status ? status : oct_onnx_build_graph(model);
}

void oct_onnx_close(struct oct_onnx_model *model)
{
    oct_graph_clear(&model->graph);
    if (model->message)
        oct_onnx__model_proto__free_unpacked(model->message, &model->allocator);
    model->message = NULL;
    for (int i = 0; i < model->data_file_count; i++)
        oct_file_close(model->ctx, &model->data_files[i]);
    model->data_file_count = 0;
}
