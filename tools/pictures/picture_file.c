/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are files, one each. */
#include "pictures/picture_file.h"

#include <stdlib.h>

#include "app/allocate.h"

static void *open_file(const char *path, const void *settings)
{
    (void)settings;
    return app_strdup(path);
}

static bool take(void *reader, octet_context *context, struct frame *frame, void **encoded)
{
    (void)context;
    (void)encoded;
    frame->label = app_strdup(reader);
    return true;
}

static void decode(octet_context *context, struct frame *frame, void *encoded)
{
    (void)encoded;
    frame_finish(frame, context, octet_image_load(context, frame->label, &frame->image));
}

const struct frame_kind picture_file = {
    .open = open_file, .take = take, .decode = decode, .close = free};
