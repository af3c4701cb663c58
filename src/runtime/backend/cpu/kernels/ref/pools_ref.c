/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling in plain C: maxima, along rows and then along columns, and means. */
#include "runtime/backend/cpu/kernels/ref/ref.h"

/* A ring of `kernel` rows of row-wise maxima. */
size_t oct_pool_scratch_bytes_ref(const struct oct_pool_job *job)
{
    return (size_t)job->kernel * (size_t)job->width * (size_t)job->channels *
           oct_type_bytes(job->input.type);
}

/* The rows, or columns, that take part in a window. */
struct span {
    int first, end;
};

static struct span span_of(const struct oct_pool_job *job, int at, int end)
{
    const int from = at * job->stride - job->padding, to = from + job->kernel;
    return (struct span){from > job->first ? from : job->first, to < end ? to : end};
}

/* An element's place before or behind that of pixel (0, 0). */
static ptrdiff_t place(const struct oct_view *view, int y, int x)
{
    return y * (ptrdiff_t)view->row + x * (ptrdiff_t)view->pixel;
}

static size_t in_ring(const struct oct_pool_job *job, int row)
{
    return (size_t)((row - job->first) % job->kernel) * (size_t)job->width * (size_t)job->channels;
}

/* The body of the max pools; TYPE is the element's, VALUE(e) what elements are compared by. */
#define DEFINE_MAX_POOL(name, TYPE, VALUE)                                                         \
    static void name##_row(const struct oct_pool_job *job, int y, TYPE *maxima)                    \
    {                                                                                              \
        for (int x = 0; x < job->width; x++, maxima += job->channels) {                            \
            const struct span columns = span_of(job, x, job->end_column);                          \
            const TYPE *pixel =                                                                    \
                (const TYPE *)job->input.data + place(&job->input, y, columns.first);              \
            for (int c = 0; c < job->channels; c++)                                                \
                maxima[c] = pixel[c];                                                              \
            for (int at = columns.first + 1; at < columns.end; at++) {                             \
                pixel += job->input.pixel;                                                         \
                for (int c = 0; c < job->channels; c++)                                            \
                    maxima[c] = VALUE(maxima[c]) > VALUE(pixel[c]) ? maxima[c] : pixel[c];         \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    void name(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)           \
    {                                                                                              \
        int ready = job->first; /* rows before it are in the ring, as far as they are needed */    \
        for (int y = row_begin; y < row_end; y++) {                                                \
            const struct span rows = span_of(job, y, job->end_row);                                \
            for (ready = ready > rows.first ? ready : rows.first; ready < rows.end; ready++)       \
                name##_row(job, ready, (TYPE *)scratch + in_ring(job, ready));                     \
            for (int x = 0; x < job->width; x++) {                                                 \
                TYPE *out = (TYPE *)job->output.data + place(&job->output, y, x);                  \
                for (int at = rows.first; at < rows.end; at++) {                                   \
                    const TYPE *maxima = (const TYPE *)scratch + in_ring(job, at) +                \
                                         (size_t)x * (size_t)job->channels;                        \
                    for (int c = 0; c < job->channels; c++)                                        \
                        out[c] = at == rows.first || VALUE(maxima[c]) > VALUE(out[c]) ? maxima[c]  \
                                                                                      : out[c];    \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

#define ITSELF(e) (e)
DEFINE_MAX_POOL(oct_max_pool_u8_ref, uint8_t, ITSELF)
DEFINE_MAX_POOL(oct_max_pool_f32_ref, float, ITSELF)
DEFINE_MAX_POOL(oct_max_pool_bf16_ref, uint16_t, oct_bf16_value)
DEFINE_MAX_POOL(oct_max_pool_f16_ref, uint16_t, oct_f16_value)

/* ---- means ---- */

static void mean_of_codes(const struct oct_pool_job *job, ptrdiff_t from, ptrdiff_t to)
{
    const struct oct_view *in = &job->input, *out = &job->output;
    int sum = -job->kernel * job->kernel * in->quantization.zero_point;
    for (int y = 0; y < job->kernel; y++)
        for (int x = 0; x < job->kernel; x++)
            sum += ((const uint8_t *)in->data)[from + place(in, y, x)];
    ((uint8_t *)out->data)[to] = oct_requantize(oct_mean_of_codes(sum, job->share),
                                                out->inverse_scale, out->quantization.zero_point);
}

static void mean_of_values(const struct oct_pool_job *job, ptrdiff_t from, ptrdiff_t to)
{
    float sum = 0.0f;
    for (int y = 0; y < job->kernel; y++)
        for (int x = 0; x < job->kernel; x++)
            sum += oct_value_at(&job->input, from + place(&job->input, y, x));
    oct_store_at(&job->output, to, sum * job->share);
}

void oct_mean_pool_ref(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    (void)scratch;
    for (int y = row_begin; y < row_end; y++)
        for (int x = 0; x < job->width; x++) {
            const ptrdiff_t from =
                place(&job->input, y * job->stride - job->padding, x * job->stride - job->padding);
            const ptrdiff_t to = place(&job->output, y, x);
            for (int c = 0; c < job->channels; c++)
                (job->input.type == OCT_TYPE_U8 ? mean_of_codes : mean_of_values)(job, from + c,
                                                                                  to + c);
        }
}
