/* SPDX-License-Identifier: Apache-2.0 */
/* COCO's annotation and results files, in and out. */
#include "evaluate/coco_json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/read_file.h"
#include "base/text.h"
#include "evaluate/json_elements.h"

#define TEXT_BYTES_MAX 4096 /* of a name */
#define ID_BYTES_MAX 18     /* of a number given as text */

/* A list that is being read: what its entries are called, and which one is at hand. */
struct reading {
    octet_context *ctx;
    const char *name, *list;
    size_t index;
    octet_truth *truth;
    octet_detections *detections;
};

static octet_status refuse(const struct reading *r, const char *member, const char *why)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: %s[%zu]: \"%s\" %s", r->name, r->list, r->index,
                    member, why);
}

/* NULL as well where the value is `null`, which some writers put for what they do not know. */
static const struct oct_json_value *get(const struct oct_json_value *entry, const char *member)
{
    const struct oct_json_value *value = oct_json_find(entry, member);
    return value && value->kind == OCT_JSON_NULL ? NULL : value;
}

static bool text_is_whole(const char *text)
{
    const size_t length = strlen(text), sign = length > 1 && text[0] == '-';
    return length >= 1 && length <= ID_BYTES_MAX &&
           strspn(text + sign, "0123456789") == length - sign;
}

/* A whole number, which some writers give as 5.0 or "5". */
static octet_status read_id(const struct reading *r, const struct oct_json_value *entry,
                            const char *member, int64_t *id)
{
    const struct oct_json_value *value = get(entry, member);
    if (!value)
        return refuse(r, member, "is missing");
    const double real = value->kind == OCT_JSON_REAL ? value->real : 0.5;
    if (value->kind == OCT_JSON_INTEGER)
        *id = value->integer;
    else if (real == floor(real) && fabs(real) < 0x1p53)
        *id = (int64_t)real;
    else if (value->kind == OCT_JSON_TEXT && text_is_whole(value->text))
        *id = strtoll(value->text, NULL, 10);
    else
        return refuse(r, member, "is not a whole number");
    return OCTET_OK;
}

/* A size in pixels, 0 where there is none. */
static octet_status read_pixels(const struct reading *r, const struct oct_json_value *entry,
                                const char *member, int *pixels)
{
    int64_t number = 0;
    if (get(entry, member)) {
        const octet_status status = read_id(r, entry, member, &number);
        if (status)
            return status;
    }
    if (number < 0 || number > INT_MAX)
        return refuse(r, member, "is no size in pixels");
    *pixels = (int)number;
    return OCTET_OK;
}

/* Text, "" where there is none. It belongs to the entry. */
static octet_status read_text(const struct reading *r, const struct oct_json_value *entry,
                              const char *member, const char **text)
{
    const struct oct_json_value *value = get(entry, member);
    *text = "";
    if (!value)
        return OCTET_OK;
    if (value->kind != OCT_JSON_TEXT || strlen(value->text) > TEXT_BYTES_MAX)
        return refuse(r, member, "is no text of a sensible length");
    *text = value->text;
    return OCTET_OK;
}

static octet_status read_number(const struct reading *r, const struct oct_json_value *entry,
                                const char *member, double *number)
{
    const struct oct_json_value *value = get(entry, member);
    if (!oct_json_number(value, number))
        return refuse(r, member, value ? "is no number" : "is missing");
    return OCTET_OK;
}

static octet_status read_box(const struct reading *r, const struct oct_json_value *entry,
                             double box[4])
{
    const struct oct_json_value *value = get(entry, "bbox");
    if (!value || value->kind != OCT_JSON_ARRAY || value->count != 4)
        return refuse(r, "bbox", value ? "is not a list of four numbers" : "is missing");
    for (const struct oct_json_value *side = value->first; side; side = side->next)
        if (!oct_json_number(side, box++))
            return refuse(r, "bbox", "is not a list of four numbers");
    box -= 4;
    if (box[2] < 0.0 || box[3] < 0.0)
        return refuse(r, "bbox", "has a negative width or height");
    return OCTET_OK;
}

static octet_status visit_class(void *user, size_t index, const struct oct_json_value *entry)
{
    struct reading *r = user;
    int64_t id;
    const char *name;
    r->index = index;
    octet_status status = read_id(r, entry, "id", &id);
    if (!status)
        status = read_text(r, entry, "name", &name);
    return status ? status : oct_truth_add_class(r->truth, id, name);
}

static octet_status visit_image(void *user, size_t index, const struct oct_json_value *entry)
{
    struct reading *r = user;
    octet_truth_image image;
    r->index = index;
    octet_status status = read_id(r, entry, "id", &image.id);
    if (!status)
        status = read_text(r, entry, "file_name", &image.file_name);
    if (!status)
        status = read_pixels(r, entry, "width", &image.width);
    if (!status)
        status = read_pixels(r, entry, "height", &image.height);
    return status ? status : oct_truth_add_image(r->truth, &image);
}

/* An "area" that is missing or null is the box', such an "iscrowd" 0. */
static octet_status visit_box(void *user, size_t index, const struct oct_json_value *entry)
{
    struct reading *r = user;
    octet_truth_box box = {.area = -1.0};
    double sides[4];
    int64_t crowd = 0;
    r->index = index;
    octet_status status = read_id(r, entry, "id", &box.id);
    if (!status)
        status = read_id(r, entry, "image_id", &box.image_id);
    if (!status)
        status = read_id(r, entry, "category_id", &box.class_id);
    if (!status)
        status = read_box(r, entry, sides);
    if (!status && get(entry, "area")) {
        status = read_number(r, entry, "area", &box.area);
        if (!status && box.area < 0.0)
            status = refuse(r, "area", "is negative");
    }
    const struct oct_json_value *flag = get(entry, "iscrowd");
    if (!status && flag && flag->kind != OCT_JSON_BOOLEAN)
        status = read_id(r, entry, "iscrowd", &crowd);
    if (status)
        return status;
    box.is_crowd = crowd != 0 || (flag && flag->kind == OCT_JSON_BOOLEAN && flag->boolean);
    box.x = sides[0];
    box.y = sides[1];
    box.width = sides[2];
    box.height = sides[3];
    return oct_truth_add_box(r->truth, &box);
}

