/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants a tensor in which forms, and the tensors that hold it so. */
#include "compiler/lower/grids.h"

static enum oct_type type_of(struct oct_quantization form)
{
    return oct_is_quantized(form) ? OCT_TYPE_U8 : OCT_TYPE_F32;
}

octet_status oct_grids_add_output(struct oct_gridding *g, const char *name, int channels,
                                  struct oct_quantization form, int *index)
{
    return oct_lower_add_output(&g->to, name, channels, type_of(form), form, index);
}

octet_status oct_grids_add_copy(struct oct_gridding *g, int input, const char *name,
                                struct oct_quantization form, int *output)
{
    return oct_lower_add_copy(&g->to, input, name, type_of(form), form, output);
}

octet_status oct_grids_add_table(struct oct_gridding *g, int input, const char *name,
                                 const float *values, int residual, struct oct_quantization form,
                                 int *output)
{
    int leaf;
    oct_network_uniform(g->to.network, input, &leaf);
    const struct oct_tensor from = g->to.network->tensors[input], of = g->to.network->tensors[leaf];
    float *table = oct_arena_calloc(g->to.arena, OCT_TABLE_ENTRIES, sizeof *table);
    if (!table)
        return oct_fail_memory(g->to.ctx, "the network");
    const octet_status status = oct_grids_add_output(g, name, from.channels, form, output);
    if (status)
        return status;
    for (int code = 0; code < OCT_TABLE_ENTRIES; code++)
        table[code] = values ? values[code]
                             : (float)(code - of.quantization.zero_point) * of.quantization.scale;
    const struct oct_layer layer = {.name = name,
                                    .operation = OCT_TABLE,
                                    .input = input,
                                    .output = *output,
                                    .residual = residual,
                                    .kernel = 1,
                                    .stride = 1,
                                    .table = table};
    return oct_lower_add_layer(&g->to, &layer);
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
    const struct oct_tensor *t = &g->from->tensors[tensor];
    struct oct_forms *forms = &g->forms[tensor];
    const struct oct_quantization own = g->grid[tensor];
    octet_status status = OCTET_OK;
    if (find_form(forms, form) >= 0)
        return OCTET_OK;
    if (forms->count == OCT_FORMS_MAX)
        return oct_fail(g->to.ctx, OCTET_UNSUPPORTED_MODEL,
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

static octet_status make_concat(struct oct_gridding *g, const struct oct_tensor *from,
                                struct oct_quantization form, int *index)
{
    struct oct_tensor to = *from;
    to.type = type_of(form);
    for (int m = 0; m < from->member_count; m++) {
        octet_status status = oct_grids_form(g, from->members[m], form, &to.members[m]);
        if (!status)
            status = oct_lower_as_member(&g->to, &to.members[m]);
        if (status)
            return status;
    }
    return oct_lower_add_tensor(&g->to, &to, index);
}

static octet_status make_slice(struct oct_gridding *g, const struct oct_tensor *from,
                               struct oct_quantization form, int *index)
{
    struct oct_tensor to = *from;
    to.type = type_of(form);
    octet_status status = oct_grids_form(g, from->parent, form, &to.parent);
    if (!status)
        status = oct_lower_add_tensor(&g->to, &to, index);
    if (!status && oct_network_shift(g->to.network, *index))
        status = oct_grids_add_copy(g, *index, to.name, form, index);
    return status;
}

/* From the tensor's own grid to another form. */
static octet_status make_conversion(struct oct_gridding *g, int tensor,
                                    struct oct_quantization form, int *index)
{
    int from;
    const octet_status status = oct_grids_form(g, tensor, g->grid[tensor], &from);
    if (status)
        return status;
    const char *name = g->to.network->tensors[from].name;
    return oct_is_quantized(form) ? oct_grids_add_table(g, from, name, NULL, -1, form, index)
                                  : oct_grids_add_copy(g, from, name, form, index);
}

octet_status oct_grids_form(struct oct_gridding *g, int tensor, struct oct_quantization form,
                            int *index)
{
    const struct oct_tensor *t = &g->from->tensors[tensor];
    struct oct_forms *forms = &g->forms[tensor];
    const struct oct_quantization own = g->grid[tensor];
    const int at = find_form(forms, form);
    octet_status status = OCTET_OK;
    if (at < 0)
        return oct_fail(g->to.ctx, OCTET_INTERNAL, "tensor \"%s\" was not asked for in this form",
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
        status = oct_fail(g->to.ctx, OCTET_INTERNAL, "tensor \"%s\" is read before it is written",
                          t->name);
    if (!status)
        forms->tensor[at] = *index;
    return status;
}
