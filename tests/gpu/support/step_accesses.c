/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of step's views and sources as bytes. */
#include "step_accesses.h"

static struct step_access view_access(const struct oct_gpu_view *view, int height, int width,
                                      int channels)
{
    return (struct step_access){view->data,
                                view->image,
                                view->row,
                                view->pixel,
                                height,
                                width,
                                channels * (int)oct_type_bytes((enum oct_type)view->type)};
}

static void read_view(struct step_accesses *a, const struct oct_gpu_view *view, int height,
                      int width, int channels)
{
    if (view->pixel)
        a->reads[a->read_count++] = view_access(view, height, width, channels);
}

static void write_view(struct step_accesses *a, const struct oct_gpu_view *view, int height,
                       int width, int channels)
{
    a->writes[a->write_count++] = view_access(view, height, width, channels);
}

static void read_sources(struct step_accesses *a, const struct oct_gpu_source *sources, int count,
                         int groups, int height, int width)
{
    for (int i = 0; i < count; i++) {
        const struct oct_gpu_source *s = &sources[i];
        const int last = i + 1 < count ? sources[i + 1].first : groups;
        a->reads[a->read_count++] = (struct step_access){
            s->data,
            s->image,
            s->row,
            s->pixel,
            ((height - 1) >> s->shift) + 1,
            ((width - 1) >> s->shift) + 1,
            (last - s->first) * OCT_GPU_GROUP_BYTES,
        };
    }
}

static void touch_pixels(struct step_accesses *a, const struct oct_gpu_pixels *p)
{
    a->reads[a->read_count++] = (struct step_access){.data = p->input,
                                                     .image = p->input_image,
                                                     .row = 4 * p->input_width,
                                                     .pixel = 4,
                                                     .height = p->input_height,
                                                     .width = p->input_width,
                                                     .bytes = 4};
    write_view(a, &p->output, p->height, p->width, p->channels);
}

/* `channels` of the output are stored. */
static void touch_attended(struct step_accesses *a, const struct oct_gpu_attention *p, int channels)
{
    const int pixels = p->areas * p->pixels;
    read_view(a, &p->queries, 1, pixels, p->heads * p->key_channels);
    read_view(a, &p->keys, 1, pixels, p->heads * p->key_channels);
    read_view(a, &p->values, 1, pixels, p->heads * p->value_channels);
    write_view(a, &p->output, 1, pixels, channels);
}

static void touch_moved(struct step_accesses *a, const struct oct_gpu_move *p)
{
    read_view(a, &p->input, ((p->height - 1) >> p->shift) + 1, ((p->width - 1) >> p->shift) + 1,
              p->depth ? 4 * p->depth : p->channels);
    write_view(a, &p->output, p->height, p->width, p->channels + p->cleared);
}

struct step_accesses step_accesses_of(const struct oct_gpu_step *step)
{
    const union oct_gpu_parameters *of = &step->of;
    struct step_accesses a = {0, 0, {{0}}, {{0}}};
    switch (step->kind) {
    case OCT_GPU_CONV:
        read_sources(&a, of->conv.sources, of->conv.source_count, of->conv.groups,
                     of->conv.input_height, of->conv.input_width);
        read_view(&a, &of->conv.residual, of->conv.height, of->conv.width, step->channels);
        write_view(&a, &of->conv.output, of->conv.height, of->conv.width, step->channels);
        break;
    case OCT_GPU_PIXELS:
        touch_pixels(&a, &of->pixels);
        break;
    case OCT_GPU_CONV_F32:
        read_sources(&a, of->conv_f32.sources, of->conv_f32.source_count, of->conv_f32.groups,
                     of->conv_f32.input_height, of->conv_f32.input_width);
        read_view(&a, &of->conv_f32.residual, of->conv_f32.height, of->conv_f32.width,
                  step->channels);
        write_view(&a, &of->conv_f32.output, of->conv_f32.height, of->conv_f32.width,
                   step->channels);
        break;
    case OCT_GPU_DEPTHWISE:
        read_view(&a, &of->depthwise.input, of->depthwise.input_height, of->depthwise.input_width,
                  step->channels);
        read_view(&a, &of->depthwise.residual, of->depthwise.height, of->depthwise.width,
                  step->channels);
        write_view(&a, &of->depthwise.output, of->depthwise.height, of->depthwise.width,
                   step->channels);
        break;
    case OCT_GPU_ATTENTION:
        touch_attended(&a, &of->attention, step->channels);
        break;
    case OCT_GPU_MOVE:
        touch_moved(&a, &of->move);
        break;
    case OCT_GPU_POOL:
        read_view(&a, &of->pool.input, of->pool.input_height, of->pool.input_width, step->channels);
        write_view(&a, &of->pool.output, of->pool.height, of->pool.width, step->channels);
        break;
    case OCT_GPU_CHAIN:
        read_view(&a, &of->chain.input, of->chain.height, of->chain.width, step->channels);
        for (int i = 0; i < of->chain.count; i++)
            write_view(&a, &of->chain.outputs[i], of->chain.height, of->chain.width,
                       step->channels);
        break;
    case OCT_GPU_TABLE:
        read_view(&a, &of->table.input, of->table.height, of->table.width, of->table.channels);
        read_view(&a, &of->table.residual, of->table.height, of->table.width, of->table.channels);
        write_view(&a, &of->table.output, of->table.height, of->table.width, of->table.channels);
        break;
    }
    return a;
}
