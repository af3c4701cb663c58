/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a float tensor in bands of rows: ranges and sums first, then the histogram. */
#include "compiler/calibrate/observer.h"

#include <math.h>
#include <string.h>

/* Rows are taken in bands of this height; each band's sums are added in order, so that the number
 * of threads does not change them. */
#define BAND_ROWS 8
#define BANDS_MAX (8192 / BAND_ROWS)

/* Of one band: minimum, maximum, sum and sum of squares of each channel. */
struct band {
    float *minimum, *maximum, *sum, *square;
};

struct oct_observer_scratch {
    int workers, channels;
    uint32_t *counts; /* [workers][OCT_HISTOGRAM_BINS], zero between tensors */
    float *values;    /* [BANDS_MAX][4][channels] */
};

/* At least one cell of `size`. */
static void content(int size, int input, int pad, int resized, int *begin, int *end)
{
    const int cell = input / size > 0 ? input / size : 1;
    *begin = (pad + cell / 2) / cell;
    *end = (pad + resized + cell / 2) / cell;
    *end = *end > size ? size : *end;
    *begin = *begin >= size ? size - 1 : *begin;
    *end = *end <= *begin ? *begin + 1 : *end;
}

struct oct_region oct_picture_region(const octet_tensor_view *view, const octet_letterbox *where)
{
    struct oct_region region;
    content(view->height, where->target_height, where->pad_top, where->resized_height,
            &region.y_begin, &region.y_end);
    content(view->width, where->target_width, where->pad_left, where->resized_width,
            &region.x_begin, &region.x_end);
    return region;
}

octet_status oct_observer_scratch_create(octet_context *ctx, int workers, int channels,
                                         struct oct_observer_scratch **created)
{
    struct oct_observer_scratch *scratch = oct_calloc(ctx, 1, sizeof *scratch);
    *created = scratch;
    if (!scratch)
        return oct_fail_memory(ctx, "calibration");
    scratch->workers = workers;
    scratch->channels = channels;
    scratch->counts =
        oct_calloc(ctx, (size_t)workers * OCT_HISTOGRAM_BINS, sizeof *scratch->counts);
    scratch->values = oct_malloc(ctx, (size_t)BANDS_MAX * 4 * (size_t)channels, sizeof(float));
    if (!scratch->counts || !scratch->values) {
        oct_observer_scratch_free(ctx, scratch);
        *created = NULL;
        return oct_fail_memory(ctx, "calibration");
    }
    return OCTET_OK;
}

void oct_observer_scratch_free(octet_context *ctx, struct oct_observer_scratch *scratch)
{
    if (!scratch)
        return;
    oct_free(ctx, scratch->counts);
    oct_free(ctx, scratch->values);
    oct_free(ctx, scratch);
}

struct look {
    const octet_tensor_view *view;
    const struct oct_region *region;
    struct oct_observer_scratch *scratch;
    const struct oct_histogram *histogram;
};

static struct band band_of(const struct oct_observer_scratch *scratch, int index)
{
    const size_t channels = (size_t)scratch->channels;
    float *at = scratch->values + (size_t)index * 4 * channels;
    return (struct band){at, at + channels, at + 2 * channels, at + 3 * channels};
}

static const float *pixel_at(const octet_tensor_view *view, int y, int x)
{
    return (const float *)view->data + (size_t)y * view->row_elements +
           (size_t)x * view->pixel_elements;
}

static int band_end(const struct look *look, int begin)
{
    return begin + BAND_ROWS < look->region->y_end ? begin + BAND_ROWS : look->region->y_end;
}

/* Channels measured side by side, in registers; the loops over them are for the compiler to make
 * vectors of. A NaN survives in `sum`, so that min and max need not watch for it. */
#define LANES 8

static void measure_lanes(const struct band *band, int first, const float *pixel, size_t stride,
                          int pixels)
{
    float minimum[LANES], maximum[LANES], sum[LANES], square[LANES];
    memcpy(minimum, band->minimum + first, sizeof minimum);
    memcpy(maximum, band->maximum + first, sizeof maximum);
    memcpy(sum, band->sum + first, sizeof sum);
    memcpy(square, band->square + first, sizeof square);
    for (int x = 0; x < pixels; x++, pixel += stride) {
        for (int i = 0; i < LANES; i++) {
            minimum[i] = pixel[i] < minimum[i] ? pixel[i] : minimum[i];
            maximum[i] = pixel[i] > maximum[i] ? pixel[i] : maximum[i];
            sum[i] += pixel[i];
            square[i] += pixel[i] * pixel[i];
        }
    }
    memcpy(band->minimum + first, minimum, sizeof minimum);
    memcpy(band->maximum + first, maximum, sizeof maximum);
    memcpy(band->sum + first, sum, sizeof sum);
    memcpy(band->square + first, square, sizeof square);
}

