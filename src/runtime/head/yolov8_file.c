/* SPDX-License-Identifier: Apache-2.0 */
/* YOLOv8's head in engine files: checked, hashed, written and read. */
#include <string.h>

#include "base/fields.h"
#include "base/sha256.h"
#include "base/text.h"
#include "network/network.h"
#include "runtime/head/levels.h"
#include "runtime/head/yolov8.h"

bool oct_yolov8_rounds(const struct oct_dfl_rounding *rounding)
{
    return rounding->probability.scale > 0.0f || rounding->distance.scale > 0.0f ||
           rounding->weight_scale > 0.0f;
}

/* ---- verified ---- */

/* None, or a valid one; the zero point must be one either way. */
static bool none_or_valid(struct oct_quantization quantization)
{
    if (quantization.scale == 0.0f)
        quantization.scale = 1.0f;
    return oct_quantization_valid(quantization);
}

static bool rounding_valid(const struct oct_dfl_rounding *rounding)
{
    return none_or_valid(rounding->probability) && none_or_valid(rounding->distance) &&
           none_or_valid((struct oct_quantization){rounding->weight_scale, 0});
}

octet_status oct_yolov8_verify(octet_context *ctx, const struct oct_network *network,
                               const char *name)
{
    const struct oct_head *head = &network->head;
    const int reg_max = head->of.yolov8.reg_max;
    if (reg_max < 1 || reg_max > OCT_REG_MAX_MAX)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: bad head: reg_max", name);
    const octet_status status = oct_levels_verify(ctx, network, 4 * reg_max, name);
    if (!status && !rounding_valid(&head->of.yolov8.rounding))
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: bad head: rounding", name);
    return status;
}

void oct_yolov8_hash(const struct oct_head *head, struct oct_sha256 *sha)
{
    oct_levels_hash(head, sha);
    oct_sha256_add_int(sha, head->of.yolov8.reg_max);
}

/* ---- written ---- */

static void add_rounding(struct oct_text *out, const char *key,
                         const struct oct_quantization *rounding)
{
    oct_text_printf(out, ",\"%s\":{\"scale\":", key);
    oct_json_add_real(out, (double)rounding->scale);
    oct_text_printf(out, ",\"zero_point\":%d}", rounding->zero_point);
}

/* Nothing where the head is decoded without rounding. */
static void add_dfl(struct oct_text *out, const struct oct_dfl_rounding *dfl)
{
    if (!oct_yolov8_rounds(dfl))
        return;
    oct_text_printf(out, ",\"dfl\":{\"weight_scale\":");
    oct_json_add_real(out, (double)dfl->weight_scale);
    add_rounding(out, "probability", &dfl->probability);
    add_rounding(out, "distance", &dfl->distance);
    oct_text_add(out, "}", 1);
}

void oct_yolov8_add_parameters(const struct oct_head *head, struct oct_text *out)
{
    oct_text_printf(out, ",\"reg_max\":%d", head->of.yolov8.reg_max);
}

void oct_yolov8_add_outputs(const struct oct_head *head, struct oct_text *out)
{
    oct_levels_add_outputs(head, out);
    add_dfl(out, &head->of.yolov8.rounding);
}

/* ---- read ---- */

/* Places in struct oct_head_fields. */
enum { REG_MAX = 0, LEVELS = 0, DFL = 1 };

size_t oct_yolov8_fields(struct oct_head_fields *values, struct oct_field *fields)
{
    const struct oct_field own[] = {
        {"reg_max", OCT_FIELD_INTEGER, 1, OCT_REG_MAX_MAX, &values->numbers[REG_MAX], 0, false},
        oct_levels_field(&values->values[LEVELS]),
        {"dfl", OCT_FIELD_OBJECT, 0, 0, &values->values[DFL], 0, true},
    };
    memcpy(fields, own, sizeof own);
    return sizeof own / sizeof own[0];
}

static octet_status read_rounding(octet_context *ctx, const char *what, const char *where,
                                  const struct oct_json_value *json,
                                  struct oct_quantization *rounding)
{
    const struct oct_field fields[] = {
        {"scale", OCT_FIELD_FLOAT, 0, (double)OCT_SCALE_MAX, &rounding->scale, 0, false},
        {"zero_point", OCT_FIELD_INTEGER, 0, 255, &rounding->zero_point, 0, false},
    };
    const struct oct_field_place place = {ctx, what, where, -1};
    return OCT_FIELDS_READ(&place, json, 0, fields);
}

static octet_status read_dfl(octet_context *ctx, const char *what,
                             const struct oct_json_value *json, struct oct_dfl_rounding *dfl)
{
    const struct oct_json_value *probability, *distance;
    const struct oct_field fields[] = {
        {"weight_scale", OCT_FIELD_FLOAT, 0, (double)OCT_SCALE_MAX, &dfl->weight_scale, 0, false},
        {"probability", OCT_FIELD_OBJECT, 0, 0, &probability, 0, false},
        {"distance", OCT_FIELD_OBJECT, 0, 0, &distance, 0, false},
    };
    const struct oct_field_place place = {ctx, what, "dfl", -1};
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status)
        status = read_rounding(ctx, what, "dfl: probability", probability, &dfl->probability);
    return status ? status : read_rounding(ctx, what, "dfl: distance", distance, &dfl->distance);
}

octet_status oct_yolov8_read(octet_context *ctx, const char *what,
                             const struct oct_head_fields *values, struct oct_network *network)
{
    struct oct_head *head = &network->head;
    head->of.yolov8.reg_max = values->numbers[REG_MAX];
    const octet_status status = oct_levels_read(ctx, what, values->values[LEVELS], network);
    return status || !values->values[DFL]
               ? status
               : read_dfl(ctx, what, values->values[DFL], &head->of.yolov8.rounding);
}
