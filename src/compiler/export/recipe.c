/* SPDX-License-Identifier: Apache-2.0 */
/* The scales of groups, the error that codes bring to each convolution, and the choice of those
 * that stay float. */
#include "compiler/export/recipe.h"

#include <math.h>
#include <string.h>

#include "compiler/quantize/moments.h"

/* ---- what the statistics know of a layer's input ---- */

/* The layer that writes a tensor, or -1. */
static int writer_of(const struct oct_network *network, int tensor)
{
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].output == tensor)
            return i;
    return -1;
}

bool oct_recipe_moments(const struct oct_recipe *recipe, int layer, struct oct_moments *moments)
{
    const struct oct_network *network = recipe->placement->network;
    const int input = network->layers[layer].input;
    int last = -1, writer = -1;
    for (int c = 0; c < network->tensors[input].channels; c++) {
        const struct oct_network_channel at = oct_network_resolve(network, input, c);
        writer = at.tensor == last ? writer : writer_of(network, at.tensor);
        last = at.tensor;
        moments[c] = writer < 0 ? (struct oct_moments){0.0, 1.0}
                                : oct_moments_of(&recipe->statistics->tensors[writer], at.channel);
    }
    return writer >= 0;
}

/* ---- scales ---- */

/* The histogram of all that convolutions, attentions and means write into a group. */
static void merge_group(const struct oct_recipe *recipe, int group, uint64_t *bins,
                        struct oct_histogram *merged)
{
    const struct oct_placement *p = recipe->placement;
    memset(bins, 0, OCT_HISTOGRAM_BINS * sizeof *bins);
    oct_histogram_init(merged, bins);
    for (int i = 0; i < p->count; i++)
        if (p->group[p->convolutions[i].output] == group)
            oct_histogram_merge(merged,
                                &recipe->statistics->tensors[p->convolutions[i].layer].histogram);
    for (int i = 0; i < p->attention_count; i++)
        if (p->group[p->attentions[i].output] == group)
            oct_histogram_merge(merged,
                                &recipe->statistics->tensors[p->attentions[i].layer].histogram);
    for (int i = 0; i < p->mean_count; i++)
        if (p->group[p->means[i].output] == group)
            oct_histogram_merge(merged, &recipe->statistics->tensors[p->means[i].layer].histogram);
}

/* A group's scale, once. */
static void find_scale(const struct oct_calibrator *calibrator, struct oct_recipe *recipe,
                       int group, uint64_t *bins)
{
    struct oct_histogram merged;
    if (recipe->scales[group] > 0.0f)
        return;
    merge_group(recipe, group, bins, &merged);
    recipe->scales[group] = oct_symmetric_scale(oct_symmetric_magnitude(calibrator, &merged));
}

static octet_status find_scales(octet_context *ctx, const struct oct_calibrator *calibrator,
                                struct oct_recipe *recipe)
{
    const struct oct_placement *p = recipe->placement;
    uint64_t *bins = oct_malloc(ctx, OCT_HISTOGRAM_BINS, sizeof *bins);
    if (!bins)
        return oct_fail_memory(ctx, "the export");
    for (int i = 0; i < p->count; i++) {
        const struct oct_placed_convolution *c = &p->convolutions[i];
        if (p->network->layers[c->layer].input == 0)
            recipe->scales[p->group[c->input]] = OCT_PICTURE_SCALE;
        find_scale(calibrator, recipe, p->group[c->output], bins);
    }
    for (int i = 0; i < p->mean_count; i++) {
        const struct oct_placed_mean *mean = &p->means[i];
        if (p->network->layers[mean->layer].input == 0)
            recipe->scales[p->group[mean->input]] = OCT_PICTURE_SCALE;
        find_scale(calibrator, recipe, p->group[mean->output], bins);
    }
    for (int i = 0; i < p->attention_count; i++)
        find_scale(calibrator, recipe, p->group[p->attentions[i].output], bins);
    oct_free(ctx, bins);
    for (int v = 0; v < p->graph->file.value_count; v++)
        recipe->scales[v] = recipe->scales[p->group[v]];
    return OCTET_OK;
}

