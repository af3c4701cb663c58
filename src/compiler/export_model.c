/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of exports: reads the model, makes the recipe, and writes the model with Q/DQ or the
 * calibration cache. */
#include "compiler/export_model.h"

#include <stdio.h>
#include <string.h>

#include "base/output.h"
#include "base/read_file.h"
#include "compiler/export/qdq.h"
#include "compiler/export/trt_cache.h"
#include "compiler/imported_model.h"
#include "compiler/lower/lower.h"

/* All that one export holds. */
struct job {
    octet_context *ctx;
    const octet_statistics *statistics;
    const octet_export_settings *settings;
    struct oct_calibrator calibrator;
    struct oct_arena arena;
    const octet_model *model;
    const char *training; /* that made the codes, or NULL */
    struct oct_placement placement;
    struct oct_recipe recipe;
    bool *chosen; /* [network layers]: float by choice */
    octet_export_info info;
    uint8_t *bytes;
    size_t size;
};

static const char *float_layers(const octet_export_settings *settings)
{
    if (settings->float_layers)
        return settings->float_layers;
    return settings->format == OCTET_EXPORT_QDQ ? "auto" : "none";
}

static const char *cache_header(const struct job *job)
{
    const bool minmax = job->calibrator.kind == OCT_CALIBRATOR_MINMAX ||
                        job->calibrator.kind == OCT_CALIBRATOR_MINMAX_TRT;
    if (job->settings->cache_header)
        return job->settings->cache_header;
    return minmax ? OCT_TRT_HEADER_MINMAX : OCT_TRT_HEADER_DEFAULT;
}

static octet_status check_settings(struct job *job)
{
    const octet_export_settings *settings = job->settings;
    const char *header = settings->cache_header;
    if (settings->format != OCTET_EXPORT_QDQ && settings->format != OCTET_EXPORT_TRT_CACHE)
        return oct_fail(job->ctx, OCTET_INVALID_ARGUMENT, "there is no such export format");
    if (!oct_calibrator_parse(settings->calibrator, &job->calibrator))
        return oct_fail(job->ctx, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN,
                        settings->calibrator);
    if (header && !oct_trt_header_valid(header, strlen(header)))
        return oct_fail(job->ctx, OCTET_INVALID_ARGUMENT,
                        "cache header \"%.80s\": it reads TRT-VERSION-ALGORITHM, for instance "
                        "%s",
                        header, OCT_TRT_HEADER_DEFAULT);
    if (strcmp(float_layers(settings), "auto") == 0)
        return OCTET_OK;
    return oct_select_float_layers(job->ctx, NULL, settings->float_layers, NULL);
}

/* The recipe, with the convolutions that the caller or the search leaves float. */
static octet_status make_recipe(struct job *job)
{
    const struct oct_network *network = &job->model->network;
    const char *words = float_layers(job->settings);
    struct oct_recipe *recipe = &job->recipe;
    const struct oct_placed_model placed = {&job->model->imported->source->graph,
                                            job->model->imported, network, job->model->sources};
    octet_status status = oct_place(job->ctx, &job->arena, &placed, &job->placement);
    if (!status)
        status = oct_recipe_make(job->ctx, &job->arena, &job->placement, job->statistics,
                                 &job->calibrator, recipe);
    job->chosen = oct_arena_calloc(&job->arena, (size_t)network->layer_count, sizeof *job->chosen);
    if (!status && !job->chosen)
        status = oct_fail_memory(job->ctx, "the export");
    if (!status && strcmp(words, "auto") != 0) {
        status = oct_select_float_layers(job->ctx, network, words, job->chosen);
        for (int i = 0; i < network->layer_count && !status; i++)
            recipe->is_float[i] = recipe->is_float[i] || job->chosen[i];
    } else if (!status) {
        status = oct_recipe_search(job->ctx, &job->arena, recipe, job->chosen);
    }
    return status;
}

/* Whether a convolution was chosen to stay float, and no part of the same one before it. */
static bool is_first_chosen(const struct job *job, int index)
{
    const struct oct_placed_convolution *all = job->placement.convolutions;
    bool first = job->chosen[all[index].layer];
    for (int i = 0; i < index && first; i++)
        first = all[i].node != all[index].node || !job->chosen[all[i].layer];
    return first;
}

static octet_status report(struct job *job)
{
    const struct oct_network *network = &job->model->network;
    const octet_export_settings *settings = job->settings;
    double *work = oct_arena_calloc(&job->arena, (size_t)network->layer_count, sizeof *work);
    if (!work)
        return oct_fail_memory(job->ctx, "the export");
    const octet_status status = oct_recipe_work(job->ctx, &job->arena, network, work);
    for (int i = 0; i < job->placement.count; i++) {
        const struct oct_placed_convolution *c = &job->placement.convolutions[i];
        job->info.layer_count += !c->is_identity && !c->is_further;
        job->info.quantised_count += oct_recipe_quantises(&job->recipe, i);
        job->info.float_count += is_first_chosen(job, i);
    }
    job->info.model_opset = job->info.opset = job->model->imported->source->graph.opset;
    for (int i = 0; i < network->layer_count && !status; i++) {
        if (job->chosen[i] && settings->left_float)
            settings->left_float(settings->user, network->tensors[network->layers[i].output].name,
                                 work[i], job->recipe.noise[i]);
    }
    return status;
}

/* ---- QDQ ---- */

