/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a comparison: what agreement lacks by class, layers' signal to noise, errors of boxes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal_text.h"
#include "compare/compare_report.h"
#include "plot/plot_bars.h"
#include "plot/plot_files.h"
#include "plot/plot_histogram.h"
#include "plot/plot_lines.h"

#define CLASSES_MAX 24   /* in the chart: those with most boxes */
#define BOXES_LEAST 5    /* of a class, where any class has so many: fewer are luck */
#define NAME_COLUMNS 64  /* of a layer's name */
#define LOWEST 3         /* layers whose names are told */
#define BINS 40          /* an even number: 0 lies between two */
#define SCORE_REACH 4    /* of the root mean square, on either side */
#define SCORE_LEAST 0.01 /* on either side, where scores hardly differ */
#define BOX_REACH 1.5    /* of what 95 % of the boxes do not exceed */
#define BOX_LEAST 1      /* pixels */
#define HEADROOM 0.3     /* of histograms: for two rows of words */

const char *compare_chart_file(int index)
{
    static const char *const names[COMPARE_CHART_FILES] = {
        "agreement.svg", "agreement.png", "layers.svg", "layers.png",
        "scores.svg",    "scores.png",    "boxes.svg",  "boxes.png"};
    return names[index];
}

static int write_chart(const struct compare_run *run, struct plot_drawing *drawing,
                       struct label_font *font, const char *name)
{
    const int status = plot_write(run->app, drawing, font, run->arguments->output, name);
    plot_close(drawing);
    return status;
}

/* One class of the chart. */
struct class_bar {
    int id;
    size_t boxes;
};

/* Those with most boxes first; of equals in their order. */
static int compare_bars(const void *a, const void *b)
{
    const struct class_bar *left = a, *right = b;
    if (left->boxes != right->boxes)
        return left->boxes < right->boxes ? 1 : -1;
    return (left->id > right->id) - (left->id < right->id);
}

/* The classes of which A is sure of a box; `*total` before the least of them were left out. */
static size_t list_classes(const struct compare_run *run, struct class_bar *bars, size_t *total)
{
    *total = 0;
    for (int i = 0; i < run->sides[0].info.class_count; i++)
        if (run->boxes.classes[i].sure)
            bars[(*total)++] = (struct class_bar){i, run->boxes.classes[i].sure};
    if (*total)
        qsort(bars, *total, sizeof *bars, compare_bars);
    size_t count = *total < CLASSES_MAX ? *total : CLASSES_MAX;
    while (count > 0 && bars[0].boxes >= BOXES_LEAST && bars[count - 1].boxes < BOXES_LEAST)
        count--;
    return count;
}

static char *class_label(const struct compare_run *run, const struct class_bar *bar)
{
    const char *name = octet_engine_class_name(run->sides[0].engine, bar->id);
    return name[0] ? app_printf("%s (%zu)", name, bar->boxes)
                   : app_printf("%d (%zu)", bar->id, bar->boxes);
}

static void draw_classes(const struct compare_result *result, char *const *names,
                         const struct class_bar *bars, size_t count, size_t total,
                         struct plot_drawing *drawing)
{
    double *lacks = app_alloc(2 * count, sizeof *lacks);
    for (size_t i = 0; i < count; i++) {
        lacks[i] = 100 * (1 - result->classes[bars[i].id].ap);
        lacks[count + i] = 100 * (1 - result->classes[bars[i].id].ap50);
    }
    const struct plot_bar_group groups[] = {
        {"AP: places and scores too", lacks},
        {"AP50: boxes missed or new", lacks + count},
    };
    char *x_name = total > count ? app_printf("points (in brackets: boxes of A; %zu classes with "
                                              "fewer of them are not shown)",
                                              total - count)
                                 : app_strdup("points (in brackets: boxes of A)");
    char *description =
        app_printf("Bars for %zu of %zu classes. Over all classes agreement AP is %.2f points and "
                   "AP50 %.2f. %s lacks %.2f and %.2f.",
                   count, total, 100 * result->agreement.ap, 100 * result->agreement.ap50, names[0],
                   lacks[0], lacks[count]);
    const struct plot_bars chart = {.title = "What agreement lacks of 100 points, by class",
                                    .description = description,
                                    .x_name = x_name,
                                    .names = (const char *const *)names,
                                    .count = count,
                                    .groups = groups,
                                    .group_count = 2};
    plot_bars_draw(&chart, drawing);
    free(x_name);
    free(description);
    free(lacks);
}

