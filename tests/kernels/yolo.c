/* SPDX-License-Identifier: Apache-2.0 */
/* The convolutions of YOLOv8 by size and model, and where their tensors lie in an arena. */
#include "kernels/yolo.h"

#include <stdio.h>
#include <string.h>

static int add_tensor(struct yolo *yolo, int channels, int size, enum oct_type type)
{
    yolo->tensors[yolo->tensor_count] = (struct yolo_tensor){
        .channels = channels, .size = size, .first = 1 << 30, .last = -1, .type = type};
    return yolo->tensor_count++;
}

static void touch(struct yolo *yolo, int tensor)
{
    struct yolo_tensor *t = &yolo->tensors[tensor];
    if (yolo->layer_count < t->first)
        t->first = yolo->layer_count;
    if (yolo->layer_count > t->last)
        t->last = yolo->layer_count;
}

/* Channels `taken` of the input slice to `channels` of the output slice. */
static void add_conv(struct yolo *yolo, const char *name, struct yolo_slice input, int taken,
                     struct yolo_slice output, int channels, int kernel, int stride)
{
    struct yolo_layer *layer = &yolo->layers[yolo->layer_count];
    const int size = yolo->tensors[output.tensor].size;
    *layer = (struct yolo_layer){.shape = {.input_channels = taken,
                                           .output_channels = channels,
                                           .kernel = kernel,
                                           .stride = stride,
                                           .output_height = size,
                                           .output_width = size,
                                           .input_pixel = yolo->tensors[input.tensor].channels},
                                 .input = input,
                                 .output = output,
                                 .residual = {-1, 0},
                                 .silu = yolo->tensors[output.tensor].type == yolo->type};
    if (kernel == 1 && strstr(name, ".2"))
        layer->silu = false;
    snprintf(layer->name, sizeof layer->name, "%s", name);
    touch(yolo, input.tensor);
    touch(yolo, output.tensor);
    yolo->layer_count++;
}

/* A convolution into a tensor of its own; returns that. */
static struct yolo_slice conv(struct yolo *yolo, const char *name, struct yolo_slice input,
                              int taken, int channels, int kernel, int stride)
{
    const int size = yolo->tensors[input.tensor].size / stride;
    const struct yolo_slice output = {add_tensor(yolo, channels, size, yolo->type), 0};
    add_conv(yolo, name, input, taken, output, channels, kernel, stride);
    return output;
}

static void name_of(char name[24], int block, const char *part)
{
    snprintf(name, 24, "%d.%s", block, part);
}

/* The concat buffer receives the first convolution's halves and every bottleneck's output. */
static void c2f(struct yolo *yolo, int block, struct yolo_slice input, int taken,
                struct yolo_slice output, int channels, int repeats, bool shortcut)
{
    const int half = channels / 2, size = yolo->tensors[input.tensor].size;
    const int concat = add_tensor(yolo, (2 + repeats) * half, size, yolo->type);
    char name[24];
    name_of(name, block, "cv1");
    add_conv(yolo, name, input, taken, (struct yolo_slice){concat, 0}, channels, 1, 1);
    for (int i = 0; i < repeats; i++) {
        const struct yolo_slice from = {concat, (1 + i) * half}, to = {concat, (2 + i) * half};
        snprintf(name, sizeof name, "%d.m%d.cv1", block, i);
        const struct yolo_slice middle = conv(yolo, name, from, half, half, 3, 1);
        snprintf(name, sizeof name, "%d.m%d.cv2", block, i);
        add_conv(yolo, name, middle, half, to, half, 3, 1);
        if (shortcut)
            yolo->layers[yolo->layer_count - 1].residual = from;
    }
    name_of(name, block, "cv2");
    add_conv(yolo, name, (struct yolo_slice){concat, 0}, (2 + repeats) * half, output, channels, 1,
             1);
}

static void head(struct yolo *yolo, int level, struct yolo_slice input, int channels,
                 const int middle[2])
{
    static const int outputs[2] = {64, 80};
    for (int branch = 0; branch < 2; branch++) {
        char name[24];
        const int size = yolo->tensors[input.tensor].size;
        snprintf(name, sizeof name, "22.cv%d.%d.0", 2 + branch, level);
        const struct yolo_slice a = conv(yolo, name, input, channels, middle[branch], 3, 1);
        snprintf(name, sizeof name, "22.cv%d.%d.1", 2 + branch, level);
        const struct yolo_slice b = conv(yolo, name, a, middle[branch], middle[branch], 3, 1);
        snprintf(name, sizeof name, "22.cv%d.%d.2", 2 + branch, level);
        const struct yolo_slice out = {add_tensor(yolo, outputs[branch], size, OCT_TYPE_F32), 0};
        add_conv(yolo, name, b, middle[branch], out, outputs[branch], 1, 1);
    }
}

static size_t tensor_bytes(const struct yolo_tensor *t)
{
    const size_t side = (size_t)t->size + 2, element = oct_type_bytes(t->type);
    return (side * side * (size_t)t->channels * element + 128) & ~(size_t)63;
}

