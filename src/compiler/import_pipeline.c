/* SPDX-License-Identifier: Apache-2.0 */
/* The passes in their order: from the bytes of a model file to its network. */
#include "compiler/import_pipeline.h"
#include "compiler/passes/passes.h"

static const struct {
    const char *name;
    oct_pass *run;
} passes[] = {
    {"check_model", oct_check_model},
    {"read_quantization", oct_read_quantization},
    {"bind_shapes", oct_bind_shapes},
    {"fold_constants", oct_fold_constants},
    {"eliminate_dead", oct_eliminate_dead},
    {"remove_identity", oct_remove_identity},
    {"fuse_padding", oct_fuse_padding},
    {"split_transposed", oct_split_transposed},
    {"fuse_affine", oct_fuse_affine},
    {"normalize_input", oct_normalize_input},
    {"fuse_batchnorm", oct_fuse_batchnorm},
    {"fuse_activation", oct_fuse_activation},
    {"scale_channels", oct_scale_channels},
    {"fuse_attention", oct_fuse_attention},
    {"fuse_residual", oct_fuse_residual},
    {"leave_out_outputs", oct_leave_out_outputs},
    {"recognize_head", oct_recognize_head},
    {"read_head_grids", oct_read_head_grids},
    {"restore_head_constants", oct_restore_head_constants},
    {"probe_head", oct_probe_head},
    {"probe_selection", oct_probe_selection},
    {"build_network", oct_build_network},
    {"describe_network", oct_describe_network},
};

static octet_status run_passes(struct oct_import *import)
{
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        octet_status status = passes[i].run(import);
        if (status)
            return i > 0 ? oct_name_family(import, status) : status;
        oct_log(import->ctx, OCTET_LOG_DEBUG, "%s: %s: %zu nodes", import->name, passes[i].name,
                import->graph->node_count);
    }
    return OCTET_OK;
}

typedef octet_status open_function(octet_context *ctx, const void *bytes, size_t size,
                                   const char *name, struct oct_onnx_model *model);

static octet_status import_once(const void *bytes, size_t size, open_function *open,
                                struct oct_import *import)
{
    octet_context *ctx = import->ctx;
    struct oct_imported *imported = oct_calloc(ctx, 1, sizeof *imported);
    if (!imported)
        return oct_fail_memory(ctx, "the network");
    oct_arena_init(&imported->arena, ctx);
    import->imported = imported;
    imported->source = import->onnx = oct_calloc(ctx, 1, sizeof *imported->source);
    octet_status status = OCTET_OK;
    if (!import->onnx)
        status = oct_fail_memory(ctx, "the network");
    if (!status) {
        oct_onnx_init(ctx, import->name, import->onnx);
        import->graph = &import->onnx->graph;
        status = open(ctx, bytes, size, import->name, import->onnx);
    }
    if (!status)
        status = run_passes(import);
    if (status) {
        oct_imported_free(ctx, imported);
        import->imported = NULL;
    }
    return status;
}

static octet_status import_with(octet_context *ctx, const void *bytes, size_t size,
                                const char *name, open_function *open,
                                struct oct_imported **imported)
{
    struct oct_import import = {.ctx = ctx, .name = name, .one_picture = true};
    octet_status status = import_once(bytes, size, open, &import);
    if (status && import.batch > 1) { /* the batch is told in more places than Reshape */
        import = (struct oct_import){.ctx = ctx, .name = name};
        status = import_once(bytes, size, open, &import);
    }
    *imported = import.imported;
    return status;
}

octet_status oct_imported_from_bytes(octet_context *ctx, const void *bytes, size_t size,
                                     const char *name, struct oct_imported **imported)
{
    return import_with(ctx, bytes, size, name, oct_onnx_open, imported);
}

octet_status oct_imported_from_file(octet_context *ctx, const void *bytes, size_t size,
                                    const char *path, struct oct_imported **imported)
{
    return import_with(ctx, bytes, size, path, oct_onnx_open_file, imported);
}

void oct_imported_free(octet_context *ctx, struct oct_imported *imported)
{
    if (!imported)
        return;
    if (imported->source)
        oct_onnx_close(imported->source);
    oct_free(ctx, imported->source);
    oct_arena_clear(&imported->arena);
    oct_free(ctx, imported);
}
