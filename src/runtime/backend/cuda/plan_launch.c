/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan's steps to launches: addresses, and parameters for some of the batch's pictures. */
#include "runtime/backend/cuda/gpu_plan.h"

#define MOVE_THREADS 128
#define F32_PIXELS 64 /* of a block of conv_f32, and its channels */
#define F32_CHANNELS 32
#define PIXELS_WARPS 4 /* of a block of the first convolution */

size_t oct_gpu_parameter_bytes(enum oct_gpu_kind kind)
{
    static const size_t bytes[] = {
        [OCT_GPU_CONV] = sizeof(struct oct_gpu_conv),
        [OCT_GPU_PIXELS] = sizeof(struct oct_gpu_pixels),
        [OCT_GPU_CONV_F32] = sizeof(struct oct_gpu_conv_f32),
        [OCT_GPU_DEPTHWISE] = sizeof(struct oct_gpu_depthwise),
        [OCT_GPU_ATTENTION] = sizeof(struct oct_gpu_attention),
        [OCT_GPU_MOVE] = sizeof(struct oct_gpu_move),
        [OCT_GPU_POOL] = sizeof(struct oct_gpu_pool),
        [OCT_GPU_CHAIN] = sizeof(struct oct_gpu_chain),
        [OCT_GPU_TABLE] = sizeof(struct oct_gpu_table),
    };
    return bytes[kind];
}

/* ---- addresses ---- */

/* Everything of a step that refers to memory. */
struct references {
    uint64_t *activations[OCT_GPU_SOURCES_MAX + 2], *constants[8];
    int64_t *pitches[OCT_GPU_SOURCES_MAX + 2]; /* of the activations, from picture to picture */
    int activation_count, constant_count;
};

static void refer(struct references *r, uint64_t *address, int64_t *pitch)
{
    r->activations[r->activation_count] = address;
    r->pitches[r->activation_count++] = pitch;
}

static void refer_view(struct references *r, struct oct_gpu_view *view)
{
    if (view->pixel) /* a view of something */
        refer(r, &view->data, &view->image);
}

static void refer_sources(struct references *r, struct oct_gpu_source *sources, int count)
{
    for (int i = 0; i < count; i++)
        refer(r, &sources[i].data, &sources[i].image);
}

static void refer_constant(struct references *r, uint64_t *address)
{
    if (*address)
        r->constants[r->constant_count++] = address;
}

static void refer_depthwise(struct references *r, struct oct_gpu_depthwise *depthwise)
{
    refer_view(r, &depthwise->input);
    refer_view(r, &depthwise->output);
    refer_view(r, &depthwise->residual);
    refer_constant(r, &depthwise->weights);
    refer_constant(r, &depthwise->start);
    refer_constant(r, &depthwise->scale);
    refer_constant(r, &depthwise->bias);
    refer_constant(r, &depthwise->table);
    refer_constant(r, &depthwise->zeros);
}

static struct references references_of(enum oct_gpu_kind kind, union oct_gpu_parameters *of)
{
    struct references r = {0};
    switch (kind) {
    case OCT_GPU_CONV:
        refer_sources(&r, of->conv.sources, of->conv.source_count);
        refer_view(&r, &of->conv.output);
        refer_view(&r, &of->conv.residual);
        refer_constant(&r, &of->conv.zeros);
        refer_constant(&r, &of->conv.constants);
        refer_constant(&r, &of->conv.weights);
        break;
    case OCT_GPU_PIXELS:
        refer(&r, &of->pixels.input, &of->pixels.input_image);
        refer_view(&r, &of->pixels.output);
        refer_constant(&r, &of->pixels.weights);
        refer_constant(&r, &of->pixels.start);
        refer_constant(&r, &of->pixels.scale);
        refer_constant(&r, &of->pixels.bias);
        refer_constant(&r, &of->pixels.table);
        break;
    case OCT_GPU_CONV_F32:
        refer_sources(&r, of->conv_f32.sources, of->conv_f32.source_count);
        refer_view(&r, &of->conv_f32.output);
        refer_view(&r, &of->conv_f32.residual);
        refer_constant(&r, &of->conv_f32.weights);
        refer_constant(&r, &of->conv_f32.bias);
        refer_constant(&r, &of->conv_f32.table);
        break;
    case OCT_GPU_DEPTHWISE:
        refer_depthwise(&r, &of->depthwise);
        break;
    case OCT_GPU_ATTENTION:
        refer_view(&r, &of->attention.queries);
        refer_view(&r, &of->attention.keys);
        refer_view(&r, &of->attention.values);
        refer_view(&r, &of->attention.output);
        break;
    case OCT_GPU_MOVE:
        refer_view(&r, &of->move.input);
        refer_view(&r, &of->move.output);
        break;
    case OCT_GPU_POOL:
        refer_view(&r, &of->pool.input);
        refer_view(&r, &of->pool.output);
        break;
    case OCT_GPU_CHAIN:
        refer_view(&r, &of->chain.input);
        for (int i = 0; i < of->chain.count; i++)
            refer_view(&r, &of->chain.outputs[i]);
        break;
    case OCT_GPU_TABLE:
        refer_view(&r, &of->table.input);
        refer_view(&r, &of->table.output);
        refer_view(&r, &of->table.residual);
        refer_constant(&r, &of->table.table);
        break;
    }
    return r;
}

