/* SPDX-License-Identifier: Apache-2.0 */
/* A study's line charts: a line for each calibrator, in a band from the worst seed to the best. */
#include <math.h>
#include <stdlib.h>

#include "plot/plot_files.h"
#include "plot/plot_lines.h"
#include "study/study_report.h"

/* All figures of one measure, as columns of [calibrators][counts]. */
struct columns {
    double *x, *mean, *low, *high;
    struct plot_series *series;
};

static void fill(const struct study *study, enum study_measure measure, struct columns *columns)
{
    const struct study_plan *plan = &study->plan;
    const size_t total = plan->calibrator_count * plan->count_count;
    columns->x = app_alloc(4 * total, sizeof *columns->x);
    columns->mean = columns->x + total;
    columns->low = columns->mean + total;
    columns->high = columns->low + total;
    columns->series = app_alloc(plan->calibrator_count, sizeof *columns->series);
    for (size_t c = 0; c < plan->calibrator_count; c++) {
        const size_t at = c * plan->count_count;
        for (size_t i = 0; i < plan->count_count; i++) {
            const struct study_figure figure = study_figure(study, measure, i, c);
            columns->x[at + i] = (double)plan->counts[i];
            columns->mean[at + i] = figure.mean;
            columns->low[at + i] = figure.samples > 1 ? figure.least : NAN; /* no band of one */
            columns->high[at + i] = figure.samples > 1 ? figure.most : NAN;
        }
        columns->series[c] =
            (struct plot_series){plan->calibrators[c], columns->x + at,    columns->mean + at,
                                 columns->low + at,    columns->high + at, plan->count_count};
    }
}

/* In words, for those who do not see the chart: the first calibrator's ends. */
static char *describe(const struct study *study, const char *what, const struct columns *columns)
{
    const size_t last = study->plan.count_count - 1;
    return app_printf("%s of %zu calibrators by number of calibration pictures, mean of %zu seeds "
                      "with the range over seeds. %s: %.2f with %zu pictures, %.2f with %zu.",
                      what, study->plan.calibrator_count, study->plan.seeds,
                      study->plan.calibrators[0], columns->mean[0], study->plan.counts[0],
                      columns->mean[last], study->plan.counts[last]);
}

struct kind {
    enum study_measure measure;
    const char *file, *title, *y_name;
};

static int draw(const struct study *study, struct label_font *font, const char *folder,
                const struct kind *kind)
{
    struct columns columns;
    struct plot_drawing drawing;
    fill(study, kind->measure, &columns);
    char *description = describe(study, kind->y_name, &columns);
    char *y_name = study->plan.seeds > 1
                       ? app_printf("%s (line: mean, band: least to most of %zu samples)",
                                    kind->y_name, study->plan.seeds)
                       : app_strdup(kind->y_name);
    const struct plot_level float_level = {"float model", 100 * study->float_ap};
    const struct plot_lines chart = {
        .title = kind->title,
        .description = description,
        .x_name = "calibration pictures",
        .y_name = y_name,
        .series = columns.series,
        .series_count = study->plan.calibrator_count,
        .levels = &float_level,
        .level_count = kind->measure == STUDY_AP,
        .from_zero = kind->measure == STUDY_SECONDS,
    };
    plot_lines_draw(&chart, &drawing);
    const int status = plot_write(study->app, &drawing, font, folder, kind->file);
    plot_close(&drawing);
    free(description);
    free(y_name);
    free(columns.series);
    free(columns.x);
    return status;
}

int study_charts(const struct study *study, struct label_font *font, const char *folder)
{
    static const struct kind kinds[] = {
        {STUDY_AP, "accuracy", "Average precision of INT8", "AP, points"},
        {STUDY_AGREEMENT, "agreement", "Agreement of INT8 with the float model",
         "agreement AP, points"},
        {STUDY_SECONDS, "time", "Time to calibrate and build", "seconds"},
    };
    int status = STATUS_DONE;
    for (size_t i = study->labelled ? 0 : 1; i < 3 && status == STATUS_DONE; i++)
        status = draw(study, font, folder, &kinds[i]);
    return status;
}