/* Where the model came from and what stays float, for whoever finds it. */
static bool add_provenance(const struct job *job, struct oct_rewrite *rewrite)
{
    struct oct_text floats;
    char images[24];
    oct_text_init(&floats, job->ctx);
    oct_text_add(&floats, "", 0);
    const struct oct_network *network = &job->model->network;
    for (int i = 0; i < network->layer_count; i++) {
        const char *name = network->tensors[network->layers[i].output].name;
        if (!job->chosen[i])
            continue;
        oct_text_add(&floats, ",", floats.length > 0);
        oct_text_add(&floats, name, strlen(name));
    }
    snprintf(images, sizeof images, "%lld", (long long)job->statistics->image_count);
    const char *calibrator = job->settings->calibrator;
    const bool done =
        !floats.failed && oct_rewrite_metadata(rewrite, "octet.version", octet_version()) &&
        oct_rewrite_metadata(rewrite, "octet.calibrator", calibrator ? calibrator : "mse") &&
        oct_rewrite_metadata(rewrite, "octet.calibration_images", images) &&
        oct_rewrite_metadata(rewrite, "octet.images_fingerprint",
                             job->statistics->fingerprint_text) &&
        oct_rewrite_metadata(rewrite, "octet.float_layers", floats.bytes) &&
        (!job->training || oct_rewrite_metadata(rewrite, "octet.training", job->training));
    oct_text_free(&floats);
    return done;
}

static octet_status export_qdq(struct job *job)
{
    struct oct_rewrite rewrite;
    struct oct_qdq qdq = {.int8_weights = job->settings->int8_weights != 0,
                          .unsigned_codes = job->settings->unsigned_codes != 0,
                          .picture_order = job->model->imported->picture_order};
    octet_status status =
        oct_rewrite_open(job->ctx, &job->arena, job->model->imported->source->message, &rewrite);
    if (!status)
        status = oct_qdq_place(&rewrite, &job->recipe, &qdq);
    if (!status && !add_provenance(job, &rewrite))
        status = oct_fail_memory(job->ctx, "the export");
    if (!status)
        status = oct_rewrite_pack(&rewrite, &job->bytes, &job->size);
    job->info.opset = (int)rewrite.opset;
    job->info.tensor_count = qdq.pairs;
    return status;
}

/* ---- the cache ---- */

static octet_status export_cache(struct job *job)
{
    struct oct_text text;
    oct_text_init(&text, job->ctx);
    const octet_status status = oct_cache_write(&job->recipe, job->chosen, cache_header(job), &text,
                                                &job->info.tensor_count);
    job->bytes = (uint8_t *)text.bytes;
    job->size = text.length;
    return status;
}

/* ---- the whole ---- */

/* The file's bytes go as soon as the message has what is needed of them. */
static octet_status read_model(struct job *job, const char *path, octet_model **model)
{
    struct oct_file file;
    octet_status status = oct_file_open(job->ctx, path, &file);
    if (status)
        return status;
    status = file.size ? oct_model_from_bytes(job->ctx, file.bytes, file.size, path, model)
                       : oct_fail(job->ctx, OCTET_UNKNOWN_FORMAT, "%s: the file is empty", path);
    oct_file_close(job->ctx, &file);
    job->model = *model;
    if (!status && job->model->imported->is_quantised)
        return oct_fail(job->ctx, OCTET_UNSUPPORTED_MODEL,
                        "%s: already quantised: give the float model", path);
    return status;
}

static octet_status run(struct job *job, const char *path)
{
    octet_status status = oct_model_check_statistics(job->ctx, job->model, job->statistics);
    if (!status)
        status = make_recipe(job);
    if (!status)
        status = report(job);
    if (!status)
        status = job->settings->format == OCTET_EXPORT_QDQ ? export_qdq(job) : export_cache(job);
    return status ? status : oct_output_file(job->ctx, path, job->bytes, job->size);
}

octet_status oct_export_check(octet_context *ctx, const octet_export_settings *settings)
{
    struct job job = {.ctx = ctx, .settings = settings};
    return check_settings(&job);
}

octet_status oct_export_model(octet_context *ctx, const char *model,
                              const octet_statistics *statistics,
                              const octet_export_settings *settings, const char *path,
                              octet_export_info *info)
{
    struct job job = {.ctx = ctx, .statistics = statistics, .settings = settings};
    octet_status status = check_settings(&job);
    if (status)
        return status;
    octet_model *read = NULL;
    oct_arena_init(&job.arena, ctx);
    status = read_model(&job, model, &read);
    if (!status)
        status = run(&job, path);
    oct_model_free(read);
    oct_free(ctx, job.bytes);
    oct_arena_clear(&job.arena);
    if (info && !status)
        *info = job.info;
    return status;
}

octet_status oct_export_trained(octet_context *ctx, const octet_model *model,
                                const octet_statistics *statistics, const struct oct_recipe *recipe,
                                const char *training, const char *path, octet_export_info *info)
{
    octet_export_settings settings;
    memset(&settings, 0, sizeof settings);
    struct job job = {.ctx = ctx,
                      .statistics = statistics,
                      .settings = &settings,
                      .model = model,
                      .training = training,
                      .placement = *recipe->placement,
                      .recipe = *recipe};
    oct_arena_init(&job.arena, ctx);
    job.chosen = oct_arena_calloc(&job.arena, (size_t)model->network.layer_count, sizeof(bool));
    octet_status status = job.chosen ? report(&job) : oct_fail_memory(ctx, "the export");
    if (!status)
        status = export_qdq(&job);
    if (!status)
        status = oct_output_file(ctx, path, job.bytes, job.size);
    oct_free(ctx, job.bytes);
    oct_arena_clear(&job.arena);
    if (info && !status)
        *info = job.info;
    return status;
}