void oct_gpu_step_bind(struct oct_gpu_step *step, uint64_t arena, uint64_t constants)
{
    const struct references r = references_of(step->kind, &step->of);
    for (int i = 0; i < r.activation_count; i++)
        *r.activations[i] += arena;
    for (int i = 0; i < r.constant_count; i++)
        *r.constants[i] += constants;
}

/* ---- grids ---- */

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t element_blocks(int images, int height, int width, int each)
{
    return divide_up((int64_t)images * height * width * each, MOVE_THREADS);
}

static int32_t *images_of(enum oct_gpu_kind kind, union oct_gpu_parameters *of)
{
    switch (kind) {
    case OCT_GPU_CONV:
        return &of->conv.images;
    case OCT_GPU_PIXELS:
        return &of->pixels.images;
    case OCT_GPU_CONV_F32:
        return &of->conv_f32.images;
    case OCT_GPU_DEPTHWISE:
        return &of->depthwise.images;
    case OCT_GPU_ATTENTION:
        return &of->attention.images;
    case OCT_GPU_MOVE:
        return &of->move.images;
    case OCT_GPU_POOL:
        return &of->pool.images;
    case OCT_GPU_CHAIN:
        return &of->chain.images;
    case OCT_GPU_TABLE:
        return &of->table.images;
    }
    return NULL;
}

static int64_t pixels_blocks(struct oct_gpu_pixels *pixels)
{
    pixels->warp_tiles = pixels->runs * pixels->height * pixels->images;
    return divide_up(pixels->warp_tiles, PIXELS_WARPS);
}

static void set_grid(const struct oct_gpu_step *step, union oct_gpu_parameters *of,
                     unsigned grid[2])
{
    int64_t across = 0, down = 1;
    switch (step->kind) {
    case OCT_GPU_CONV:
        across = oct_gpu_conv_blocks(&of->conv);
        break;
    case OCT_GPU_PIXELS:
        across = pixels_blocks(&of->pixels);
        down = step->channels / oct_gpu_pixels_kernel(step->channels, of->pixels.kernel)->channels;
        break;
    case OCT_GPU_CONV_F32:
        across = divide_up((int64_t)of->conv_f32.images * of->conv_f32.height * of->conv_f32.width,
                           F32_PIXELS);
        down = divide_up(step->channels, F32_CHANNELS);
        break;
    case OCT_GPU_DEPTHWISE:
        across = oct_gpu_depthwise_blocks(&of->depthwise);
        break;
    case OCT_GPU_ATTENTION:
        across = (int64_t)of->attention.images * of->attention.areas * of->attention.tiles;
        down = of->attention.heads;
        break;
    case OCT_GPU_MOVE:
        across = element_blocks(of->move.images, of->move.height, of->move.width,
                                of->move.channels + of->move.cleared);
        break;
    case OCT_GPU_POOL:
        across = element_blocks(of->pool.images, of->pool.height, of->pool.width, of->pool.groups);
        break;
    case OCT_GPU_CHAIN:
        across = (int64_t)of->chain.images * of->chain.groups;
        break;
    case OCT_GPU_TABLE:
        across =
            element_blocks(of->table.images, of->table.height, of->table.width, of->table.channels);
        break;
    }
    grid[0] = (unsigned)across;
    grid[1] = (unsigned)down;
}

void oct_gpu_step_launch(const struct oct_gpu_step *step, int first, int count,
                         union oct_gpu_parameters *parameters, unsigned grid[2])
{
    *parameters = step->of;
    const struct references r = references_of(step->kind, parameters);
    for (int i = 0; i < r.activation_count; i++)
        *r.activations[i] += (uint64_t)first * (uint64_t)*r.pitches[i];
    *images_of(step->kind, parameters) = count;
    set_grid(step, parameters, grid);
}
