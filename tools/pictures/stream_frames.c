/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that come out of a pipe, one after another. */
#include "pictures/stream_frames.h"

#include <stdlib.h>

#include "app/allocate.h"
#include "pictures/picture_stream.h"

static void *open_stream(const char *path, bool standard_input)
{
    struct picture_stream *stream = app_alloc(1, sizeof *stream);
    picture_stream_open(stream, path, standard_input);
    return stream;
}

static void *open_pipe(const char *path, const void *settings)
{
    (void)settings;
    return open_stream(path, false);
}

static void *open_standard_input(const char *path, const void *settings)
{
    (void)settings;
    return open_stream(path, true);
}

static bool take(void *reader, octet_context *context, struct frame *frame, void **encoded)
{
    struct picture_stream *stream = reader;
    struct streamed streamed;
    if (!picture_stream_next(stream, context, &streamed))
        return false;
    struct streamed *kept = app_alloc(1, sizeof *kept);
    *kept = streamed;
    frame->label = streamed.name;
    frame->index = stream->number - 1;
    *encoded = kept;
    return true;
}

static void decode_bytes(octet_context *context, struct frame *frame,
                         const struct streamed *streamed)
{
    frame_finish(
        frame, context,
        octet_image_decode(context, streamed->bytes, streamed->size, frame->label, &frame->image));
    if (frame->status == OCTET_OK || !streamed->more_lost || !octet_context_message(context)[0])
        return;
    char *message = app_printf("%s; what follows it is not read", frame->message);
    free(frame->message);
    frame->message = message;
}

static void decode(octet_context *context, struct frame *frame, void *encoded)
{
    struct streamed *streamed = encoded;
    if (streamed->bytes) {
        decode_bytes(context, frame, streamed);
    } else {
        frame->status = OCTET_FILE_READ;
        frame->message = streamed->message;
    }
    free(streamed->bytes);
    free(streamed);
}

static void close_stream(void *reader)
{
    picture_stream_close(reader);
    free(reader);
}

const struct frame_kind pipe_frames = {
    .many = true, .open = open_pipe, .take = take, .decode = decode, .close = close_stream};

const struct frame_kind standard_input_frames = {.many = true,
                                                 .open = open_standard_input,
                                                 .take = take,
                                                 .decode = decode,
                                                 .close = close_stream};