static void measure_channel(const struct band *band, int c, const float *pixel, size_t stride,
                            int pixels)
{
    for (int x = 0; x < pixels; x++, pixel += stride) {
        band->minimum[c] = *pixel < band->minimum[c] ? *pixel : band->minimum[c];
        band->maximum[c] = *pixel > band->maximum[c] ? *pixel : band->maximum[c];
        band->sum[c] += *pixel;
        band->square[c] += *pixel * *pixel;
    }
}

static void measure_band(void *user, int worker, int item)
{
    (void)worker;
    const struct look *look = user;
    const struct band band = band_of(look->scratch, item);
    const int channels = look->view->channels, begin = look->region->y_begin + item * BAND_ROWS;
    for (int c = 0; c < channels; c++) {
        band.minimum[c] = INFINITY;
        band.maximum[c] = -INFINITY;
        band.sum[c] = band.square[c] = 0.0f;
    }
    for (int y = begin; y < band_end(look, begin); y++) {
        const float *row = pixel_at(look->view, y, look->region->x_begin);
        const int pixels = look->region->x_end - look->region->x_begin;
        int c = 0;
        for (; c + LANES <= channels; c += LANES)
            measure_lanes(&band, c, row + c, look->view->pixel_elements, pixels);
        for (; c < channels; c++)
            measure_channel(&band, c, row + c, look->view->pixel_elements, pixels);
    }
}

static void count_band(void *user, int worker, int item)
{
    const struct look *look = user;
    const octet_tensor_view *view = look->view;
    uint32_t *counts = look->scratch->counts + (size_t)worker * OCT_HISTOGRAM_BINS;
    const int begin = look->region->y_begin + item * BAND_ROWS;
    const size_t width = (size_t)(look->region->x_end - look->region->x_begin);
    for (int y = begin; y < band_end(look, begin); y++) {
        const float *row = pixel_at(view, y, look->region->x_begin);
        if (view->pixel_elements == (size_t)view->channels) {
            oct_histogram_count(look->histogram, row, width * view->pixel_elements, counts);
            continue;
        }
        for (size_t x = 0; x < width; x++, row += view->pixel_elements)
            oct_histogram_count(look->histogram, row, (size_t)view->channels, counts);
    }
}

/* Joins the bands of one channel; false when a value was not finite. */
static bool join_channel(const struct look *look, int bands, int c,
                         struct oct_tensor_record *record)
{
    float minimum = INFINITY, maximum = -INFINITY;
    double sum = 0.0, square = 0.0;
    for (int b = 0; b < bands; b++) {
        const struct band band = band_of(look->scratch, b);
        minimum = band.minimum[c] < minimum ? band.minimum[c] : minimum;
        maximum = band.maximum[c] > maximum ? band.maximum[c] : maximum;
        sum += (double)band.sum[c];
        square += (double)band.square[c];
    }
    if (!isfinite(minimum) || !isfinite(maximum) || !isfinite(sum))
        return false;
    if (!record)
        return true;
    const bool first = record->histogram.count == 0;
    /* + 0.0f: no -0, see oct_histogram_widen() */
    if (first || minimum < record->channel_minimum[c])
        record->channel_minimum[c] = minimum + 0.0f;
    if (first || maximum > record->channel_maximum[c])
        record->channel_maximum[c] = maximum + 0.0f;
    record->channel_sum[c] += oct_sum_of(sum);
    record->channel_square[c] += oct_sum_of(square);
    return true;
}

static void tensor_range(const struct look *look, int bands, float *minimum, float *maximum)
{
    *minimum = INFINITY;
    *maximum = -INFINITY;
    for (int b = 0; b < bands; b++) {
        const struct band band = band_of(look->scratch, b);
        for (int c = 0; c < look->view->channels; c++) {
            *minimum = band.minimum[c] < *minimum ? band.minimum[c] : *minimum;
            *maximum = band.maximum[c] > *maximum ? band.maximum[c] : *maximum;
        }
    }
}

bool oct_observe(const octet_tensor_view *view, const struct oct_region *region,
                 struct oct_threads *threads, struct oct_observer_scratch *scratch,
                 struct oct_tensor_record *record)
{
    struct look look = {view, region, scratch, &record->histogram};
    const int bands = (region->y_end - region->y_begin + BAND_ROWS - 1) / BAND_ROWS;
    if (bands < 1 || region->x_end <= region->x_begin)
        return true;
    oct_threads_run(threads, measure_band, &look, bands);
    for (int c = 0; c < view->channels; c++)
        if (!join_channel(&look, bands, c, NULL))
            return false;
    for (int c = 0; c < view->channels; c++)
        join_channel(&look, bands, c, record);
    float minimum, maximum;
    tensor_range(&look, bands, &minimum, &maximum);
    oct_histogram_widen(&record->histogram, minimum, maximum);
    oct_threads_run(threads, count_band, &look, bands);
    const int first = oct_histogram_bin(&record->histogram, minimum);
    const int last = oct_histogram_bin(&record->histogram, maximum) + 1;
    for (int w = 0; w < scratch->workers; w++)
        oct_histogram_take(&record->histogram, scratch->counts + (size_t)w * OCT_HISTOGRAM_BINS,
                           first, last);
    return true;
}
