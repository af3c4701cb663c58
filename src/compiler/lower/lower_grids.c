/* SPDX-License-Identifier: Apache-2.0 */
/* From the network of a quantised file to one that runs with the file's own grids. */
#include <math.h>

#include "base/exponential.h"
#include "compiler/lower/grids.h"
#include "network/operations.h"

static const struct oct_quantization floats = {0.0f, 0};

/* ---- which grids there are, which convolutions can run on them ---- */

static void find_grid(struct oct_gridding *g, int tensor)
{
    const struct oct_tensor *t = &g->from->tensors[tensor];
    struct oct_quantization *grid = &g->grid[tensor];
    *grid = floats;
    if (t->kind == OCT_TENSOR_INPUT) {
        *grid = oct_picture_quantization;
    } else if (t->kind == OCT_TENSOR_CODED) {
        *grid = t->quantization;
    } else if (t->kind == OCT_TENSOR_SLICE) {
        *grid = g->grid[t->parent];
    } else if (t->kind == OCT_TENSOR_LAYER &&
               oct_operation_row(g->from->layers[g->producer[tensor]].operation)->moves) {
        *grid = g->grid[g->from->layers[g->producer[tensor]].input];
    } else if (t->kind == OCT_TENSOR_CONCAT) {
        *grid = g->grid[t->members[0]];
        for (int m = 1; m < t->member_count; m++)
            if (!oct_same_quantization(*grid, g->grid[t->members[m]]))
                *grid = floats;
    }
}

/* The whole numbers that weights are of, or NULL: not quantised, or beyond 127. */
static int8_t *codes_of(struct oct_gridding *g, int index)
{
    const struct oct_layer *layer = &g->from->layers[index];
    const float *scales = g->imported->notes[index].weight_scales;
    const size_t outputs = (size_t)g->from->tensors[layer->output].channels;
    const size_t each =
        (size_t)oct_layer_depth(g->from, layer) * (size_t)layer->kernel * (size_t)layer->kernel;
    int8_t *codes = scales ? oct_arena_calloc(g->to.arena, outputs * each, sizeof *codes) : NULL;
    for (size_t i = 0; codes && i < outputs * each; i++) {
        const float code = rintf(layer->values[i] / scales[i / each]);
        if (!(fabsf(code) <= 127.0f))
            return NULL;
        codes[i] = (int8_t)code;
    }
    return codes;
}

