/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what `octet study -o DIR` wrote: figures, from which the chart is drawn anew. Nothing in
 * the file is trusted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/json_print.h"
#include "app/paths.h"
#include "plot/plot_lines.h"
#include "report/measure_parts.h"

#define ROWS_MAX 4096
#define CALIBRATORS_MAX 32
#define COUNT_MAX 1000000000

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* False where the row lacks what every row has. */
static bool read_row(const json_t *json, bool labelled, struct report_study_row *row)
{
    const json_t *measure = json_object_get(json, labelled ? "ap" : "agreement");
    const char *calibrator = json_string_value(json_object_get(json, "calibrator"));
    const double count = number_of(json, "count");
    if (!calibrator || !json_is_object(measure) || !(count >= 1 && count <= COUNT_MAX))
        return false;
    *row = (struct report_study_row){
        .calibrator = app_strdup(calibrator),
        .count = (int)count,
        .ap = labelled ? number_of(measure, "mean") : NAN,
        .agreement = number_of(json_object_get(json, "agreement"), "mean"),
        .deviation = number_of(measure, "standard_deviation"),
        .least = number_of(measure, "least"),
        .most = number_of(measure, "most"),
        .seconds = number_of(json_object_get(json, "seconds"), "mean"),
    };
    return true;
}

static char *verdict_of(const json_t *json, const char *measure)
{
    const char *calibrator = json_string_value(json_object_get(json, "calibrator"));
    const double count = number_of(json, "count"), scatter = number_of(json, "scatter");
    if (!calibrator)
        return NULL;
    if (!isfinite(scatter))
        return app_printf("%s: how many pictures are enough cannot be told from one seed",
                          calibrator);
    if (!isfinite(count))
        return app_printf("%s: more pictures may be needed: %s still rises by more than samples "
                          "of one size scatter (%.2f points)",
                          calibrator, measure, scatter);
    return app_printf("%s: %.0f pictures are enough: more of them gain less %s than samples of one "
                      "size scatter (%.2f points)",
                      calibrator, count, measure, scatter);
}

/* The rows of each calibrator follow one another. */
static size_t make_series(const struct report_study *study, double *columns,
                          struct plot_series *series)
{
    const size_t rows = study->row_count;
    size_t count = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct report_study_row *row = &study->rows[i];
        columns[i] = row->count;
        columns[rows + i] = study->labelled ? row->ap : row->agreement;
        columns[2 * rows + i] = isfinite(row->deviation) ? row->least : NAN; /* no band of one */
        columns[3 * rows + i] = isfinite(row->deviation) ? row->most : NAN;
        if (i == 0 || strcmp(row->calibrator, study->rows[i - 1].calibrator) != 0) {
            if (count == CALIBRATORS_MAX)
                break;
            series[count++] = (struct plot_series){row->calibrator,        columns + i,
                                                   columns + rows + i,     columns + 2 * rows + i,
                                                   columns + 3 * rows + i, 0};
        }
        series[count - 1].count++;
    }
    return count;
}

static char *draw(const struct report_study *study)
{
    struct plot_series series[CALIBRATORS_MAX];
    double *columns = app_alloc(4 * study->row_count, sizeof *columns);
    const struct plot_level level = {"float model", study->float_ap};
    const struct plot_lines chart = {
        .title = study->labelled ? "Average precision of INT8 by calibration pictures"
                                 : "Agreement of INT8 with float by calibration pictures",
        .description = "A line for each calibrator, in a band from the worst sample to the best.",
        .x_name = "calibration pictures",
        .y_name = study->labelled ? "AP, points" : "agreement AP, points",
        .series = series,
        .series_count = make_series(study, columns, series),
        .levels = &level,
        .level_count = study->labelled && isfinite(study->float_ap),
        .untitled = true,
        .width = 560,
        .height = 340};
    struct plot_drawing drawing;
    plot_lines_draw(&chart, &drawing);
    char *svg = report_chart(&drawing);
    free(columns);
    return svg;
}

static bool fill(const json_t *root, struct report_study *study)
{
    const json_t *results = json_object_get(root, "results");
    const json_t *enough = json_object_get(root, "enough");
    const size_t rows = json_array_size(results), verdicts = json_array_size(enough);
    if (rows == 0 || rows > ROWS_MAX || verdicts > CALIBRATORS_MAX)
        return false;
    study->labelled = json_is_true(json_object_get(root, "labels"));
    study->float_ap = number_of(root, "float_ap");
    study->pictures = json_integer_value(json_object_get(root, "images"));
    study->rows = app_alloc(rows, sizeof *study->rows);
    for (size_t i = 0; i < rows; i++) {
        if (!read_row(json_array_get(results, i), study->labelled, &study->rows[i]))
            return false;
        study->row_count++;
    }
    study->verdicts = app_alloc(verdicts + 1, sizeof *study->verdicts);
    for (size_t i = 0; i < verdicts; i++) {
        char *line = verdict_of(json_array_get(enough, i), study->labelled ? "AP" : "agreement");
        if (line)
            study->verdicts[study->verdict_count++] = line;
    }
    study->svg = draw(study);
    return true;
}

int report_study_read(struct app *app, const char *path, const char *model_hash,
                      struct report_study *study)
{
    char *file = path_is_folder(path) ? path_join(path, "study.json") : app_strdup(path);
    json_error_t error;
    int status = STATUS_DONE;
    json_t *root = json_load_file(file, 0, &error);
    const char *hash = json_string_value(json_object_get(root, "model_hash"));
    if (!root && !path_is_file(file))
        status = app_fail(app, "%s: there is no such file: octet study -o DIR writes it", file);
    else if (!root)
        status = app_fail(app, "%s: line %d: %s", file, error.line, error.text);
    else if (!hash || !fill(root, study))
        status = app_fail(app, "%s is no study.json of octet study -o DIR", file);
    else if (model_hash && hash[0] && strcmp(hash, model_hash) != 0)
        status = app_fail(app, "%s is a study of another model", file);
    study->is_there = status == STATUS_DONE;
    json_decref(root);
    free(file);
    return status;
}

void report_study_free(struct report_study *study)
{
    for (size_t i = 0; i < study->row_count; i++)
        free(study->rows[i].calibrator);
    for (size_t i = 0; i < study->verdict_count; i++)
        free(study->verdicts[i]);
    free(study->rows);
    free(study->verdicts);
    free(study->svg);
}
