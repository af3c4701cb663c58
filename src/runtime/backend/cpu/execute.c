/* SPDX-License-Identifier: Apache-2.0 */
/* Runs steps in order; the threads share each step's items. */
#include <string.h>
#include <time.h>

#include "runtime/backend/cpu/cpu_state.h"

/* A step at work on one picture. */
struct work {
    const struct oct_cpu *cpu;
    const struct oct_step *step;
    const struct oct_step_job *job;
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
    const struct oct_view *out = &work->job->output;
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

static void convolve(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    work->step->kernel->run(&work->job->conv, range, scratch);
}

static void pool(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    work->step->pool(&work->job->pool, range->row_begin, range->row_end, scratch);
}

static void upsample(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    (void)scratch;
    const struct oct_move_job *job = &work->job->move;
    work->cpu->kernels.upsample2(&job->input, &job->output, work->step->channels, work->step->width,
                                 range->row_begin, range->row_end);
}

static void copy_row(const struct oct_move_job *job, int y, int width)
{
    const size_t element = oct_type_bytes(job->output.type);
    const char *from = (const char *)job->input.data + (size_t)y * job->input.row * element;
    char *to = (char *)job->output.data + (size_t)y * job->output.row * element;
    for (int x = 0; x < width; x++)
        memcpy(to + (size_t)x * job->output.pixel * element,
               from + (size_t)x * job->input.pixel * element, (size_t)job->copied * element);
}

/* What pads the output's channels must be numbers. */
static void clear_row(const struct oct_move_job *job, int y, int width)
{
    const size_t element = oct_type_bytes(job->output.type);
    char *to =
        (char *)job->output.data + ((size_t)y * job->output.row + (size_t)job->copied) * element;
    for (int x = 0; x < width; x++)
        memset(to + (size_t)x * job->output.pixel * element, 0, (size_t)job->cleared * element);
}

static void copy(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    (void)scratch;
    const struct oct_move_job *job = &work->job->move;
    const int width = work->step->width;
    const bool converted = job->input.type != job->output.type;
    if (converted)
        work->cpu->kernels.convert(&job->input, &job->output, work->step->channels, width,
                                   range->row_begin, range->row_end);
    for (int y = range->row_begin; y < range->row_end; y++) {
        if (!converted)
            copy_row(job, y, width);
        if (job->cleared > 0)
            clear_row(job, y, width);
    }
}

static void spread_depth(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    (void)scratch;
    const struct oct_move_job *job = &work->job->move;
    const size_t element = oct_type_bytes(job->output.type);
    const size_t bytes = (size_t)job->copied * element;
    for (int y = range->row_begin; y < range->row_end; y++) {
        const char *from =
            (const char *)job->input.data + (size_t)(y / 2) * job->input.row * element;
        char *to = (char *)job->output.data + (size_t)y * job->output.row * element;
        for (int x = 0; x < work->step->width; x++)
            memcpy(to + (size_t)x * job->output.pixel * element,
                   from + (size_t)(x / 2) * job->input.pixel * element +
                       (size_t)(y % 2 * 2 + x % 2) * bytes,
                   bytes);
        if (job->cleared > 0)
            clear_row(job, y, work->step->width);
    }
}

static void look_up(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    (void)scratch;
    work->cpu->kernels.table(&work->job->table, range->row_begin, range->row_end);
}

static void attend(const struct work *work, const struct oct_conv_range *range, void *scratch)
{
    const struct oct_attention_job *job = &work->job->attention;
    const struct oct_attention_range part = {range->row_begin, range->row_end,
                                             range->channel_begin / job->value_channels,
                                             range->channel_end / job->value_channels};
    work->step->attention->run(job, &part, scratch);
}

static void (*const operations[])(const struct work *, const struct oct_conv_range *, void *) = {
    [OCT_CONVOLUTION] = convolve,
    [OCT_MAX_POOL] = pool,
    [OCT_UPSAMPLE] = upsample,
    [OCT_COPY] = copy,
    [OCT_TABLE] = look_up,
    [OCT_ATTENTION] = attend,
    [OCT_WINDOW_MAX] = pool,
    [OCT_WINDOW_MEAN] = pool,
    [OCT_DEPTH_TO_SPACE] = spread_depth,
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void run_item(void *user, int worker, int item)
{
    const struct work *work = user;
    const struct oct_step *step = work->step;
    const int row = item % step->row_items * step->row_chunk;
    const int channel = item / step->row_items * step->channel_chunk;
    const struct oct_conv_range range = {row, least(row + step->row_chunk, step->height), channel,
                                         least(channel + step->channel_chunk, step->channels)};
    operations[step->layer->operation](
        work, &range, work->cpu->scratch + (size_t)worker * work->cpu->scratch_bytes);
    if (channel == 0)
        fill_border(work, range.row_begin, range.row_end);
}

static octet_status run_picture(struct oct_cpu *cpu, int slot,
                                const struct oct_backend_watch *watch)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < cpu->network->layer_count && !status; i++) {
        struct oct_step *step = &cpu->steps[i];
        struct work work = {cpu, step, &step->jobs[slot * step->jobs_a_slot]};
        const double start = cpu->profile ? now_ms() : 0.0;
        oct_threads_run(cpu->threads, run_item, &work, step->items);
        if (cpu->profile)
            step->total_ms += now_ms() - start;
        if (watch) {
            oct_threads_rest(cpu->threads); /* who watches may have threads of their own */
            status = watch->after_layer(watch->user, slot, i);
        }
    }
    return status;
}

octet_status oct_cpu_run(void *state, int first, int count, const struct oct_backend_watch *watch)
{
    octet_status status = OCTET_OK;
    for (int slot = first; slot < first + count && !status; slot++)
        status = run_picture(state, slot, watch);
    return status;
}
