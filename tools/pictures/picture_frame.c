/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind of source does with a frame. */
#include "pictures/picture_frame.h"

#include <stdlib.h>

#include "app/allocate.h"

void frame_finish(struct frame *frame, octet_context *context, octet_status status)
{
    frame->status = status;
    if (status == OCTET_OK)
        return;
    const char *message = octet_context_message(context);
    frame->image = NULL;
    frame->message = message[0] ? app_strdup(message)
                                : app_printf("%s: %s", frame->label, octet_status_text(status));
}

void frame_make_image(octet_context *context, struct frame *frame)
{
    if (frame->held && !frame->image)
        frame_finish(frame, context,
                     octet_image_copy_frame(context, &frame->planes, &frame->image));
    if (frame->status != OCTET_OK)
        frame_release(frame);
}

void frame_release(struct frame *frame)
{
    if (frame->held)
        frame->release(frame->held);
    frame->held = NULL;
}

void frame_free(struct frame *frame)
{
    frame_release(frame);
    octet_image_free(&frame->image);
    free(frame->label);
    free(frame->message);
    *frame = (struct frame){0};
}