/* ---- noise ---- */

/*
 * Mean squared error of the codes of each channel of a tensor: what the histogram shows for all of
 * them, shared out by what a channel can have. One whose values are small against a code loses all
 * of itself, others the twelfth of a squared code.
 */
static void spread_error(const struct oct_tensor_record *record, float scale, double *errors)
{
    const double step = (double)scale * (double)scale / 12.0;
    double sum = 0.0;
    for (int c = 0; c < record->channels; c++) {
        const struct oct_moments m = oct_moments_of(record, c);
        errors[c] = fmin(step, m.mean * m.mean + m.deviation * m.deviation);
        sum += errors[c];
    }
    const double all = oct_symmetric_error(&record->histogram, scale) * record->channels;
    for (int c = 0; c < record->channels && sum > 0.0; c++)
        errors[c] *= all / sum;
}

struct noise_job {
    octet_context *ctx;
    struct oct_arena *arena;
    struct oct_recipe *recipe;
    double **errors; /* [network tensors]: of each channel, or NULL where not needed yet */
};

static octet_status channel_errors(struct noise_job *job, int tensor, float scale)
{
    const struct oct_recipe *recipe = job->recipe;
    const int writer = writer_of(recipe->placement->network, tensor);
    if (job->errors[tensor] || writer < 0)
        return OCTET_OK;
    const struct oct_tensor_record *record = &recipe->statistics->tensors[writer];
    job->errors[tensor] =
        oct_arena_calloc(job->arena, (size_t)record->channels, sizeof **job->errors);
    if (!job->errors[tensor])
        return oct_fail_memory(job->ctx, "the export");
    spread_error(record, scale, job->errors[tensor]);
    return OCTET_OK;
}

/* Error and signal, as far as channels vary on their own, weighted with what the convolution makes
 * of them. */
static octet_status find_noise(struct noise_job *job, const struct oct_placed_convolution *c)
{
    const struct oct_recipe *recipe = job->recipe;
    const struct oct_network *network = recipe->placement->network;
    const struct oct_layer *layer = &network->layers[c->layer];
    const int inputs = network->tensors[layer->input].channels,
              taps = layer->kernel * layer->kernel;
    const int outputs = network->tensors[layer->output].channels;
    struct oct_moments *moments = oct_calloc(job->ctx, (size_t)inputs, sizeof *moments);
    if (!moments)
        return oct_fail_memory(job->ctx, "the export");
    octet_status status = OCTET_OK;
    double error = 0.0, signal = 0.0;
    const bool known = oct_recipe_moments(recipe, c->layer, moments);
    for (int i = 0; known && i < inputs && !status; i++) {
        const struct oct_network_channel at = oct_network_resolve(network, layer->input, i);
        const bool alone = oct_is_depthwise(layer); /* output i reads it, and nothing else */
        double power = 0.0;
        for (int n = alone ? i : 0; n < (alone ? i + 1 : outputs); n++)
            for (int t = 0; t < taps; t++) {
                const size_t at = alone ? (size_t)n : (size_t)n * (size_t)inputs + (size_t)i;
                const double w = (double)layer->values[at * (size_t)taps + (size_t)t];
                power += w * w;
            }
        status = channel_errors(job, at.tensor, recipe->scales[c->input]);
        error += status ? 0.0 : power * job->errors[at.tensor][at.channel];
        signal += power * moments[i].deviation * moments[i].deviation;
    }
    recipe->noise[c->layer] = signal > 0.0 ? error / signal : 0.0;
    oct_free(job->ctx, moments);
    return status;
}