static int chart_agreement(const struct compare_run *run, const struct compare_result *result,
                           struct label_font *font)
{
    struct plot_drawing drawing;
    struct class_bar *bars = app_alloc((size_t)run->sides[0].info.class_count, sizeof *bars);
    size_t total;
    const size_t count = list_classes(run, bars, &total);
    char **names = app_alloc(count + 1, sizeof *names);
    int status = STATUS_DONE;
    for (size_t i = 0; i < count; i++)
        names[i] = class_label(run, &bars[i]);
    if (count) {
        draw_classes(result, names, bars, count, total, &drawing);
        status = write_chart(run, &drawing, font, "agreement");
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    free(bars);
    return status;
}

/* A number where there is noise and signal. */
static double finite_decibels(const struct noise_sums *sums)
{
    const double decibels = noise_decibels(sums);
    return isfinite(decibels) ? decibels : (double)NAN;
}

/* The columns of the layers' chart, and the lowest of them: through the network where layers alone
 * were not measured. */
struct layer_columns {
    double *x, *through, *alone;
    size_t count;
    int lowest[LOWEST]; /* places in the columns; -1: none */
};

static void find_lowest(struct layer_columns *columns, const double *values)
{
    for (int i = 0; i < LOWEST; i++) {
        columns->lowest[i] = -1;
        for (size_t k = 0; k < columns->count; k++) {
            bool taken = !isfinite(values[k]);
            for (int before = 0; before < i; before++)
                taken = taken || columns->lowest[before] == (int)k;
            const int lowest = columns->lowest[i];
            if (!taken && (lowest < 0 || values[k] < values[lowest]))
                columns->lowest[i] = (int)k;
        }
    }
}

static void fill_columns(const struct layer_noise *layers, struct layer_columns *columns)
{
    columns->count = (size_t)layers->count;
    columns->x = app_alloc(3 * columns->count + 1, sizeof *columns->x);
    columns->through = columns->x + columns->count;
    columns->alone = columns->through + columns->count;
    for (size_t i = 0; i < columns->count; i++) {
        columns->x[i] = layers->pairs[i].b_layer;
        columns->through[i] = finite_decibels(&layers->pairs[i].through);
        columns->alone[i] = layers->alone ? finite_decibels(&layers->pairs[i].alone) : (double)NAN;
    }
    find_lowest(columns, layers->alone ? columns->alone : columns->through);
}

static void draw_layers(const struct layer_noise *layers, const struct layer_columns *columns,
                        struct plot_drawing *drawing)
{
    const double *values = layers->alone ? columns->alone : columns->through;
    const struct plot_series series[] = {
        {"as B runs: of all layers up to here", columns->x, columns->through, NULL, NULL,
         columns->count},
        {"the layer alone", columns->x, columns->alone, NULL, NULL, columns->count},
    };
    struct plot_note notes[LOWEST];
    char *numbers[LOWEST], *rows[LOWEST + 1];
    size_t count = 0;
    rows[0] = app_printf("Lowest%s, the first to look at:", layers->alone ? " alone" : "");
    for (int i = 0; i < LOWEST && columns->lowest[i] >= 0; i++) {
        const int at = columns->lowest[i];
        numbers[count] = app_printf("%d", layers->pairs[at].b_layer);
        char *name = app_strdup(layers->pairs[at].b.name);
        text_shorten(name, NAME_COLUMNS);
        rows[count + 1] =
            app_printf("%d  %s: %.1f dB", layers->pairs[at].b_layer, name, values[at]);
        free(name);
        notes[count] = (struct plot_note){numbers[count], columns->x[at], values[at]};
        count++;
    }
    char *description =
        app_printf("%s for %zu layers. Lowest%s: %s.", layers->alone ? "Two lines" : "A line",
                   columns->count, layers->alone ? " alone" : "", rows[1]);
    const struct plot_lines chart = {
        .title = "Signal to quantisation noise of the layers",
        .description = description,
        .x_name = "layer, by its number in B",
        .y_name = "decibels (6 are one bit)",
        .series = series,
        .series_count = layers->alone ? 2 : 1,
        .notes = notes,
        .note_count = count,
        .rows = (const char *const *)rows,
        .row_count = count + 1,
        .counted = true,
        .marked = true,
    };
    plot_lines_draw(&chart, drawing);
    for (size_t i = 0; i < count; i++) {
        free(numbers[i]);
        free(rows[i + 1]);
    }
    free(rows[0]);
    free(description);
}

static int chart_layers(const struct compare_run *run, struct label_font *font)
{
    struct plot_drawing drawing;
    struct layer_columns columns = {0};
    int status = STATUS_DONE;
    if (run->arguments->no_layers)
        return STATUS_DONE;
    fill_columns(&run->layers, &columns);
    if (columns.lowest[0] >= 0) { /* something differs */
        draw_layers(&run->layers, &columns, &drawing);
        status = write_chart(run, &drawing, font, "layers");
    }
    free(columns.x);
    return status;
}

/* Counts values in bins over first .. first + BINS * width; those beyond in the outermost ones.
 * Returns how many these are. */
static size_t count_bins(const float *values, size_t count, double first, double width,
                         double bins[BINS])
{
    size_t beyond = 0;
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < count; i++) {
        const double at = floor(((double)values[i] - first) / width);
        beyond += at < 0 || at >= BINS;
        bins[(int)fmin(fmax(at, 0), BINS - 1)]++;
    }
    return beyond;
}

