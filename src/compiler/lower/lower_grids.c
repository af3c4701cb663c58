/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "compiler/lower/grids.h"

static const struct oct_quantization floats = {0.0f, 0};

/* ---- which grids there are, which convolutions can run on them ---- */

static void find_grid(struct oct_gridding *g, int tensor)
{
    const struct oct_imported_tensor *t = &g->imported->tensors[tensor];
    struct oct_quantization *grid = &g->grid[tensor];
    *grid = floats;
    if (t->kind == OCT_TENSOR_INPUT) {
        *grid = (struct oct_quantization){1.0f / 255.0f, 0};
    } else if (t->kind == OCT_TENSOR_CODED) {
        *grid = t->grid;
    } else if (t->kind == OCT_TENSOR_SLICE) {
        *grid = g->grid[t->parent];
    } else if (t->kind == OCT_TENSOR_LAYER &&
               g->imported->layers[t->layer].operation != OCT_CONVOLUTION) {
        *grid = g->grid[g->imported->layers[t->layer].input];
    } else if (t->kind == OCT_TENSOR_CONCAT) {
        *grid = g->grid[t->members[0]];
        for (int m = 1; m < t->member_count; m++)
            if (!oct_same_quantization(*grid, g->grid[t->members[m]]))
                *grid = floats;
    }
}

/* The whole numbers that weights are of, or NULL: not quantised, or beyond 127. */
static int8_t *codes_of(struct oct_gridding *g, const struct oct_imported_layer *layer)
{
    const size_t outputs = (size_t)g->imported->tensors[layer->output].channels;
    const size_t each = (size_t)g->imported->tensors[layer->input].channels *
                        (size_t)layer->kernel * (size_t)layer->kernel;
    int8_t *codes =
        layer->weight_scales ? oct_arena_calloc(g->arena, outputs * each, sizeof *codes) : NULL;
    for (size_t i = 0; codes && i < outputs * each; i++) {
        const float code = rintf(layer->weights[i] / layer->weight_scales[i / each]);
        if (!(fabsf(code) <= 127.0f))
            return NULL;
        codes[i] = (int8_t)code;
    }
    return codes;
}

static void count_kept(const struct oct_gridding *g, int index, struct oct_grids_kept *kept)
{
    const struct oct_imported_layer *layer = &g->imported->layers[index];
    const bool coded_input = oct_is_quantized(g->grid[layer->input]) &&
                             g->imported->tensors[layer->input].kind != OCT_TENSOR_INPUT;
    if (g->codes[index])
        kept->int8++;
    else if (layer->weight_scales && coded_input)
        kept->lost++;
    else
        kept->own++;
}

/* ---- demand ---- */

/* A tensor to be added: its codes where it has a grid, else floats. */
static struct oct_quantization natural_form(const struct oct_gridding *g, int tensor)
{
    return g->grid[tensor];
}

static octet_status demand_of_layer(struct oct_gridding *g, int index)
{
    const struct oct_imported_layer *layer = &g->imported->layers[index];
    const struct oct_forms *forms = &g->forms[layer->output];
    octet_status status = OCTET_OK;
    if (!forms->count)
        return OCTET_OK; /* nobody reads it */
    if (layer->operation == OCT_CONVOLUTION) {
        status =
            oct_grids_demand(g, layer->input, g->codes[index] ? g->grid[layer->input] : floats);
        if (!status && layer->residual >= 0)
            status = oct_grids_demand(g, layer->residual, natural_form(g, layer->residual));
        return status;
    }
    /* Maxima and copies commute with rounding; what is on a grid is converted afterwards. */
    const struct oct_quantization own = g->grid[layer->output];
    for (int f = 0; f < forms->count && !status; f++)
        if (!oct_is_quantized(own) || oct_same_quantization(forms->form[f], own))
            status = oct_grids_demand(g, layer->input, forms->form[f]);
    return status;
}

static octet_status demand_all(struct oct_gridding *g)
{
    const struct oct_imported *imported = g->imported;
    octet_status status = OCTET_OK;
    for (int l = 0; l < imported->level_count && !status; l++) {
        status = oct_grids_demand(g, imported->levels[l].box_tensor, floats);
        if (!status)
            status = oct_grids_demand(g, imported->levels[l].class_tensor, floats);
    }
    for (int i = imported->layer_count - 1; i >= 0 && !status; i--)
        status = demand_of_layer(g, i);
    return status;
}

/* ---- layers ---- */

static float on_grid(float value, struct oct_quantization grid)
{
    if (!oct_is_quantized(grid))
        return value;
    const double steps = rint((double)(value / grid.scale));
    const double low = -grid.zero_point, high = 255 - grid.zero_point;
    return (float)(steps < low ? low : steps > high ? high : steps) * grid.scale;
}

