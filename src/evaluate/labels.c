/* SPDX-License-Identifier: Apache-2.0 */
/* Ultralytics' label files: a line a box, in shares of the picture. */
#include "evaluate/labels.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NUMBER_BYTES_MAX 64
#define VALUES_MAX 100001 /* of a line: a class and 50,000 points */
#define BOXES_MAX 10000   /* of a picture */
#define SLACK 0.01        /* how far a share may lie outside of 0 to 1, as Ultralytics has it */

/* Reading of one label file. */
struct labels {
    octet_truth *truth;
    const octet_truth_image *image;
    const char *name;
    const char *at, *end;
    size_t line, first_box; /* the file's boxes begin there in the truth */
    size_t duplicates;
    double *values; /* of the line at hand */
    size_t value_count, value_capacity;
    locale_t locale;
};

static octet_status refuse(const struct labels *labels, const char *why)
{
    return oct_fail(labels->truth->ctx, OCTET_BAD_FORMAT, "%s: line %zu: %s", labels->name,
                    labels->line, why);
}

/* The word from `at` as a plain decimal number. */
static bool parse_number(const struct labels *labels, const char *at, size_t length, double *number)
{
    char text[NUMBER_BYTES_MAX + 1], *end;
    if (length > NUMBER_BYTES_MAX)
        return false;
    memcpy(text, at, length);
    text[length] = '\0';
    if (strspn(text, "0123456789+-.eE") != length)
        return false;
    *number = strtod_l(text, &end, labels->locale);
    return *end == '\0' && isfinite(*number);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next line's numbers. */
static octet_status read_line(struct labels *labels)
{
    labels->value_count = 0;
    labels->line++;
    while (labels->at < labels->end && *labels->at != '\n') {
        if (is_blank(*labels->at)) {
            labels->at++;
            continue;
        }
        const char *start = labels->at;
        while (labels->at < labels->end && *labels->at != '\n' && !is_blank(*labels->at))
            labels->at++;
        double number;
        if (!parse_number(labels, start, (size_t)(labels->at - start), &number))
            return refuse(labels, "not a number in it (a line is: class x y width height)");
        if (labels->value_count == VALUES_MAX)
            return refuse(labels, "too many numbers");
        if (!oct_grow(labels->truth->ctx, &labels->values, &labels->value_capacity,
                      labels->value_count + 1, sizeof *labels->values))
            return oct_fail_memory(labels->truth->ctx, labels->name);
        labels->values[labels->value_count++] = number;
    }
    if (labels->at < labels->end)
        labels->at++;
    return OCTET_OK;
}

static octet_status find_class(const struct labels *labels, int64_t *id)
{
    const double number = labels->values[0];
    if (!(number == floor(number) && fabs(number) < 0x1p53))
        return refuse(labels, "the class is not a whole number");
    *id = (int64_t)number;
    for (size_t i = 0; i < labels->truth->class_count; i++)
        if (labels->truth->classes[i].id == *id)
            return OCTET_OK;
    return oct_fail(labels->truth->ctx, OCTET_BAD_FORMAT,
                    "%s: line %zu: there is no class %" PRId64 " (%zu are known)", labels->name,
                    labels->line, *id, labels->truth->class_count);
}

/* The extent of a polygon, as centre, width and height. */
static void polygon_extent(const double *points, size_t count, double box[4])
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        if (points[i] < low[i % 2])
            low[i % 2] = points[i];
        if (points[i] > high[i % 2])
            high[i % 2] = points[i];
    }
    for (size_t i = 0; i < 2; i++) {
        box[i] = (low[i] + high[i]) / 2.0;
        box[2 + i] = high[i] - low[i];
    }
}

static bool is_duplicate(const struct labels *labels, const octet_truth_box *box)
{
    for (size_t i = labels->first_box; i < labels->truth->box_count; i++) {
        const octet_truth_box *old = &labels->truth->boxes[i];
        if (old->class_id == box->class_id && old->x == box->x && old->y == box->y &&
            old->width == box->width && old->height == box->height)
            return true;
    }
    return false;
}

static octet_status add_line(struct labels *labels)
{
    const size_t count = labels->value_count;
    double box[4];
    int64_t class_id = 0;
    if (count == 6)
        return refuse(labels, "six numbers, of which the last may be a confidence; a label has "
                              "five: class x y width height");
    if (count != 5 && (count < 7 || count % 2 == 0))
        return refuse(labels, "neither a class with x, y, width and height nor one with three or "
                              "more points");
    if (labels->truth->box_count - labels->first_box == BOXES_MAX)
        return refuse(labels, "more than 10000 boxes");
    const octet_status status = find_class(labels, &class_id);
    if (status)
        return status;
    for (size_t i = 1; i < count; i++)
        if (!(labels->values[i] >= -SLACK && labels->values[i] <= 1.0 + SLACK))
            return refuse(labels, "a number outside of 0 to 1 (they are shares of the picture)");
    if (count == 5)
        memcpy(box, labels->values + 1, sizeof box);
    else
        polygon_extent(labels->values + 1, count - 1, box);
    if (box[2] < 0.0 || box[3] < 0.0)
        return refuse(labels, "a negative width or height");
    const double width = labels->image->width, height = labels->image->height;
    const octet_truth_box made = {
        .id = labels->truth->next_id,
        .image_id = labels->image->id,
        .class_id = class_id,
        .x = (box[0] - box[2] / 2.0) * width,
        .y = (box[1] - box[3] / 2.0) * height,
        .width = box[2] * width,
        .height = box[3] * height,
        .area = -1.0,
    };
    if (is_duplicate(labels, &made)) {
        labels->duplicates++;
        return OCTET_OK;
    }
    return oct_truth_add_box(labels->truth, &made);
}

static octet_status add_lines(struct labels *labels)
{
    while (labels->at < labels->end) {
        octet_status status = read_line(labels);
        if (!status && labels->value_count > 0)
            status = add_line(labels);
        if (status)
            return status;
    }
    return OCTET_OK;
}

static const octet_truth_image *find_image(const octet_truth *truth, int64_t id)
{
    for (size_t i = truth->image_count; i > 0; i--)
        if (truth->images[i - 1].id == id)
            return &truth->images[i - 1];
    return NULL;
}

octet_status oct_labels_add(octet_truth *truth, int64_t image_id, const void *bytes, size_t size,
                            const char *name)
{
    const octet_truth_image *image = find_image(truth, image_id);
    if (!image || image->width < 1 || image->height < 1)
        return oct_fail(truth->ctx, OCTET_INVALID_ARGUMENT,
                        "%s: picture %" PRId64 " was not added with its size before", name,
                        image_id);
    size_t start;
    octet_status status = oct_text_start(truth->ctx, name, bytes, size, &start);
    if (status)
        return status;
    struct labels labels = {.truth = truth,
                            .image = image,
                            .name = name,
                            .at = (const char *)bytes + start,
                            .end = (const char *)bytes + size,
                            .first_box = truth->box_count,
                            .locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    if (labels.locale == (locale_t)0)
        return oct_fail_memory(truth->ctx, name);
    const int64_t next_id = truth->next_id;
    status = add_lines(&labels);
    freelocale(labels.locale);
    oct_free(truth->ctx, labels.values);
    if (status) {
        truth->box_count = labels.first_box;
        truth->next_id = next_id;
    } else if (labels.duplicates) {
        oct_log(truth->ctx, OCTET_LOG_WARNING, "%s: %zu line%s that %s there twice left out", name,
                labels.duplicates, labels.duplicates == 1 ? "" : "s",
                labels.duplicates == 1 ? "is" : "are");
    }
    return status;
}