static void count_kept(const struct oct_gridding *g, int index, struct oct_grids_kept *kept)
{
    const struct oct_layer *layer = &g->from->layers[index];
    const bool coded_input = oct_is_quantized(g->grid[layer->input]) &&
                             g->from->tensors[layer->input].kind != OCT_TENSOR_INPUT;
    if (g->codes[index])
        kept->int8++;
    else if (g->imported->notes[index].weight_scales && coded_input)
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

/* What a mean is taken of: codes where there are, and codes of one grid are wanted; else floats,
 * which may be rounded afterwards. */
static struct oct_quantization mean_form(const struct oct_gridding *g, int index)
{
    const struct oct_layer *layer = &g->from->layers[index];
    const struct oct_forms *forms = &g->forms[layer->output];
    return forms->count == 1 && oct_is_quantized(forms->form[0]) ? g->grid[layer->input] : floats;
}

static octet_status demand_of_layer(struct oct_gridding *g, int index)
{
    const struct oct_layer *layer = &g->from->layers[index];
    const struct oct_forms *forms = &g->forms[layer->output];
    octet_status status = OCTET_OK;
    if (!forms->count)
        return OCTET_OK; /* nobody reads it */
    if (oct_layer_computes(&g->from->layers[index])) {
        status =
            oct_grids_demand(g, layer->input, g->codes[index] ? g->grid[layer->input] : floats);
        if (!status && layer->residual >= 0)
            status = oct_grids_demand(g, layer->residual, natural_form(g, layer->residual));
        return status;
    }
    if (layer->operation == OCT_WINDOW_MEAN)
        return oct_grids_demand(g, layer->input, mean_form(g, index));
    /* Maxima and copies commute with rounding; what is on a grid is converted afterwards. */
    const struct oct_quantization own = g->grid[layer->output];
    for (int f = 0; f < forms->count && !status; f++)
        if (!oct_is_quantized(own) || oct_same_quantization(forms->form[f], own))
            status = oct_grids_demand(g, layer->input, forms->form[f]);
    return status;
}

static octet_status demand_all(struct oct_gridding *g)
{
    const struct oct_network *from = g->from;
    octet_status status = OCTET_OK;
    for (int i = 0; i < from->head.output_count && !status; i++)
        status = oct_grids_demand(g, from->head.outputs[i].tensor, floats);
    for (int i = from->layer_count - 1; i >= 0 && !status; i--)
        status = demand_of_layer(g, i);
    return status;
}

/* ---- layers ---- */

static float on_grid(float value, struct oct_quantization grid)
{
    if (!oct_is_quantized(grid))
        return value;
    return (float)oct_quantization_steps(value, grid) * grid.scale;
}

/* As the file computes it, whose gate may be rounded; exp is rounded to a float once, as C
 * libraries' nearly always is, so that tables are the same everywhere. */
static float activate(const struct oct_layer *layer, const struct oct_layer_notes *notes, float sum)
{
    if (layer->activation == OCT_ACTIVATION_SILU)
        return sum * on_grid(1.0f / (1.0f + (float)oct_exp(-(double)sum)), notes->gate_grid);
    if (layer->activation == OCT_ACTIVATION_HARDSWISH)
        return sum * on_grid(fminf(fmaxf(sum / 6.0f + 0.5f, 0.0f), 1.0f), notes->gate_grid);
    return oct_activation_value(layer->activation, layer->slope, sum);
}

/* What follows the convolution's sum, up to the addition, as the file computes it. */
static void tabulate(const struct oct_layer *layer, const struct oct_layer_notes *notes,
                     struct oct_quantization codes, float *values)
{
    const bool activated = layer->activation && oct_is_quantized(notes->sum_grid);
    for (int code = 0; code < OCT_TABLE_ENTRIES; code++) {
        const float sum = (float)(code - codes.zero_point) * codes.scale;
        values[code] = on_grid(activated ? activate(layer, notes, sum) : sum, notes->value_grid);
    }
}

/* Where the file rounds before the layer's output: after the sum, or before the addition. */
static struct oct_quantization inner_grid(const struct oct_layer_notes *notes)
{
    return oct_is_quantized(notes->sum_grid) ? notes->sum_grid : notes->value_grid;
}

static octet_status add_convolution(struct oct_gridding *g, int index, struct oct_layer *to)
{
    const struct oct_layer *from = &g->from->layers[index];
    const struct oct_layer_notes *notes = &g->imported->notes[index];
    const struct oct_quantization input = g->codes[index] ? g->grid[from->input] : floats;
    const size_t outputs = (size_t)g->from->tensors[from->output].channels;
    *to = *from;
    to->residual = -1;
    if (oct_is_quantized(notes->sum_grid)) {
        to->activation = OCT_ACTIVATION_NONE;
        to->slope = 0.0f;
    }
    if (g->codes[index]) {
        float *scale = oct_arena_calloc(g->to.arena, outputs, sizeof *scale);
        if (!scale)
            return oct_fail_memory(g->to.ctx, "quantised weights");
        for (size_t n = 0; n < outputs; n++)
            scale[n] = input.scale * notes->weight_scales[n];
        to->values = NULL;
        to->codes = g->codes[index];
        to->scale = scale;
    }
    return oct_grids_form(g, from->input, input, &to->input);
}

/* The convolution as far as the file's first rounding, then a table in each form. */
static octet_status lower_in_steps(struct oct_gridding *g, int index)
{
    const struct oct_layer *from = &g->from->layers[index];
    const struct oct_layer_notes *notes = &g->imported->notes[index];
    const struct oct_tensor *output = &g->from->tensors[from->output];
    const struct oct_quantization inner = inner_grid(notes);
    struct oct_forms *forms = &g->forms[from->output];
    struct oct_layer layer;
    float values[OCT_TABLE_ENTRIES];
    int residual = -1;
    octet_status status = add_convolution(g, index, &layer);
    if (!status && from->residual >= 0)
        status = oct_grids_form(g, from->residual, natural_form(g, from->residual), &residual);
    if (!status)
        status = oct_grids_add_output(g, notes->rounded, output->channels, inner, &layer.output);
    if (!status)
        status = oct_lower_add_layer(&g->to, &layer);
    tabulate(from, notes, inner, values);
    for (int f = 0; f < forms->count && !status; f++)
        status = oct_grids_add_table(g, layer.output, output->name, values, residual,
                                     forms->form[f], &forms->tensor[f]);
    return status;
}

/* Adds a layer that writes tensor `index` in one form, and what converts that to its others. */
static octet_status add_and_convert(struct oct_gridding *g, struct oct_layer *layer, int index,
                                    struct oct_quantization form)
{
    const struct oct_tensor *output = &g->from->tensors[index];
    struct oct_forms *forms = &g->forms[index];
    octet_status status =
        oct_grids_add_output(g, output->name, output->channels, form, &layer->output);
    if (!status)
        status = oct_lower_add_layer(&g->to, layer);
    for (int f = 0; f < forms->count && !status; f++) {
        forms->tensor[f] = layer->output;
        if (!oct_same_quantization(forms->form[f], form))
            status = oct_grids_add_copy(g, layer->output, output->name, forms->form[f],
                                        &forms->tensor[f]);
    }
    return status;
}

/* In one pass where one form is wanted; otherwise in floats, which are then converted. */
static octet_status lower_at_once(struct oct_gridding *g, int index)
{
    const struct oct_layer *from = &g->from->layers[index];
    const struct oct_forms *forms = &g->forms[from->output];
    const struct oct_quantization form = forms->count == 1 ? forms->form[0] : floats;
    struct oct_layer layer;
    octet_status status = add_convolution(g, index, &layer);
    if (!status && from->residual >= 0)
        status =
            oct_grids_form(g, from->residual, natural_form(g, from->residual), &layer.residual);
    return status ? status : add_and_convert(g, &layer, from->output, form);
}

/* Pools and upsampling, in each form that is not a conversion of another. */
static octet_status lower_move(struct oct_gridding *g, int index)
{
    const struct oct_layer *from = &g->from->layers[index];
    const struct oct_tensor *output = &g->from->tensors[from->output];
    struct oct_forms *forms = &g->forms[from->output];
    const struct oct_quantization own = g->grid[from->output];
    octet_status status = OCTET_OK;
    for (int f = 0; f < forms->count && !status; f++) {
        struct oct_layer layer = *from;
        if (oct_is_quantized(own) && !oct_same_quantization(own, forms->form[f]))
            continue;
        status = oct_grids_form(g, from->input, forms->form[f], &layer.input);
        if (!status)
            status = oct_grids_add_output(g, output->name, output->channels, forms->form[f],
                                          &layer.output);
        if (status)
            break;
        forms->tensor[f] = layer.output;
        status = oct_lower_add_layer(&g->to, &layer);
    }
    return status;
}

/* Of codes to codes; or of floats, which are then converted. */
static octet_status lower_mean(struct oct_gridding *g, int index)
{
    const struct oct_layer *from = &g->from->layers[index];
    const struct oct_forms *forms = &g->forms[from->output];
    const struct oct_quantization input = mean_form(g, index);
    const struct oct_quantization form = oct_is_quantized(input) ? forms->form[0] : floats;
    struct oct_layer layer = *from;
    octet_status status = oct_grids_form(g, from->input, input, &layer.input);
    return status ? status : add_and_convert(g, &layer, from->output, form);
}

static octet_status lower_layer(struct oct_gridding *g, int index)
{
    const struct oct_layer *layer = &g->from->layers[index];
    if (!g->forms[layer->output].count)
        return OCTET_OK;
    if (oct_operation_row(layer->operation)->moves)
        return lower_move(g, index);
    if (layer->operation == OCT_WINDOW_MEAN)
        return lower_mean(g, index);
    return oct_is_quantized(inner_grid(&g->imported->notes[index])) ? lower_in_steps(g, index)
                                                                    : lower_at_once(g, index);
}

static octet_status lower_all(struct oct_gridding *g)
{
    const struct oct_network *from = g->from;
    struct oct_head *head = &g->to.network->head;
    struct oct_tensor input = from->tensors[0];
    struct oct_forms *forms = &g->forms[0];
    int picture;
    input.type = OCT_TYPE_U8;
    input.quantization = oct_picture_quantization;
    octet_status status = oct_lower_add_tensor(&g->to, &input, &picture);
    for (int f = 0; f < forms->count && !status; f++)
        if (oct_same_quantization(forms->form[f], g->grid[0]))
            forms->tensor[f] = picture;
    for (int i = 0; i < from->layer_count && !status; i++)
        status = lower_layer(g, i);
    for (int i = 0; i < head->output_count && !status; i++)
        status = oct_grids_form(g, from->head.outputs[i].tensor, floats, &head->outputs[i].tensor);
    return status;
}

/* The tensors of `from`, and which of its convolutions run in 8 bits. */
static void look_through(struct oct_gridding *g, struct oct_grids_kept *kept)
{
    const struct oct_network *from = g->from;
    for (int t = 0; t < from->tensor_count; t++)
        g->producer[t] = -1;
    for (int i = 0; i < from->layer_count; i++)
        g->producer[from->layers[i].output] = i;
    for (int t = 0; t < from->tensor_count; t++)
        find_grid(g, t);
    for (int i = 0; i < from->layer_count; i++) {
        if (from->layers[i].operation != OCT_CONVOLUTION)
            continue;
        if (oct_is_quantized(g->grid[from->layers[i].input]))
            g->codes[i] = codes_of(g, i);
        count_kept(g, i, kept);
    }
}

octet_status oct_lower_grids(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_imported *imported, struct oct_network *network,
                             struct oct_grids_kept *kept)
{
    const struct oct_network *from = &imported->network;
    const size_t tensors = (size_t)from->tensor_count, layers = (size_t)from->layer_count;
    struct oct_gridding g = {.imported = imported, .from = from};
    *kept = (struct oct_grids_kept){0, 0, 0};
    *network = *from;
    /* the decode rounds as the file does, all of it, or not at all */
    if (!imported->head_left_float && !imported->has_exact_anchors)
        network->head.of = imported->coded_head;
    if (from->tensor_count > OCT_TENSORS_MAX)
        return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL, "the model has too many tensors");
    octet_status status = oct_lower_begin(&g.to, ctx, arena, network, tensors, layers);
    if (status)
        return status;
    g.producer = oct_arena_calloc(arena, tensors, sizeof *g.producer);
    g.forms = oct_arena_calloc(arena, tensors, sizeof *g.forms);
    g.grid = oct_arena_calloc(arena, tensors, sizeof *g.grid);
    g.codes = oct_arena_calloc(arena, layers, sizeof *g.codes);
    if (!g.producer || !g.forms || !g.grid || !g.codes)
        return oct_fail_memory(ctx, "the network");
    look_through(&g, kept);
    status = demand_all(&g);
    return status ? status : lower_all(&g);
}
