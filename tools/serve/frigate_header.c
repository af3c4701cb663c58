/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the headers of Frigate's messages by way of jansson. */
#include "serve/frigate_header.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define CHANNELS 3
#define DIMENSIONS_MAX 4

static char *read_name(const json_t *root, struct frigate_header *header)
{
    const char *text = json_string_value(json_object_get(root, "model_name"));
    const char *slash = text ? strrchr(text, '/') : NULL;
    const char *name = slash ? slash + 1 : text;
    if (!name || !name[0])
        return app_strdup("the header has no model_name");
    if (strlen(name) >= sizeof header->name)
        return app_printf("model_name has more than %zu bytes", sizeof header->name - 1);
    memcpy(header->name, name, strlen(name) + 1);
    return NULL;
}

/* The sides that are not 1 (the batch of one), in their order; their number, or 0: not a frame. */
static size_t read_sides(const json_t *shape, json_int_t sides[DIMENSIONS_MAX])
{
    size_t count = 0;
    if (json_array_size(shape) < CHANNELS || json_array_size(shape) > DIMENSIONS_MAX)
        return 0;
    for (size_t i = 0; i < json_array_size(shape); i++) {
        const json_t *side = json_array_get(shape, i);
        if (!json_is_integer(side) || json_integer_value(side) < 1)
            return 0;
        if (json_integer_value(side) > 1)
            sides[count++] = json_integer_value(side);
    }
    return count;
}

static char *read_shape(const json_t *root, struct frigate_header *header)
{
    json_int_t sides[DIMENSIONS_MAX];
    const json_t *shape = json_object_get(root, "shape");
    if (!json_is_array(shape))
        return app_strdup("the header has no shape");
    if (read_sides(shape, sides) != CHANNELS || (sides[2] != CHANNELS && sides[0] != CHANNELS)) {
        char *text = json_dumps(shape, JSON_COMPACT);
        char *problem = app_printf("the shape %.80s is none of a frame: it must be [1,H,W,3] or "
                                   "[1,3,H,W]",
                                   text ? text : "");
        free(text);
        return problem;
    }
    header->planar = sides[2] != CHANNELS;
    const json_int_t height = sides[header->planar], width = sides[1 + header->planar];
    if (height > OCTET_IMAGE_SIDE_MAX || width > OCTET_IMAGE_SIDE_MAX ||
        height * width > (json_int_t)OCTET_IMAGE_PIXELS_MAX)
        return app_strdup("the frame is too large");
    header->height = (int)height;
    header->width = (int)width;
    return NULL;
}

static char *read_type(const json_t *root, struct frigate_header *header)
{
    const char *type = json_string_value(json_object_get(root, "dtype"));
    if (!type)
        return app_strdup("the header has no dtype");
    header->is_float = strcmp(type, "float32") == 0;
    if (header->is_float || strcmp(type, "uint8") == 0)
        return NULL;
    return app_printf("dtype '%.40s' is not read: it must be uint8 (input_dtype: int) or float32 "
                      "(input_dtype: float)",
                      type);
}

static char *read_object(const json_t *root, struct frigate_header *header)
{
    if (json_is_true(json_object_get(root, "model_request")))
        header->kind = FRIGATE_MODEL_REQUEST;
    else if (json_is_true(json_object_get(root, "model_data")))
        header->kind = FRIGATE_MODEL_DATA;
    if (header->kind != FRIGATE_FRAME)
        return read_name(root, header);
    char *problem = read_shape(root, header);
    return problem ? problem : read_type(root, header);
}

char *frigate_header_read(const void *bytes, size_t size, struct frigate_header *header)
{
    json_error_t error;
    *header = (struct frigate_header){.kind = FRIGATE_FRAME};
    if (size == 0)
        return app_strdup("the message has no header");
    if (size > FRIGATE_HEADER_BYTES_MAX)
        return app_printf("the header has %zu bytes, %d at most", size, FRIGATE_HEADER_BYTES_MAX);
    json_t *root = json_loadb(bytes, size, 0, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        return app_strdup("the header is no JSON object");
    }
    char *problem = read_object(root, header);
    json_decref(root);
    return problem;
}

size_t frigate_frame_bytes(const struct frigate_header *header)
{
    return (size_t)header->height * (size_t)header->width * CHANNELS *
           (header->is_float ? sizeof(float) : 1);
}