/* First fit, in order of birth. */
static void plan(struct yolo *yolo)
{
    for (int i = 0; i < yolo->tensor_count; i++) {
        struct yolo_tensor *t = &yolo->tensors[i];
        size_t offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int j = 0; j < i; j++) {
                const struct yolo_tensor *o = &yolo->tensors[j];
                if (o->last >= t->first && o->first <= t->last &&
                    o->offset < offset + tensor_bytes(t) && offset < o->offset + tensor_bytes(o)) {
                    offset = o->offset + tensor_bytes(o);
                    moved = true;
                }
            }
        }
        t->offset = offset;
        if (offset + tensor_bytes(t) > yolo->arena_bytes)
            yolo->arena_bytes = offset + tensor_bytes(t);
    }
}

void yolo_build(struct yolo *yolo, char model, int size, enum oct_type type)
{
    memset(yolo, 0, sizeof *yolo);
    yolo->type = type;
    const int w = model == 'n' ? 16 : model == 's' ? 32 : 48;
    const int deep = model == 'm' ? 4 : 2, shallow = model == 'm' ? 2 : 1;
    const int top = model == 'm' ? 12 * w : 16 * w;
    const struct yolo_slice picture = {add_tensor(yolo, 4, size, type), 0};
    /* Concats: 15's input (4's output behind the upsampled 12's), 12's, 18's and 21's. */
    const struct yolo_slice in15 = {add_tensor(yolo, 12 * w, size / 8, type), 0};
    const struct yolo_slice in12 = {add_tensor(yolo, top + 8 * w, size / 16, type), 0};
    const struct yolo_slice in18 = {add_tensor(yolo, 12 * w, size / 16, type), 0};
    const struct yolo_slice in21 = {add_tensor(yolo, top + 8 * w, size / 32, type), 0};
    const struct yolo_slice out4 = {in15.tensor, 8 * w}, out6 = {in12.tensor, top};
    const struct yolo_slice out12 = {in18.tensor, 4 * w}, out9 = {in21.tensor, 8 * w};
    struct yolo_slice at = conv(yolo, "0", picture, 4, w, 3, 2);
    at = conv(yolo, "1", at, w, 2 * w, 3, 2);
    const struct yolo_slice out2 = {add_tensor(yolo, 2 * w, size / 4, type), 0};
    c2f(yolo, 2, at, 2 * w, out2, 2 * w, shallow, true);
    at = conv(yolo, "3", out2, 2 * w, 4 * w, 3, 2);
    c2f(yolo, 4, at, 4 * w, out4, 4 * w, deep, true);
    at = conv(yolo, "5", out4, 4 * w, 8 * w, 3, 2);
    c2f(yolo, 6, at, 8 * w, out6, 8 * w, deep, true);
    at = conv(yolo, "7", out6, 8 * w, top, 3, 2);
    const struct yolo_slice out8 = {add_tensor(yolo, top, size / 32, type), 0};
    c2f(yolo, 8, at, top, out8, top, shallow, true);
    const struct yolo_slice pools = {add_tensor(yolo, 2 * top, size / 32, type), 0};
    add_conv(yolo, "9.cv1", out8, top, pools, top / 2, 1, 1);
    add_conv(yolo, "9.cv2", pools, 2 * top, out9, top, 1, 1);
    c2f(yolo, 12, in12, top + 8 * w, out12, 8 * w, shallow, false);
    const struct yolo_slice out15 = {add_tensor(yolo, 4 * w, size / 8, type), 0};
    c2f(yolo, 15, in15, 12 * w, out15, 4 * w, shallow, false);
    add_conv(yolo, "16", out15, 4 * w, in18, 4 * w, 3, 2);
    const struct yolo_slice out18 = {add_tensor(yolo, 8 * w, size / 16, type), 0};
    c2f(yolo, 18, in18, 12 * w, out18, 8 * w, shallow, false);
    add_conv(yolo, "19", out18, 8 * w, in21, 8 * w, 3, 2);
    const struct yolo_slice out21 = {add_tensor(yolo, top, size / 32, type), 0};
    c2f(yolo, 21, in21, top + 8 * w, out21, top, shallow, false);
    const int middle[2] = {4 * w > 64 ? 4 * w / 4 > 64 ? 4 * w / 4 : 64 : 64,
                           4 * w > 80 ? 4 * w : 80};
    head(yolo, 0, out15, 4 * w, middle);
    head(yolo, 1, out18, 8 * w, middle);
    head(yolo, 2, out21, top, middle);
    plan(yolo);
}

double yolo_multiply_adds(const struct yolo_layer *layer)
{
    const struct oct_conv_shape *s = &layer->shape;
    const int taken = s->input_channels == 4 ? 3 : s->input_channels;
    return (double)taken * s->output_channels * s->kernel * s->kernel * s->output_height *
           s->output_width;
}

struct oct_view yolo_view(const struct yolo *yolo, struct yolo_slice slice, uint8_t *arena,
                          int back)
{
    const struct yolo_tensor *t = &yolo->tensors[slice.tensor];
    struct oct_view view = {.type = t->type,
                            .pixel = (size_t)t->channels,
                            .quantization = {0.05f, 6},
                            .inverse_scale = 20.0f};
    view.row = view.pixel * (size_t)(t->size + 2);
    const size_t element = oct_type_bytes(t->type), first = (size_t)(1 - back);
    view.data = arena + t->offset +
                (first * view.row + first * view.pixel + (size_t)slice.channel) * element;
    return view;
}
