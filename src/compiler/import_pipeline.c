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
    {"fuse_affine", oct_fuse_affine},
    {"normalize_input", oct_normalize_input},
    {"fuse_batchnorm", oct_fuse_batchnorm},
    {"fuse_silu", oct_fuse_silu},
    {"fuse_residual", oct_fuse_residual},
    {"leave_out_outputs", oct_leave_out_outputs},
    {"recognize_head", oct_recognize_head},
    {"read_head_grids", oct_read_head_grids},
    {"restore_head_constants", oct_restore_head_constants},
    {"probe_head", oct_probe_head},
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

/* The file stays open in import->onnx. */
static octet_status import_once(const void *bytes, size_t size, open_function *open,
                                struct oct_import *import)
{
    octet_context *ctx = import->ctx;
    oct_onnx_init(ctx, import->name, import->onnx);
    import->imported = oct_calloc(ctx, 1, sizeof *import->imported);
    if (!import->imported)
        return oct_fail_memory(ctx, "the network");
    oct_arena_init(&import->imported->arena, ctx);
    import->graph = &import->onnx->graph;
    octet_status status = open(ctx, bytes, size, import->name, import->onnx);
    if (!status)
        status = run_passes(import);
    if (!status)
        return OCTET_OK;
    oct_onnx_close(import->onnx);
    oct_imported_free(ctx, import->imported);
    import->imported = NULL;
    return status;
}

static octet_status import_with(octet_context *ctx, const void *bytes, size_t size,
                                const char *name, open_function *open,
                                struct oct_onnx_model *source, struct oct_imported **imported)
{
    struct oct_import import = {.ctx = ctx, .name = name, .onnx = source, .one_picture = true};
    octet_status status = import_once(bytes, size, open, &import);
    if (status && import.batch > 1) { /* the batch is told in more places than Reshape */
        import = (struct oct_import){.ctx = ctx, .name = name, .onnx = source};
        status = import_once(bytes, size, open, &import);
    }
    *imported = import.imported;
    return status;
}

octet_status oct_imported_with_source(octet_context *ctx, const void *bytes, size_t size,
                                      const char *name, struct oct_onnx_model *source,
                                      struct oct_imported **imported)
{
    return import_with(ctx, bytes, size, name, oct_onnx_open, source, imported);
}

octet_status oct_imported_from_bytes(octet_context *ctx, const void *bytes, size_t size,
                                     const char *name, struct oct_imported **imported)
{
    struct oct_onnx_model source;
    const octet_status status =
        import_with(ctx, bytes, size, name, oct_onnx_open, &source, imported);
    oct_onnx_close(&source);
    return status;
}

octet_status oct_imported_from_file(octet_context *ctx, const void *bytes, size_t size,
                                    const char *path, struct oct_imported **imported)
{
    struct oct_onnx_model source;
    const octet_status status =
        import_with(ctx, bytes, size, path, oct_onnx_open_file, &source, imported);
    oct_onnx_close(&source);
    return status;
}