/* `said` is what the limits say, for those who do not see them. */
static int draw_errors(const struct compare_run *run, struct plot_histogram *chart,
                       const float *values, const char *unit, const char *said,
                       struct label_font *font, const char *name)
{
    struct plot_drawing drawing;
    double bins[BINS];
    const size_t count = run->boxes.all.matched;
    const size_t beyond = count_bins(values, count, chart->first, chart->width, bins);
    char *x_name = beyond ? app_printf("%s (in the outermost bar%s also the %zu beyond)", unit,
                                       chart->first < 0 ? "s" : "", beyond)
                          : app_strdup(unit);
    char *description = app_printf("Histogram of %zu matched boxes: %s.", count, said);
    chart->x_name = x_name;
    chart->description = description;
    chart->y_name = "matched boxes";
    chart->counts = bins;
    chart->count = BINS;
    chart->headroom = HEADROOM;
    plot_histogram_draw(chart, &drawing);
    free(x_name);
    free(description);
    return write_chart(run, &drawing, font, name);
}

static int chart_scores(const struct compare_run *run, struct label_font *font)
{
    const double matched = (double)run->boxes.all.matched;
    const double mean = run->boxes.score_sum / matched;
    const double rms = sqrt(run->boxes.score_square_sum / matched);
    const double reach = fmax(SCORE_REACH * rms, SCORE_LEAST);
    char *said = app_printf("mean %+.4f, root mean square %.4f", mean, rms);
    const struct plot_limit limit = {said, mean};
    struct plot_histogram chart = {.title = "Score error: B's score less A's",
                                   .first = -reach,
                                   .width = 2 * reach / BINS,
                                   .limits = &limit,
                                   .limit_count = 1};
    const int status =
        draw_errors(run, &chart, run->boxes.score_errors, "score", said, font, "scores");
    free(said);
    return status;
}

static int chart_boxes(const struct compare_run *run, const struct compare_result *result,
                       struct label_font *font)
{
    const struct box_errors *errors = &result->errors;
    const double reach = fmax(BOX_REACH * errors->share_95, BOX_LEAST);
    char *mean = app_printf("mean %.2f", errors->mean);
    char *share = app_printf("95 %% within %.2f", errors->share_95);
    char *said = app_printf("%s, %s, the largest is %.2f", mean, share, errors->most);
    const struct plot_limit limits[] = {{mean, errors->mean}, {share, errors->share_95}};
    struct plot_histogram chart = {.title = "Box error: greatest distance of two edges",
                                   .width = reach / BINS,
                                   .limits = limits,
                                   .limit_count = 2};
    const int status = draw_errors(run, &chart, run->boxes.box_errors, "pixels of the picture",
                                   said, font, "boxes");
    free(mean);
    free(share);
    free(said);
    return status;
}

int compare_charts(const struct compare_run *run, const struct compare_result *result,
                   struct label_font *font)
{
    int status = chart_agreement(run, result, font);
    if (status == STATUS_DONE)
        status = chart_layers(run, font);
    if (status == STATUS_DONE && run->boxes.all.matched)
        status = chart_scores(run, font);
    if (status == STATUS_DONE && run->boxes.all.matched)
        status = chart_boxes(run, result, font);
    return status;
}
