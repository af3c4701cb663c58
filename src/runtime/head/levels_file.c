/* SPDX-License-Identifier: Apache-2.0 */
/* Levels of heads in engine files: checked, hashed, written and read. */
#include "base/fields.h"
#include "base/sha256.h"
#include "base/text.h"
#include "network/network.h"
#include "runtime/head/levels.h"

octet_status oct_levels_verify(octet_context *ctx, const struct oct_network *network,
                               int box_channels, const char *name)
{
    const struct oct_head *head = &network->head;
    if (head->output_count % 2)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: bad head: levels", name);
    for (int i = 0; i < head->output_count; i++) {
        const struct oct_head_output *output = &head->outputs[i];
        const int channels = i % 2 ? head->class_count : box_channels;
        if (output->role != (i % 2 ? OCT_HEAD_CLASS : OCT_HEAD_BOX) ||
            output->stride != head->outputs[i - i % 2].stride ||
            network->tensors[output->tensor].channels != channels)
            return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: bad head: level %d", name, i / 2);
    }
    return OCTET_OK;
}

void oct_levels_hash(const struct oct_head *head, struct oct_sha256 *sha)
{
    for (int i = 0; i < head->output_count; i += 2) {
        oct_sha256_add_int(sha, head->outputs[i].tensor);
        oct_sha256_add_int(sha, head->outputs[i + 1].tensor);
        oct_sha256_add_int(sha, head->outputs[i].stride);
    }
}

void oct_levels_add_outputs(const struct oct_head *head, struct oct_text *out)
{
    oct_text_printf(out, ",\"levels\":[");
    for (int i = 0; i < head->output_count; i += 2)
        oct_text_printf(out, "%s{\"box\":%d,\"class\":%d,\"stride\":%d}", i ? "," : "",
                        head->outputs[i].tensor, head->outputs[i + 1].tensor,
                        head->outputs[i].stride);
    oct_text_add(out, "]", 1);
}

struct oct_field oct_levels_field(const struct oct_json_value **levels)
{
    return (struct oct_field){"levels", OCT_FIELD_ARRAY, 1, OCT_LEVELS_MAX, (void *)levels, 0,
                              false};
}

octet_status oct_levels_read(octet_context *ctx, const char *what,
                             const struct oct_json_value *levels, struct oct_network *network)
{
    const int last = network->tensor_count - 1;
    int index = 0;
    for (const struct oct_json_value *json = levels->first; json; json = json->next) {
        int box = 0, classes = 0, stride = 0;
        const struct oct_field fields[] = {
            {"box", OCT_FIELD_INTEGER, 0, last, &box, 0, false},
            {"class", OCT_FIELD_INTEGER, 0, last, &classes, 0, false},
            {"stride", OCT_FIELD_INTEGER, 1, OCT_HEAD_STRIDE_MAX, &stride, 0, false},
        };
        const struct oct_field_place place = {ctx, what, "level", index++};
        const octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
        if (status)
            return status;
        oct_levels_add(&network->head, box, classes, stride);
    }
    return OCTET_OK;
}
