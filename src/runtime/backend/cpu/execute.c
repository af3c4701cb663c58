/* SPDX-License-Identifier: Apache-2.0 */
/* Runs steps in order; each is cut into ranges of rows, or of channels, that the threads share. */
#include <string.h>
#include <time.h>

#include "runtime/session/open_session.h"

struct work {
    octet_session *session;
    const struct oct_step *step;
    struct oct_view input, output, residual;
    struct oct_conv_job conv;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Writes what padding reads (the zero point, or 0) into `count` pixels' slice of the output's
 * channels. */
static void fill_pixels(const struct oct_view *output, ptrdiff_t first, int count, int channels)
{
    const size_t element = oct_type_bytes(output->type);
    const int value = output->type == OCT_TYPE_U8 ? output->quantization.zero_point : 0;
    char *at = (char *)output->data + first * (ptrdiff_t)element;
    for (int x = 0; x < count; x++, at += output->pixel * element)
        memset(at, value, (size_t)channels * element);
}

/* The border beside rows [begin, end), and above and below the picture where the range touches its
 * edge. */
static void fill_border(const struct work *work, int begin, int end)
{
    const struct oct_step *step = work->step;
    const int border = step->border, wide = step->width + 2 * border;
    if (border == 0)
        return;
    const struct oct_view *out = &work->output;
    const ptrdiff_t row = (ptrdiff_t)out->row, pixel = (ptrdiff_t)out->pixel;
    for (int y = begin; y < end; y++) {
        fill_pixels(out, y * row - border * pixel, border, step->channels);
        fill_pixels(out, y * row + step->width * pixel, border, step->channels);
    }
    for (int y = 1; y <= border && begin == 0; y++)
        fill_pixels(out, -y * row - border * pixel, wide, step->channels);
    for (int y = 0; y < border && end == step->height; y++)
        fill_pixels(out, (step->height + y) * row - border * pixel, wide, step->channels);
}

/* What pads the output's channels must be numbers. */
static void clear_padding(const struct work *work, int channels, int begin, int end)
{
    const size_t element = oct_type_bytes(work->output.type);
    const size_t bytes = (size_t)(work->step->channels - channels) * element;
    for (int y = begin; y < end; y++) {
        char *to =
            (char *)work->output.data + ((size_t)y * work->output.row + (size_t)channels) * element;
        for (int x = 0; x < work->step->width; x++)
            memset(to + (size_t)x * work->output.pixel * element, 0, bytes);
    }
}

/* With the padding; but behind a shifted slice lie others' elements, or nobody's. */
static void copy_rows(const struct work *work, int begin, int end)
{
    const struct oct_network *network = &work->session->engine->network;
    const struct oct_layer *layer = work->step->layer;
    const int own = network->tensors[layer->output].channels;
    const bool shifted = oct_network_shift(network, layer->input) > 0;
    const size_t element = oct_type_bytes(work->output.type);
    const size_t bytes = (size_t)(shifted ? own : work->step->channels) * element;
    if (work->input.type != work->output.type)
        work->session->kernels.convert(&work->input, &work->output, work->step->channels,
                                       work->step->width, begin, end);
    for (int y = begin; y < end && work->input.type == work->output.type; y++) {
        const char *from = (const char *)work->input.data + (size_t)y * work->input.row * element;
        char *to = (char *)work->output.data + (size_t)y * work->output.row * element;
        for (int x = 0; x < work->step->width; x++)
            memcpy(to + (size_t)x * work->output.pixel * element,
                   from + (size_t)x * work->input.pixel * element, bytes);
    }
    if (shifted)
        clear_padding(work, own, begin, end);
}

static void table_rows(const struct work *work, int begin, int end)
{
    const struct oct_table_job job = {.input = work->input,
                                      .output = work->output,
                                      .residual = work->residual,
                                      .table = work->step->layer->table,
                                      .channels = work->step->channels,
                                      .width = work->step->width};
    work->session->kernels.table(&job, begin, end);
}

static void pool_rows(const struct work *work, int begin, int end, void *scratch)
{
    const struct oct_pool_job job = {.input = work->input,
                                     .output = work->output,
                                     .channels = work->step->channels,
                                     .height = work->step->height,
                                     .width = work->step->width,
                                     .kernel = work->step->layer->kernel};
    const struct oct_kernels *kernels = &work->session->kernels;
    if (work->output.type == OCT_TYPE_U8)
        kernels->max_pool_u8(&job, begin, end, scratch);
    else if (work->output.type == OCT_TYPE_BF16)
        kernels->max_pool_bf16(&job, begin, end, scratch);
    else
        kernels->max_pool_f32(&job, begin, end, scratch);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int row_items(const struct oct_step *step)
{
    return (step->height + step->row_chunk - 1) / step->row_chunk;
}

static int channel_items(const struct oct_step *step)
{
    return (step->channels + step->channel_chunk - 1) / step->channel_chunk;
}

static void run_item(void *user, int worker, int item)
{
    const struct work *work = user;
    const struct oct_step *step = work->step;
    const octet_session *session = work->session;
    const int begin = item % row_items(step) * step->row_chunk;
    const int end = least(begin + step->row_chunk, step->height);
    const int channel = item / row_items(step) * step->channel_chunk;
    void *scratch = session->scratch + (size_t)worker * session->scratch_bytes;
    switch (step->layer->operation) {
    case OCT_CONVOLUTION: {
        const struct oct_conv_range range = {begin, end, channel,
                                             least(channel + step->channel_chunk, step->channels)};
        step->kernel->run(&work->conv, &range, scratch);
        break;
    }
    case OCT_MAX_POOL:
        pool_rows(work, begin, end, scratch);
        break;
    case OCT_UPSAMPLE:
        session->kernels.upsample2(&work->input, &work->output, step->channels, step->width, begin,
                                   end);
        break;
    case OCT_COPY:
        copy_rows(work, begin, end);
        break;
    case OCT_TABLE:
        table_rows(work, begin, end);
        break;
    }
    if (channel == 0)
        fill_border(work, begin, end);
}

static void bind(struct work *work, const struct oct_layout_memory *memory)
{
    const struct oct_layout *layout = &work->session->layout;
    const struct oct_network *network = &work->session->engine->network;
    const struct oct_layer *layer = work->step->layer;
    work->input = oct_layout_view(layout, network, memory, layer->input);
    work->output = oct_layout_view(layout, network, memory, layer->output);
    if (layer->residual >= 0)
        work->residual = oct_layout_view(layout, network, memory, layer->residual);
    if (layer->operation == OCT_COPY)
        work->input.data =
            (char *)work->input.data +
            (size_t)oct_network_shift(network, layer->input) * oct_type_bytes(work->input.type);
    if (layer->operation != OCT_CONVOLUTION)
        return;
    work->conv = work->step->conv;
    work->conv.input = work->input;
    work->conv.output = work->output;
    const ptrdiff_t corner = (ptrdiff_t)(work->input.row + work->input.pixel) * layer->padding;
    work->conv.input.data =
        (char *)work->input.data - corner * (ptrdiff_t)oct_type_bytes(work->input.type);
    work->conv.residual = work->residual;
}

static int observe(const octet_session *session, int index, int layer, const struct work *work)
{
    const struct oct_network *network = &session->engine->network;
    const struct oct_tensor *tensor = &network->tensors[work->step->layer->output];
    const octet_tensor_view view = {
        .name = tensor->name,
        .channels = tensor->channels,
        .height = work->step->height,
        .width = work->step->width,
        .is_float = work->output.type == OCT_TYPE_F32    ? 1
                    : work->output.type == OCT_TYPE_BF16 ? 2
                                                         : 0,
        .scale = work->output.quantization.scale,
        .zero_point = work->output.quantization.zero_point,
        .data = work->output.data,
        .row_elements = work->output.row,
        .pixel_elements = work->output.pixel,
    };
    return session->observer(session->observer_user, index, layer, &view);
}

octet_status oct_session_execute(octet_session *session, int index)
{
    const struct oct_layout_memory memory = oct_session_memory(session, index);
    for (int i = 0; i < session->step_count; i++) {
        struct oct_step *step = &session->steps[i];
        struct work work = {.session = session, .step = step};
        const double start = session->profile ? now_ms() : 0.0;
        bind(&work, &memory);
        oct_threads_run(session->threads, run_item, &work, row_items(step) * channel_items(step));
        if (session->profile)
            step->total_ms += now_ms() - start;
        if (session->observer && observe(session, index, i, &work))
            return oct_fail(&session->own, OCTET_CANCELLED, "stopped by the observer");
    }
    return OCTET_OK;
}