octet_status oct_recipe_make(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_placement *placement,
                             const octet_statistics *statistics,
                             const struct oct_calibrator *calibrator, struct oct_recipe *recipe)
{
    const size_t layers = (size_t)placement->network->layer_count;
    *recipe = (struct oct_recipe){
        .placement = placement,
        .statistics = statistics,
        .scales =
            oct_arena_calloc(arena, (size_t)placement->graph->file.value_count, sizeof(float)),
        .noise = oct_arena_calloc(arena, layers, sizeof *recipe->noise),
        .is_float = oct_arena_calloc(arena, layers, sizeof *recipe->is_float),
    };
    struct noise_job job = {ctx, arena, recipe, NULL};
    job.errors =
        oct_arena_calloc(arena, (size_t)placement->network->tensor_count, sizeof(double *));
    if (!recipe->scales || !recipe->noise || !recipe->is_float || !job.errors)
        return oct_fail_memory(ctx, "the export");
    octet_status status = find_scales(ctx, calibrator, recipe);
    for (int i = 0; i < placement->count && !status; i++) {
        const struct oct_placed_convolution *c = &placement->convolutions[i];
        recipe->is_float[c->layer] = c->is_last || c->is_identity || c->is_transposed;
        status = c->is_identity ? OCTET_OK : find_noise(&job, c);
    }
    return status;
}

/* ---- the search ---- */

bool oct_recipe_quantises(const struct oct_recipe *recipe, int convolution)
{
    const struct oct_placement *p = recipe->placement;
    const struct oct_placed_convolution *c = &p->convolutions[convolution];
    for (int i = 0; i < p->count && c->rows; i++)
        if (p->convolutions[i].node == c->node &&
            (i < convolution || recipe->is_float[p->convolutions[i].layer]))
            return false;
    return !recipe->is_float[c->layer];
}

octet_status oct_recipe_work(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, double *work)
{
    struct oct_network_size *sizes =
        oct_arena_calloc(arena, (size_t)network->tensor_count, sizeof *sizes);
    double all = 0.0;
    if (!sizes)
        return oct_fail_memory(ctx, "the export");
    const octet_status status =
        oct_network_sizes(ctx, network, network->input_height, network->input_width, sizes);
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_network_size size = sizes[network->layers[i].output];
        work[i] =
            (double)oct_layer_weights(network, &network->layers[i]) * size.height * size.width;
        all += work[i];
    }
    for (int i = 0; i < network->layer_count && !status; i++)
        work[i] /= all;
    return status;
}

/* The convolution that brings most noise for its work, of those that bring too much and are not
 * too much themselves; or -1. `work` is in shares of the whole. */
static int worst_of(const struct oct_recipe *recipe, const double *work, double allowed)
{
    int worst = -1;
    double most = OCT_NOISE_PRICE;
    for (int i = 0; i < recipe->placement->network->layer_count; i++) {
        if (recipe->is_float[i] || work[i] > allowed || !(recipe->noise[i] > OCT_NOISE_LEAST) ||
            !(recipe->noise[i] > most * work[i]))
            continue;
        worst = i;
        most = recipe->noise[i] / work[i];
    }
    return worst;
}

octet_status oct_recipe_search(octet_context *ctx, struct oct_arena *arena,
                               struct oct_recipe *recipe, bool *chosen)
{
    const int layers = recipe->placement->network->layer_count;
    double *work = oct_arena_calloc(arena, (size_t)layers, sizeof *work);
    if (!work)
        return oct_fail_memory(ctx, "the export");
    const octet_status status = oct_recipe_work(ctx, arena, recipe->placement->network, work);
    double allowed = OCT_FLOAT_SHARE_MOST;
    for (int worst; !status && (worst = worst_of(recipe, work, allowed)) >= 0;) {
        recipe->is_float[worst] = chosen[worst] = true;
        allowed -= work[worst];
    }
    return status;
}

bool oct_recipe_places_floats(const struct oct_recipe *recipe, int convolution)
{
    const struct oct_placement *p = recipe->placement;
    const struct oct_placed_convolution *c = &p->convolutions[convolution];
    if (!c->is_last || c->is_identity || c->is_transposed || c->rows || c->norm >= 0)
        return false;
    const int weights = p->graph->file.nodes[c->node].inputs[1];
    return p->graph->values[weights].array.dims[1] ==
           p->network->tensors[p->network->layers[c->layer].input].channels;
}