static octet_status visit_detection(void *user, size_t index, const struct oct_json_value *entry)
{
    struct reading *r = user;
    struct oct_found_box box;
    double sides[4];
    r->index = index;
    octet_status status = read_id(r, entry, "image_id", &box.image_id);
    if (!status)
        status = read_id(r, entry, "category_id", &box.class_id);
    if (!status)
        status = read_box(r, entry, sides);
    if (!status)
        status = read_number(r, entry, "score", &box.score);
    if (status)
        return status;
    box.x = sides[0];
    box.y = sides[1];
    box.width = sides[2];
    box.height = sides[3];
    return oct_detections_add(r->detections, &box);
}

static const struct {
    const char *name;
    oct_json_visit *visit;
} lists[] = {
    {"images", visit_image},
    {"categories", visit_class},
    {"annotations", visit_box},
};
#define LIST_COUNT (sizeof lists / sizeof *lists)

static octet_status read_member(struct oct_json *json, struct reading *r, bool found[LIST_COUNT])
{
    const char *key;
    size_t length;
    octet_status status = oct_json_key(json, &key, &length);
    if (status)
        return status;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (strlen(lists[i].name) != length || memcmp(lists[i].name, key, length) != 0)
            continue;
        if (found[i])
            return oct_json_fail(json, "a list that was there before");
        found[i] = true;
        r->list = lists[i].name;
        return oct_json_array(json, lists[i].visit, r);
    }
    return oct_json_skip(json);
}

static octet_status read_truth(struct oct_json *json, struct reading *r)
{
    bool found[LIST_COUNT] = {false};
    octet_status status = oct_json_start(json);
    if (!status && !oct_json_take(json, '{'))
        status = oct_json_fail(json, "not a COCO annotation file, which is an object: {...}");
    bool more = !status && !oct_json_take(json, '}');
    while (!status && more) {
        status = read_member(json, r, found);
        if (!status)
            status = oct_json_next(json, '}', &more);
    }
    if (!status)
        status = oct_json_end(json);
    for (size_t i = 0; !status && i < LIST_COUNT; i++)
        if (!found[i])
            return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                            "%s: not a COCO annotation file: it has no \"%s\"", r->name,
                            lists[i].name);
    if (status)
        return status;
    struct oct_id_index images, classes;
    status = oct_truth_index(r->truth, &images, &classes);
    if (!status) {
        oct_id_index_free(&images);
        oct_id_index_free(&classes);
    }
    return status;
}

octet_status oct_coco_read_truth(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_truth **truth)
{
    struct oct_json json = {
        .ctx = ctx, .name = name, .skipped = "segmentation", .bytes = bytes, .size = size};
    struct reading reading = {.ctx = ctx, .name = name};
    octet_status status = oct_truth_create(ctx, name, &reading.truth);
    if (status)
        return status;
    status = read_truth(&json, &reading);
    oct_json_free(&json);
    if (status)
        oct_truth_free(reading.truth);
    else
        *truth = reading.truth;
    return status;
}

octet_status oct_coco_read_detections(octet_context *ctx, const void *bytes, size_t size,
                                      const char *name, octet_detections **detections)
{
    struct oct_json json = {
        .ctx = ctx, .name = name, .skipped = "segmentation", .bytes = bytes, .size = size};
    struct reading reading = {.ctx = ctx, .name = name, .list = "results"};
    octet_status status = oct_detections_create(ctx, name, &reading.detections);
    if (status)
        return status;
    status = oct_json_start(&json);
    if (!status && !oct_json_take(&json, '['))
        status = oct_json_fail(&json, "not a COCO results file, which is a list: [{...}, ...]");
    if (!status) {
        json.position--;
        status = oct_json_array(&json, visit_detection, &reading);
    }
    if (!status)
        status = oct_json_end(&json);
    oct_json_free(&json);
    if (status)
        oct_detections_free(reading.detections);
    else
        *detections = reading.detections;
    return status;
}

static void add_box(struct oct_text *text, const struct oct_found_box *box)
{
    const double sides[4] = {box->x, box->y, box->width, box->height};
    oct_text_printf(text, "{\"image_id\":%lld,\"category_id\":%lld,\"bbox\":[",
                    (long long)box->image_id, (long long)box->class_id);
    for (int i = 0; i < 4; i++) {
        oct_text_add(text, ",", i > 0);
        oct_json_add_real(text, sides[i]);
    }
    oct_text_printf(text, "],\"score\":");
    oct_json_add_real(text, box->score);
    oct_text_add(text, "}", 1);
}

octet_status oct_coco_write_detections(const octet_detections *detections, const char *path)
{
    octet_context *ctx = detections->ctx;
    struct oct_text text;
    oct_text_init(&text, ctx);
    oct_text_add(&text, "[", 1);
    for (size_t i = 0; i < detections->count && !text.failed; i++) {
        oct_text_add(&text, i ? ",\n" : "\n", i ? 2 : 1);
        add_box(&text, &detections->boxes[i]);
    }
    oct_text_add(&text, "\n]\n", 3);
    const octet_status status = text.failed ? oct_fail_memory(ctx, path)
                                            : oct_output_file(ctx, path, text.bytes, text.length);
    oct_text_free(&text);
    return status;
}
