/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where one picture of a pipe ends and the next begins. */
#include "pictures/picture_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"

#define STEP_BYTES ((size_t)4096) /* so little is read ahead of a header */
#define HEADER_BYTES_MAX ((size_t)65536)
#define BYTE_SAMPLE_MAX 255 /* above this a sample takes two bytes */
#define SAMPLE_MAX 65535
#define OTHER_BYTES_MAX ((size_t)512 << 20) /* of a picture whose start does not tell its size */

void picture_stream_open(struct picture_stream *stream, const char *path, bool standard_input)
{
    *stream =
        (struct picture_stream){.path = path, .descriptor = standard_input ? STDIN_FILENO : -1};
}

void picture_stream_close(struct picture_stream *stream)
{
    if (stream->path && stream->descriptor > STDIN_FILENO)
        close(stream->descriptor);
    free(stream->bytes);
    *stream = (struct picture_stream){0};
}

/* Reads until `wanted` bytes are there, and at most `ahead` more; false when there are not so many,
 * or the stream cannot be read (then stream->error). */
static bool fill(struct picture_stream *stream, size_t wanted, size_t ahead)
{
    while (stream->size < wanted && !stream->error) {
        if (stream->capacity < wanted + ahead) {
            const size_t more = stream->size + stream->size / 2 + STEP_BYTES;
            stream->capacity = more < wanted + ahead ? more : wanted + ahead;
            stream->bytes = app_resize(stream->bytes, stream->capacity, 1);
        }
        size_t room = stream->capacity - stream->size;
        if (room > wanted + ahead - stream->size)
            room = wanted + ahead - stream->size;
        const ssize_t got = read(stream->descriptor, stream->bytes + stream->size, room);
        if (got == 0)
            return false;
        if (got > 0)
            stream->size += (size_t)got;
        else if (errno != EINTR)
            stream->error = errno;
    }
    return !stream->error;
}

/* The byte of a header; false behind its end. */
static bool byte_at(struct picture_stream *stream, size_t position, uint8_t *byte)
{
    if (position >= HEADER_BYTES_MAX || !fill(stream, position + 1, STEP_BYTES - 1))
        return false;
    *byte = stream->bytes[position];
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number of a PNM header, behind blanks and comments. Leaves *position behind it. */
static bool read_field(struct picture_stream *stream, size_t *position, uint64_t *value)
{
    uint8_t c;
    bool comment = false;
    for (;; ++*position) {
        if (!byte_at(stream, *position, &c))
            return false;
        comment = comment ? c != '\n' && c != '\r' : c == '#';
        if (!comment && !is_blank(c))
            break;
    }
    if (c < '0' || c > '9')
        return false;
    for (*value = 0; c >= '0' && c <= '9'; ++*position) {
        *value = *value < 100000000 ? *value * 10 + (uint64_t)(c - '0') : *value;
        if (!byte_at(stream, *position + 1, &c))
            return false;
    }
    return true;
}

/* The bytes of the PPM or PGM that begins here, by its header; 0 when that is damaged, or says
 * more than is read. */
static size_t ppm_bytes(struct picture_stream *stream)
{
    size_t position = 2;
    uint64_t width, height, maximum;
    if (!read_field(stream, &position, &width) || !read_field(stream, &position, &height) ||
        !read_field(stream, &position, &maximum) || !is_blank(stream->bytes[position]))
        return 0;
    if (width < 1 || height < 1 || maximum < 1 || width > OCTET_IMAGE_SIDE_MAX ||
        height > OCTET_IMAGE_SIDE_MAX || width * height > OCTET_IMAGE_PIXELS_MAX ||
        maximum > SAMPLE_MAX)
        return 0;
    const uint64_t samples = width * height * (stream->bytes[1] == '6' ? 3 : 1);
    return position + 1 + (size_t)(samples * (maximum > BYTE_SAMPLE_MAX ? 2 : 1));
}

/* Gives away the first `size` bytes. */
static void hand_out(struct picture_stream *stream, size_t size, struct streamed *streamed)
{
    const size_t left = stream->size - size;
    uint8_t *rest = NULL;
    if (left) {
        rest = app_alloc(left, 1);
        memcpy(rest, stream->bytes + size, left);
    }
    streamed->bytes = stream->bytes;
    streamed->size = size;
    stream->bytes = rest;
    stream->size = stream->capacity = left;
}

/* Of another type: the stream is one picture, which ends with it. One that octet does not know is
 * not read to its end, which a device may not have. */
static void take_all(struct picture_stream *stream, octet_context *context,
                     struct streamed *streamed)
{
    octet_image *image = NULL;
    fill(stream, STEP_BYTES, 0);
    const bool unknown = octet_image_decode(context, stream->bytes, stream->size, streamed->name,
                                            &image) == OCTET_UNKNOWN_FORMAT;
    octet_image_free(&image);
    if (!unknown && fill(stream, OTHER_BYTES_MAX + 1, 0))
        streamed->message = app_printf("%s: gives more than the %zu MiB that are read of a picture",
                                       streamed->name, OTHER_BYTES_MAX >> 20);
    else
        hand_out(stream, stream->size, streamed);
    streamed->more_lost = unknown && stream->number;
    stream->ended = true;
}

static void take_ppm(struct picture_stream *stream, struct streamed *streamed)
{
    const size_t size = ppm_bytes(stream);
    streamed->more_lost = size == 0;
    stream->ended = size == 0 || !fill(stream, size, 0);
    hand_out(stream, stream->ended ? stream->size : size, streamed);
}

/* Blanks between pictures, such as a line end at the end of all. */
static void skip_blanks(struct picture_stream *stream)
{
    size_t blanks = 0;
    uint8_t c;
    while (stream->number && byte_at(stream, blanks, &c) && is_blank(c))
        blanks++;
    if (blanks) {
        stream->size -= blanks;
        memmove(stream->bytes, stream->bytes + blanks, stream->size);
    }
}

static bool starts_ppm(const struct picture_stream *stream)
{
    return stream->size >= 3 && stream->bytes[0] == 'P' &&
           (stream->bytes[1] == '5' || stream->bytes[1] == '6') &&
           (is_blank(stream->bytes[2]) || stream->bytes[2] == '#');
}

bool picture_stream_next(struct picture_stream *stream, octet_context *context,
                         struct streamed *streamed)
{
    *streamed = (struct streamed){.name = NULL};
    if (stream->ended)
        return false;
    if (stream->descriptor < 0)
        stream->descriptor = open(stream->path, O_RDONLY | O_CLOEXEC);
    if (stream->descriptor < 0)
        stream->error = errno;
    skip_blanks(stream);
    fill(stream, 3, STEP_BYTES - 3);
    if (stream->size == 0 && !stream->error && stream->number)
        return false;
    const bool ppm = starts_ppm(stream);
    streamed->name = ppm || stream->number ? app_printf("%s:%zu", stream->path, stream->number)
                                           : app_strdup(stream->path);
    if (ppm)
        take_ppm(stream, streamed);
    else if (!stream->error && stream->size)
        take_all(stream, context, streamed);
    else if (!stream->error)
        streamed->message = app_printf("%s: is empty: no picture came", streamed->name);
    if (stream->error) {
        free(streamed->bytes);
        streamed->bytes = NULL;
        streamed->message = app_printf("%s: %s", streamed->name, strerror(stream->error));
    }
    stream->ended = stream->ended || !streamed->bytes;
    stream->number++;
    return true;
}
