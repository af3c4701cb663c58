/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration caches: the scales of a recipe under the names that TensorRT looks for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/export/trt_cache.h"

/* Magnitudes beyond which nothing below 0 is told apart: SiLU's and GELU's results are within half
 * a code of their input of 0, HardSwish' and ReLU's are 0. */
static double lowest_before(enum oct_activation activation)
{
    switch (activation) {
    case OCT_ACTIVATION_SILU:
        return log(254.0);
    case OCT_ACTIVATION_HARDSWISH:
        return 3.0;
    case OCT_ACTIVATION_GELU:
    case OCT_ACTIVATION_GELU_TANH:
        return 2.66; /* Phi(-2.66) = 1 / 254 */
    default:
        return 0.0; /* LeakyReLU's lowest is not known: as its highest */
    }
}

/*
 * Upward the activation is inverted; downward no more is needed than what is told apart.
 */
float oct_scale_before(enum oct_activation activation, float scale)
{
    const double wanted = 127.0 * (double)scale;
    double low = wanted, high = wanted + 1.0; /* x less its activation is below it for x over 0 */
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (oct_activation_exact(activation, 0.0, middle) < wanted)
            low = middle;
        else
            high = middle;
    }
    return oct_symmetric_scale(fmax(high, lowest_before(activation)));
}

/* Scales of what lies inside of the engine's layers, where `scales` has those of groups. */
static void scale_chains(const struct oct_recipe *recipe, const bool *left_out, float *scales)
{
    const struct oct_placement *p = recipe->placement;
    for (int i = 0; i < p->count; i++) {
        const struct oct_placed_convolution *c = &p->convolutions[i];
        float scale = recipe->scales[c->output];
        scales[c->output] = scale;
        if (c->activated >= 0) {
            scales[c->activated] = scale; /* what is added to it is coded with the sum's scale */
            scale = oct_scale_before(p->network->layers[c->layer].activation, scale);
        }
        if (c->gate >= 0)
            scales[c->gate] = 1.0f / 127.0f;
        scales[c->result] = scale;
        if (left_out && left_out[c->layer])
            scales[c->result] = 0.0f;
    }
}

static octet_status write_entry(const struct oct_recipe *recipe, struct oct_text *text,
                                const char *name, float scale, int *count)
{
    uint32_t bits;
    char digits[16];
    if (strpbrk(name, "\r\n"))
        return oct_fail(text->ctx, OCTET_UNSUPPORTED_MODEL,
                        "%s: tensor '%.200s' has a line end in its name, which a calibration cache "
                        "cannot hold",
                        recipe->placement->graph->name, name);
    memcpy(&bits, &scale, sizeof bits);
    oct_text_add(text, name, strlen(name));
    snprintf(digits, sizeof digits, ": %08x\n", (unsigned)bits);
    oct_text_add(text, digits, strlen(digits));
    ++*count;
    return OCTET_OK;
}

octet_status oct_cache_write(const struct oct_recipe *recipe, const bool *left_out,
                             const char *header, struct oct_text *text, int *count)
{
    const struct oct_graph *graph = recipe->placement->graph;
    const size_t values = (size_t)graph->file.value_count;
    octet_context *ctx = text->ctx;
    float *scales = oct_malloc(ctx, values, sizeof *scales);
    if (!scales)
        return oct_fail_memory(ctx, "the export");
    memcpy(scales, recipe->scales, values * sizeof *scales);
    scale_chains(recipe, left_out, scales);
    *count = 0;
    oct_text_printf(text, "%s\n", header);
    octet_status status =
        write_entry(recipe, text, graph->values[graph->inputs[0]].name, OCT_PICTURE_SCALE, count);
    for (int n = 0; n < graph->file.ordered_count && !status; n++) {
        const int place = graph->file.order[n];
        const struct oct_file_node *node = &graph->file.nodes[place];
        for (int i = 0; recipe->placement->body[place] && i < node->output_count && !status; i++) {
            const int value = node->outputs[i];
            if (value >= 0 && scales[value] > 0.0f)
                status = write_entry(recipe, text, graph->values[value].name, scales[value], count);
        }
    }
    oct_free(ctx, scales);
    return status || !text->failed ? status : oct_fail_memory(ctx, "the export");
}
