/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/grids.h"

static const struct oct_quantization floats = {0.0f, 0};

/* ---- the network grows ---- */

static bool grow(struct oct_gridding *g, void **array, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    const size_t more = *room ? 2 * *room : 256;
    void *larger = oct_arena_calloc(g->arena, more, size);
    if (!larger)
        return false;
    if (count)
        memcpy(larger, *array, count * size);
    *array = larger;
    *room = more;
    return true;
}

int oct_grids_add_tensor(struct oct_gridding *g, const struct oct_tensor *tensor)
{
    void *tensors = g->network->tensors, *grouped = g->grouped;
    size_t room = g->tensor_room;
    const size_t count = (size_t)g->network->tensor_count;
    if (count >= OCT_TENSORS_MAX || !grow(g, &grouped, &room, count, sizeof *g->grouped) ||
        !grow(g, &tensors, &g->tensor_room, count, sizeof *g->network->tensors)) {
        oct_fail(g->ctx, OCTET_UNSUPPORTED_MODEL, "the quantised model has too many tensors");
        return -1;
    }
    g->network->tensors = tensors;
    g->grouped = grouped;
    g->network->tensors[count] = *tensor;
    g->grouped[count] = false;
    return g->network->tensor_count++;
}

octet_status oct_grids_add_layer(struct oct_gridding *g, const struct oct_layer *layer)
{
    void *layers = g->network->layers;
    const size_t count = (size_t)g->network->layer_count;
    if (count >= OCT_LAYERS_MAX ||
        !grow(g, &layers, &g->layer_room, count, sizeof *g->network->layers))
        return oct_fail(g->ctx, OCTET_UNSUPPORTED_MODEL, "the quantised model has too many layers");
    g->network->layers = layers;
    g->network->layers[g->network->layer_count++] = *layer;
    return OCTET_OK;
}

int oct_grids_add_output(struct oct_gridding *g, const char *name, int channels,
                         struct oct_quantization form)
{
    const struct oct_tensor tensor = {.name = name,
                                      .kind = OCT_TENSOR_LAYER,
                                      .type = oct_is_quantized(form) ? OCT_TYPE_U8 : OCT_TYPE_F32,
                                      .channels = channels,
                                      .scale = form.scale,
                                      .zero_point = form.zero_point,
                                      .parent = -1};
    return oct_grids_add_tensor(g, &tensor);
}

/* A copy of `input`, which converts it where the form is another type. */
static octet_status add_copy(struct oct_gridding *g, int input, struct oct_quantization form,
                             int *output)
{
    const struct oct_tensor *from = &g->network->tensors[input];
    const char *name = from->name;
    *output = oct_grids_add_output(g, name, from->channels, form);
    if (*output < 0)
        return OCTET_UNSUPPORTED_MODEL;
    const struct oct_layer layer = {.name = name,
                                    .operation = OCT_COPY,
                                    .input = input,
                                    .output = *output,
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1};
    return oct_grids_add_layer(g, &layer);
}

octet_status oct_grids_add_table(struct oct_gridding *g, int input, const char *name,
                                 const float *values, int residual, struct oct_quantization form,
                                 int *output)
{
    int leaf;
    oct_network_uniform(g->network, input, &leaf);
    const struct oct_tensor from = g->network->tensors[input], of = g->network->tensors[leaf];
    float *table = oct_arena_calloc(g->arena, OCT_TABLE_ENTRIES, sizeof *table);
    *output = oct_grids_add_output(g, name, from.channels, form);
    if (!table || *output < 0)
        return table ? OCTET_UNSUPPORTED_MODEL : oct_fail_memory(g->ctx, "the plan");
    for (int code = 0; code < OCT_TABLE_ENTRIES; code++)
        table[code] = values ? values[code] : (float)(code - of.zero_point) * of.scale;
    const struct oct_layer layer = {.name = name,
                                    .operation = OCT_TABLE,
                                    .input = input,
                                    .output = *output,
                                    .residual = residual,
                                    .kernel = 1,
                                    .stride = 1,
                                    .table = table};
    return oct_grids_add_layer(g, &layer);
}

/* ---- demand ---- */

static int find_form(const struct oct_forms *forms, struct oct_quantization form)
{
    for (int i = 0; i < forms->count; i++)
        if (oct_same_quantization(forms->form[i], form))
            return i;
    return -1;
}

