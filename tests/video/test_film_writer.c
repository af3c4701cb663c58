/* SPDX-License-Identifier: Apache-2.0 */
/* Films written by way of liboctet-video, and read again. Skipped where GStreamer is not. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "film_run.h"

static void write_film(const char *path, const char *ending, const char *sound, int frames)
{
    static uint32_t rows[SIDE * SIDE];
    const struct video_pixels pixels = {rows, SIDE * sizeof *rows, SIDE, SIDE};
    char message[VIDEO_MESSAGE_BYTES], encoder[VIDEO_ENCODER_BYTES];
    const struct video_target target = {.descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600),
                                        .ending = ending,
                                        .width = SIDE,
                                        .height = SIDE,
                                        .frame_rate = RATE,
                                        .sound = sound};
    assert_true(target.descriptor >= 0);
    struct video_writer *writer = film_library()->begin(&target, encoder, message);
    assert_non_null(writer);
    assert_string_equal(message, "");
    for (int i = 0; i < frames; i++) {
        for (int k = 0; k < SIDE * SIDE; k++)
            rows[k] = (uint32_t)(k * (i + 1));
        assert_true(film_library()->write(writer, &pixels, i / RATE, message));
    }
    assert_true(film_library()->finish(writer, frames == FRAMES, message));
    film_library()->end(writer);
    close(target.descriptor);
}

static void films_are_written(void **state)
{
    static const char *const endings[] = {"mp4", "mov", "mkv", "webm"};
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        for (int frames = 20; frames <= FRAMES; frames += FRAMES - 20) {
            char path[64];
            struct frame frame;
            size_t count = 0;
            snprintf(path, sizeof path, "/tmp/octet-film-%ld.%s", (long)getpid(), endings[i]);
            write_film(path, endings[i], strcmp(endings[i], "webm") == 0 ? NULL : FILM, frames);
            struct film_run run = film_start(VIDEO_FILE, path, 1, 0);
            for (; film_next(&run, &frame); count++) {
                assert_int_equal(frame.status, OCTET_OK);
                assert_true(fabs(frame.time_s - (double)count / RATE) < 2e-3);
                frame_free(&frame);
            }
            assert_int_equal(count, frames);
            film_stop(&run);
            remove(path);
        }
}

/* Frames of other sizes go into the film that was begun, with borders. */
static void sizes_may_change(void **state)
{
    static uint32_t rows[SIDE * SIDE];
    static const int sizes[][2] = {{SIDE, SIDE}, {64, 48}, {31, 300}, {SIDE, SIDE}};
    char path[64], message[VIDEO_MESSAGE_BYTES], encoder[VIDEO_ENCODER_BYTES];
    struct frame frame;
    size_t count = 0;
    (void)state;
    snprintf(path, sizeof path, "/tmp/octet-film-%ld.mkv", (long)getpid());
    const struct video_target target = {.descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600),
                                        .ending = "mkv",
                                        .width = SIDE,
                                        .height = SIDE,
                                        .frame_rate = RATE};
    struct video_writer *writer = film_library()->begin(&target, encoder, message);
    assert_non_null(writer);
    memset(rows, 0xff, sizeof rows);
    for (int i = 0; i < 40; i++) {
        const int *size = sizes[i / 10];
        const struct video_pixels pixels = {rows, (size_t)size[0] * sizeof *rows, size[0], size[1]};
        assert_true(film_library()->write(writer, &pixels, i / RATE, message));
    }
    assert_true(film_library()->finish(writer, true, message));
    film_library()->end(writer);
    close(target.descriptor);
    struct film_run run = film_start(VIDEO_FILE, path, 1, 0);
    for (; film_next(&run, &frame); count++) {
        assert_int_equal(octet_image_width(frame.image), SIDE);
        assert_int_equal(octet_image_height(frame.image), SIDE);
        const unsigned char *pixels = octet_image_pixels(frame.image);
        const int wide = pixels[3 * (SIDE * 5 + SIDE / 2)];   /* near the upper edge */
        const int high = pixels[3 * (SIDE * (SIDE / 2) + 5)]; /* near the left one */
        const int middle = pixels[3 * (SIDE * (SIDE / 2) + SIDE / 2)];
        assert_true(middle > 200);
        assert_true(count / 10 == 1 ? wide < 50 : wide > 200);
        assert_true(count / 10 == 2 ? high < 50 : high > 200);
        frame_free(&frame);
    }
    assert_int_equal(count, 40);
    film_stop(&run);
    remove(path);
}

/* A file that may not grow: it ends with one line, and does not hang. */
static void a_full_disk_ends_a_film(void **state)
{
    static uint32_t rows[SIDE * SIDE];
    const struct video_pixels pixels = {rows, SIDE * sizeof *rows, SIDE, SIDE};
    char message[VIDEO_MESSAGE_BYTES] = "", encoder[VIDEO_ENCODER_BYTES];
    const struct video_target target = {.descriptor = open("/dev/full", O_RDWR),
                                        .ending = "mkv",
                                        .width = SIDE,
                                        .height = SIDE,
                                        .frame_rate = RATE};
    (void)state;
    if (target.descriptor < 0)
        skip();
    struct video_writer *writer = film_library()->begin(&target, encoder, message);
    assert_non_null(writer);
    bool goes_on = true;
    for (int i = 0; i < 500 && goes_on; i++) {
        for (int k = 0; k < SIDE * SIDE; k++)
            rows[k] = (uint32_t)k * 2654435761u * (uint32_t)(i + 1);
        goes_on = film_library()->write(writer, &pixels, i / RATE, message);
    }
    if (goes_on)
        goes_on = film_library()->finish(writer, true, message);
    assert_false(goes_on);
    assert_string_not_equal(message, "");
    film_library()->end(writer);
    close(target.descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(films_are_written),
        cmocka_unit_test(sizes_may_change),
        cmocka_unit_test(a_full_disk_ends_a_film),
    };
    if (!film_library())
        return FILM_SKIPPED;
    return cmocka_run_group_tests(tests, film_begin, film_end);
}
