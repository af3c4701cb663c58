/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a float tensor in bands of rows, and counts its values into the histogram while they are
 * at hand. Whatever does not fit into the bins, which widen with what was seen, is counted when the
 * whole tensor's range is known. */
#include "compiler/calibrate/observer.h"

#include <math.h>
#include <string.h>

/* Rows are taken in bands of this height; each band's sums are added in order, so that the number
 * of threads does not change them. */
#define BAND_ROWS 8
#define BANDS_MAX (8192 / BAND_ROWS)

/* Values that are measured and counted in one go: they stay in the first-level cache. */
#define PIECE_VALUES 4096

struct oct_observer_scratch {
    struct oct_measure_kernels kernels;
    int workers, channels;
    uint32_t *counts; /* [workers][OCT_HISTOGRAM_BINS], zero between tensors */
    float *values;    /* [BANDS_MAX][4][channels] */
    int *counted;     /* [BANDS_MAX]: pieces of the band that are */
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

octet_status oct_observer_scratch_create(octet_context *ctx,
                                         const struct oct_measure_kernels *kernels, int workers,
                                         int channels, struct oct_observer_scratch **created)
{
    struct oct_observer_scratch *scratch = oct_calloc(ctx, 1, sizeof *scratch);
    *created = scratch;
    if (!scratch)
        return oct_fail_memory(ctx, "calibration");
    scratch->kernels = *kernels;
    scratch->workers = workers;
    scratch->channels = channels;
    scratch->counts =
        oct_calloc(ctx, (size_t)workers * OCT_HISTOGRAM_BINS, sizeof *scratch->counts);
    scratch->values = oct_malloc(ctx, (size_t)BANDS_MAX * 4 * (size_t)channels, sizeof(float));
    scratch->counted = oct_malloc(ctx, BANDS_MAX, sizeof *scratch->counted);
    if (!scratch->counts || !scratch->values || !scratch->counted) {
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
    oct_free(ctx, scratch->counted);
    oct_free(ctx, scratch);
}

struct look {
    const octet_tensor_view *view;
    const struct oct_region *region;
    struct oct_observer_scratch *scratch;
    struct oct_bins bins; /* as they are now */
    float low, high;      /* what fits into them; both 0: nothing is to be counted yet */
};

static struct oct_measures band_of(const struct oct_observer_scratch *scratch, int index)
{
    const size_t channels = (size_t)scratch->channels;
    float *at = scratch->values + (size_t)index * 4 * channels;
    return (struct oct_measures){at, at + channels, at + 2 * channels, at + 3 * channels};
}

static const float *pixel_at(const octet_tensor_view *view, int y, int x)
{
    return (const float *)view->data + (size_t)y * view->row_elements +
           (size_t)x * view->pixel_elements;
}

/* Pieces are parts of rows. */
static int piece_pixels(const struct look *look)
{
    const int pixels = PIECE_VALUES / look->view->channels;
    return pixels > 0 ? pixels : 1;
}

static int pieces_of_row(const struct look *look)
{
    const int width = look->region->x_end - look->region->x_begin, pixels = piece_pixels(look);
    return (width + pixels - 1) / pixels;
}

static int pieces_of_band(const struct look *look, int band)
{
    const int left = look->region->y_end - look->region->y_begin - band * BAND_ROWS;
    return (left < BAND_ROWS ? left : BAND_ROWS) * pieces_of_row(look);
}

static struct oct_pixel_run piece_of(const struct look *look, int band, int index)
{
    const octet_tensor_view *view = look->view;
    const int in_row = pieces_of_row(look), pixels = piece_pixels(look);
    const int x = look->region->x_begin + index % in_row * pixels;
    const int y = look->region->y_begin + band * BAND_ROWS + index / in_row;
    const int left = look->region->x_end - x;
    return (struct oct_pixel_run){pixel_at(view, y, x), view->pixel_elements,
                                  left < pixels ? left : pixels, view->channels};
}

static void count_piece(const struct look *look, const struct oct_pixel_run *run, uint32_t *counts)
{
    const struct oct_measure_kernels *kernels = &look->scratch->kernels;
    const size_t channels = (size_t)run->channels, pixels = (size_t)run->count;
    if (run->stride == channels) {
        kernels->count_bins(&look->bins, run->values, pixels * channels, counts);
        return;
    }
    for (size_t x = 0; x < pixels; x++)
        kernels->count_bins(&look->bins, run->values + x * run->stride, channels, counts);
}

static uint32_t *counts_of(const struct look *look, int worker)
{
    return look->scratch->counts + (size_t)worker * OCT_HISTOGRAM_BINS;
}

/* Sums go along the whole band, row by row; counting ends with the first value that does not fit. A
 * NaN survives in its channel's sum, so it does not fit either. */
static void measure_band(void *user, int worker, int item)
{
    const struct look *look = user;
    const struct oct_measures band = band_of(look->scratch, item);
    const int pieces = pieces_of_band(look, item);
    bool fits = look->high > look->low;
    int counted = 0;
    for (int c = 0; c < look->view->channels; c++) {
        band.minimum[c] = INFINITY;
        band.maximum[c] = -INFINITY;
        band.sum[c] = band.square[c] = 0.0f;
    }
    for (int i = 0; i < pieces; i++) {
        const struct oct_pixel_run run = piece_of(look, item, i);
        const bool fit = look->scratch->kernels.measure(&band, &run, look->low, look->high);
        fits = fits && fit;
        if (!fits)
            continue;
        count_piece(look, &run, counts_of(look, worker));
        counted = i + 1;
    }
    look->scratch->counted[item] = counted;
}

/* What measure_band() left. */
static void count_band(void *user, int worker, int item)
{
    const struct look *look = user;
    const int pieces = pieces_of_band(look, item);
    for (int i = look->scratch->counted[item]; i < pieces; i++) {
        const struct oct_pixel_run run = piece_of(look, item, i);
        count_piece(look, &run, counts_of(look, worker));
    }
}

/* Joins the bands of one channel; false when a value was not finite. */
static bool join_channel(const struct look *look, int bands, int c,
                         struct oct_tensor_record *record)
{
    float minimum = INFINITY, maximum = -INFINITY;
    double sum = 0.0, square = 0.0;
    for (int b = 0; b < bands; b++) {
        const struct oct_measures band = band_of(look->scratch, b);
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
        const struct oct_measures band = band_of(look->scratch, b);
        for (int c = 0; c < look->view->channels; c++) {
            *minimum = band.minimum[c] < *minimum ? band.minimum[c] : *minimum;
            *maximum = band.maximum[c] > *maximum ? band.maximum[c] : *maximum;
        }
    }
}

static bool all_counted(const struct look *look, int bands)
{
    for (int b = 0; b < bands; b++)
        if (look->scratch->counted[b] < pieces_of_band(look, b))
            return false;
    return true;
}

/* The bins that histogram and tensor have in common, from `first` up to `last`. */
static void common_bins(const struct look *look, const struct oct_histogram *histogram,
                        float minimum, float maximum, int *first, int *last)
{
    const bool apart = minimum >= look->high || maximum < look->low;
    *first = apart || minimum < look->low ? 0 : oct_histogram_bin(histogram, minimum);
    *last = OCT_HISTOGRAM_BINS;
    if (maximum < look->high)
        *last = oct_histogram_bin(histogram, maximum) + 1;
    if (apart)
        *last = *first;
}

static void take_counts(const struct look *look, struct oct_histogram *histogram, int first,
                        int last)
{
    for (int w = 0; w < look->scratch->workers; w++)
        oct_histogram_take(histogram, counts_of(look, w), first, last);
}

static void forget_counts(const struct look *look)
{
    memset(look->scratch->counts, 0,
           (size_t)look->scratch->workers * OCT_HISTOGRAM_BINS * sizeof *look->scratch->counts);
}

bool oct_observe(const octet_tensor_view *view, const struct oct_region *region,
                 struct oct_threads *threads, struct oct_observer_scratch *scratch,
                 struct oct_tensor_record *record)
{
    struct oct_histogram *histogram = &record->histogram;
    struct look look = {view, region, scratch, oct_histogram_bins(histogram), 0.0f, 0.0f};
    const int bands = (region->y_end - region->y_begin + BAND_ROWS - 1) / BAND_ROWS;
    int first, last;
    float minimum, maximum;
    if (bands < 1 || region->x_end <= region->x_begin)
        return true;
    if (histogram->count) {
        look.high = look.bins.width * OCT_HISTOGRAM_HALF;
        look.low = -look.high;
    }
    oct_threads_run(threads, measure_band, &look, bands);
    for (int c = 0; c < view->channels; c++) {
        if (join_channel(&look, bands, c, NULL))
            continue;
        forget_counts(&look);
        return false;
    }
    for (int c = 0; c < view->channels; c++)
        join_channel(&look, bands, c, record);
    tensor_range(&look, bands, &minimum, &maximum);
    if (histogram->count) {
        common_bins(&look, histogram, minimum, maximum, &first, &last);
        take_counts(&look, histogram, first, last);
    }
    oct_histogram_widen(histogram, minimum, maximum);
    if (all_counted(&look, bands))
        return true;
    look.bins = oct_histogram_bins(histogram);
    oct_threads_run(threads, count_band, &look, bands);
    take_counts(&look, histogram, oct_histogram_bin(histogram, minimum),
                oct_histogram_bin(histogram, maximum) + 1);
    return true;
}