/* What follows the convolution's sum, up to the addition, as the file computes it. */
static void tabulate(const struct oct_imported_layer *layer, struct oct_quantization codes,
                     float *values)
{
    const bool silu = layer->silu && oct_is_quantized(layer->sum_grid);
    for (int code = 0; code < OCT_TABLE_ENTRIES; code++) {
        const float sum = (float)(code - codes.zero_point) * codes.scale;
        const float gate = on_grid(1.0f / (1.0f + expf(-sum)), layer->gate_grid);
        values[code] = on_grid(silu ? sum * gate : sum, layer->value_grid);
    }
}

/* Where the file rounds before the layer's output: after the sum, or before the addition. */
static struct oct_quantization inner_grid(const struct oct_imported_layer *layer)
{
    return oct_is_quantized(layer->sum_grid) ? layer->sum_grid : layer->value_grid;
}

static void set_form(struct oct_gridding *g, int tensor, int form, int index)
{
    g->forms[tensor].tensor[form] = index;
}

static octet_status add_convolution(struct oct_gridding *g, int index, struct oct_layer *to)
{
    const struct oct_imported_layer *from = &g->imported->layers[index];
    const struct oct_quantization input = g->codes[index] ? g->grid[from->input] : floats;
    const size_t outputs = (size_t)g->imported->tensors[from->output].channels;
    *to = (struct oct_layer){.name = from->name,
                             .operation = OCT_CONVOLUTION,
                             .residual = -1,
                             .kernel = from->kernel,
                             .stride = from->stride,
                             .padding = from->padding,
                             .silu = from->silu && !oct_is_quantized(from->sum_grid),
                             .bias = from->bias};
    if (!g->codes[index]) {
        to->values = from->weights;
    } else {
        float *scale = oct_arena_calloc(g->arena, outputs, sizeof *scale);
        if (!scale)
            return oct_fail_memory(g->ctx, "quantised weights");
        for (size_t n = 0; n < outputs; n++)
            scale[n] = input.scale * from->weight_scales[n];
        to->codes = g->codes[index];
        to->scale = scale;
    }
    return oct_grids_form(g, from->input, input, &to->input);
}

/* The convolution as far as the file's first rounding, then a table in each form. */
static octet_status lower_in_steps(struct oct_gridding *g, int index)
{
    const struct oct_imported_layer *from = &g->imported->layers[index];
    const struct oct_imported_tensor *output = &g->imported->tensors[from->output];
    const struct oct_quantization inner = inner_grid(from);
    struct oct_forms *forms = &g->forms[from->output];
    struct oct_layer layer;
    float values[OCT_TABLE_ENTRIES];
    int residual = -1;
    octet_status status = add_convolution(g, index, &layer);
    if (!status && from->residual >= 0)
        status = oct_grids_form(g, from->residual, natural_form(g, from->residual), &residual);
    if (status)
        return status;
    layer.output = oct_grids_add_output(g, from->rounded, output->channels, inner);
    if (layer.output < 0)
        return OCTET_UNSUPPORTED_MODEL;
    status = oct_grids_add_layer(g, &layer);
    tabulate(from, inner, values);
    for (int f = 0; f < forms->count && !status; f++)
        status = oct_grids_add_table(g, layer.output, output->name, values, residual,
                                     forms->form[f], &forms->tensor[f]);
    return status;
}

/* In one pass where one form is wanted; otherwise in floats, which are then converted. */
static octet_status lower_at_once(struct oct_gridding *g, int index)
{
    const struct oct_imported_layer *from = &g->imported->layers[index];
    const struct oct_imported_tensor *output = &g->imported->tensors[from->output];
    struct oct_forms *forms = &g->forms[from->output];
    const struct oct_quantization form = forms->count == 1 ? forms->form[0] : floats;
    struct oct_layer layer;
    octet_status status = add_convolution(g, index, &layer);
    if (!status && from->residual >= 0)
        status =
            oct_grids_form(g, from->residual, natural_form(g, from->residual), &layer.residual);
    if (status)
        return status;
    layer.output = oct_grids_add_output(g, output->name, output->channels, form);
    if (layer.output < 0)
        return OCTET_UNSUPPORTED_MODEL;
    status = oct_grids_add_layer(g, &layer);
    for (int f = 0; f < forms->count && !status; f++) {
        struct oct_layer copy = {.name = output->name,
                                 .operation = OCT_COPY,
                                 .input = layer.output,
                                 .residual = -1,
                                 .kernel = 1,
                                 .stride = 1};
        set_form(g, from->output, f, layer.output);
        if (oct_same_quantization(forms->form[f], form))
            continue;
        copy.output = oct_grids_add_output(g, output->name, output->channels, forms->form[f]);
        if (copy.output < 0)
            return OCTET_UNSUPPORTED_MODEL;
        status = oct_grids_add_layer(g, &copy);
        set_form(g, from->output, f, copy.output);
    }
    return status;
}