octet_status oct_grids_demand(struct oct_gridding *g, int tensor, struct oct_quantization form)
{
    const struct oct_imported_tensor *t = &g->imported->tensors[tensor];
    struct oct_forms *forms = &g->forms[tensor];
    const struct oct_quantization own = g->grid[tensor];
    octet_status status = OCTET_OK;
    if (find_form(forms, form) >= 0)
        return OCTET_OK;
    if (forms->count == OCT_FORMS_MAX)
        return oct_fail(g->ctx, OCTET_UNSUPPORTED_MODEL,
                        "tensor \"%s\" is quantised in more than %d ways", t->name, OCT_FORMS_MAX);
    forms->form[forms->count] = form;
    forms->tensor[forms->count++] = -1;
    if (oct_is_quantized(own) && !oct_same_quantization(own, form))
        return oct_grids_demand(g, tensor, own); /* and converted from that */
    if (t->kind == OCT_TENSOR_SLICE || t->kind == OCT_TENSOR_CODED)
        return oct_grids_demand(g, t->parent, form);
    for (int m = 0; t->kind == OCT_TENSOR_CONCAT && m < t->member_count && !status; m++)
        status = oct_grids_demand(g, t->members[m], form);
    return status;
}

/* ---- forms ---- */

/* A member of a concat in a form, such as may lie in its buffer. */
static octet_status as_member(struct oct_gridding *g, int member, struct oct_quantization form,
                              int *index)
{
    octet_status status = oct_grids_form(g, member, form, index);
    if (status)
        return status;
    const enum oct_tensor_kind kind = g->network->tensors[*index].kind;
    if ((kind != OCT_TENSOR_LAYER && kind != OCT_TENSOR_CONCAT) || g->grouped[*index])
        status = add_copy(g, *index, form, index);
    if (!status)
        g->grouped[*index] = true;
    return status;
}

static octet_status make_concat(struct oct_gridding *g, const struct oct_imported_tensor *from,
                                struct oct_quantization form, int *index)
{
    struct oct_tensor to = {.name = from->name,
                            .kind = OCT_TENSOR_CONCAT,
                            .type = oct_is_quantized(form) ? OCT_TYPE_U8 : OCT_TYPE_F32,
                            .channels = from->channels,
                            .parent = -1,
                            .member_count = from->member_count};
    for (int m = 0; m < from->member_count; m++) {
        const octet_status status = as_member(g, from->members[m], form, &to.members[m]);
        if (status)
            return status;
    }
    *index = oct_grids_add_tensor(g, &to);
    return *index < 0 ? OCTET_UNSUPPORTED_MODEL : OCTET_OK;
}

static octet_status make_slice(struct oct_gridding *g, const struct oct_imported_tensor *from,
                               struct oct_quantization form, int *index)
{
    struct oct_tensor to = {.name = from->name,
                            .kind = OCT_TENSOR_SLICE,
                            .type = oct_is_quantized(form) ? OCT_TYPE_U8 : OCT_TYPE_F32,
                            .channels = from->channels,
                            .offset = from->offset};
    const octet_status status = oct_grids_form(g, from->parent, form, &to.parent);
    if (status)
        return status;
    *index = oct_grids_add_tensor(g, &to);
    if (*index < 0)
        return OCTET_UNSUPPORTED_MODEL;
    return oct_network_shift(g->network, *index) ? add_copy(g, *index, form, index) : OCTET_OK;
}

/* From the tensor's own grid to another form. */
static octet_status make_conversion(struct oct_gridding *g, int tensor,
                                    struct oct_quantization form, int *index)
{
    int from;
    const octet_status status = oct_grids_form(g, tensor, g->grid[tensor], &from);
    if (status)
        return status;
    return oct_is_quantized(form)
               ? oct_grids_add_table(g, from, g->network->tensors[from].name, NULL, -1, form, index)
               : add_copy(g, from, floats, index);
}

octet_status oct_grids_form(struct oct_gridding *g, int tensor, struct oct_quantization form,
                            int *index)
{
    const struct oct_imported_tensor *t = &g->imported->tensors[tensor];
    struct oct_forms *forms = &g->forms[tensor];
    const struct oct_quantization own = g->grid[tensor];
    const int at = find_form(forms, form);
    octet_status status = OCTET_OK;
    if (at < 0)
        return oct_fail(g->ctx, OCTET_INTERNAL, "tensor \"%s\" was not asked for in this form",
                        t->name);
    *index = forms->tensor[at];
    if (*index >= 0)
        return OCTET_OK;
    if (oct_is_quantized(own) && !oct_same_quantization(own, form))
        status = make_conversion(g, tensor, form, index);
    else if (t->kind == OCT_TENSOR_CONCAT)
        status = make_concat(g, t, form, index);
    else if (t->kind == OCT_TENSOR_SLICE)
        status = make_slice(g, t, form, index);
    else if (t->kind == OCT_TENSOR_CODED)
        status = oct_grids_form(g, t->parent, form, index);
    else
        status =
            oct_fail(g->ctx, OCTET_INTERNAL, "tensor \"%s\" is read before it is written", t->name);
    if (!status)
        forms->tensor[at] = *index;
    return status;
}