/* Pools and upsampling, in each form that is not a conversion of another. */
static octet_status lower_move(struct oct_gridding *g, int index)
{
    const struct oct_imported_layer *from = &g->imported->layers[index];
    const struct oct_imported_tensor *output = &g->imported->tensors[from->output];
    struct oct_forms *forms = &g->forms[from->output];
    const struct oct_quantization own = g->grid[from->output];
    const bool pool = from->operation == OCT_MAX_POOL;
    octet_status status = OCTET_OK;
    for (int f = 0; f < forms->count && !status; f++) {
        struct oct_layer layer = {.name = from->name,
                                  .operation = pool ? OCT_MAX_POOL : OCT_UPSAMPLE,
                                  .residual = -1,
                                  .kernel = pool ? from->kernel : 1,
                                  .stride = 1};
        if (oct_is_quantized(own) && !oct_same_quantization(own, forms->form[f]))
            continue;
        status = oct_grids_form(g, from->input, forms->form[f], &layer.input);
        if (status)
            break;
        layer.output = oct_grids_add_output(g, output->name, output->channels, forms->form[f]);
        if (layer.output < 0)
            return OCTET_UNSUPPORTED_MODEL;
        set_form(g, from->output, f, layer.output);
        status = oct_grids_add_layer(g, &layer);
    }
    return status;
}

static octet_status lower_layer(struct oct_gridding *g, int index)
{
    const struct oct_imported_layer *layer = &g->imported->layers[index];
    if (!g->forms[layer->output].count)
        return OCTET_OK;
    if (layer->operation != OCT_CONVOLUTION)
        return lower_move(g, index);
    return oct_is_quantized(inner_grid(layer)) ? lower_in_steps(g, index) : lower_at_once(g, index);
}

static octet_status lower_all(struct oct_gridding *g)
{
    const struct oct_imported *imported = g->imported;
    const struct oct_imported_tensor *picture = &imported->tensors[imported->input_tensor];
    const struct oct_tensor input = {.name = picture->name,
                                     .kind = OCT_TENSOR_INPUT,
                                     .type = OCT_TYPE_U8,
                                     .channels = 3,
                                     .scale = 1.0f / 255.0f,
                                     .parent = -1};
    struct oct_forms *forms = &g->forms[imported->input_tensor];
    if (oct_grids_add_tensor(g, &input) < 0)
        return OCTET_UNSUPPORTED_MODEL;
    for (int f = 0; f < forms->count; f++)
        if (oct_same_quantization(forms->form[f], g->grid[imported->input_tensor]))
            forms->tensor[f] = 0;
    octet_status status = OCTET_OK;
    for (int i = 0; i < imported->layer_count && !status; i++)
        status = lower_layer(g, i);
    for (int l = 0; l < imported->level_count && !status; l++) {
        struct oct_level *level = &g->network->levels[l];
        level->stride = imported->levels[l].stride;
        status = oct_grids_form(g, imported->levels[l].box_tensor, floats, &level->box_tensor);
        if (!status)
            status =
                oct_grids_form(g, imported->levels[l].class_tensor, floats, &level->class_tensor);
    }
    return status;
}

/* The decode rounds as the file does, all of it, or not at all. */
static void describe(const struct oct_imported *imported, struct oct_network *network)
{
    oct_lower_facts(imported, network);
    if (imported->head_left_float || imported->has_exact_anchors)
        return;
    network->dfl = (struct oct_dfl_rounding){
        {imported->probability_grid.scale, imported->probability_grid.zero_point},
        {imported->distance_grid.scale, imported->distance_grid.zero_point},
        imported->expectation_scale};
}

octet_status oct_lower_grids(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_imported *imported, struct oct_network *network,
                             struct oct_grids_kept *kept)
{
    struct oct_gridding g = {.ctx = ctx, .arena = arena, .imported = imported, .network = network};
    const size_t tensors = (size_t)imported->tensor_count, layers = (size_t)imported->layer_count;
    *network = (struct oct_network){0};
    *kept = (struct oct_grids_kept){0, 0, 0};
    if (imported->tensor_count > OCT_TENSORS_MAX)
        return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL, "the quantised model has too many tensors");
    g.forms = oct_arena_calloc(arena, tensors, sizeof *g.forms);
    g.grid = oct_arena_calloc(arena, tensors, sizeof *g.grid);
    g.codes = oct_arena_calloc(arena, layers, sizeof *g.codes);
    if (!g.forms || !g.grid || !g.codes)
        return oct_fail_memory(ctx, "the plan");
    for (int t = 0; t < imported->tensor_count; t++)
        find_grid(&g, t);
    for (int i = 0; i < imported->layer_count; i++) {
        if (imported->layers[i].operation != OCT_CONVOLUTION)
            continue;
        if (oct_is_quantized(g.grid[imported->layers[i].input]))
            g.codes[i] = codes_of(&g, &imported->layers[i]);
        count_kept(&g, i, kept);
    }
    const octet_status status = demand_all(&g);
    describe(imported, network);
    return status ? status : lower_all(&g);
}
