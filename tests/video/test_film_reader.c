/* SPDX-License-Identifier: Apache-2.0 */
/* Films read and written by way of liboctet-video: the demo's film, which has 75 frames of 320x320
 * pixels in three seconds, and ticking sound. Skipped where GStreamer is not. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pictures/film_frames.h"
#include "video/video_library.h"

#define FILM OCTET_PROJECT_FOLDER "/demo/belt.mp4"
#define FRAMES 75
#define SIDE 320
#define RATE 25.0
#define SKIPPED 77

static const struct video_library *library;
static octet_context *context;

/* Frames of a film as the verbs get them. */
struct run {
    struct film_request request;
    void *film;
};

static struct run start(enum video_kind kind, const char *source, size_t every, size_t picks)
{
    struct run run = {{library, kind, (char *)source, every, picks}, NULL};
    return run;
}

static bool next(struct run *run, struct frame *frame)
{
    void *encoded = NULL;
    if (!run->film)
        run->film = film_frames.open("film", &run->request);
    *frame = (struct frame){0};
    if (!film_frames.take(run->film, context, frame, &encoded))
        return false;
    film_frames.decode(context, frame, encoded);
    return true;
}

static void stop(struct run *run)
{
    film_frames.close(run->film);
}

static void all_frames_come(void **state)
{
    struct run run = start(VIDEO_FILE, FILM, 1, 0);
    struct frame frame;
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(next(&run, &frame));
        assert_int_equal(frame.status, OCTET_OK);
        assert_int_equal(frame.index, i);
        assert_true(fabs(frame.time_s - (double)i / RATE) < 1e-3);
        assert_int_equal(frame.expected, FRAMES);
        assert_int_equal(frame.planes.width, SIDE);
        assert_int_equal(frame.planes.height, SIDE);
        assert_int_equal(octet_image_width(frame.image), SIDE);
        assert_false(frame.is_live);
        frame_free(&frame);
    }
    assert_false(next(&run, &frame));
    assert_false(next(&run, &frame));
    stop(&run);
}

static void some_frames_are_passed_over(void **state)
{
    struct run run = start(VIDEO_FILE, FILM, 10, 0);
    struct frame frame;
    size_t count = 0;
    (void)state;
    for (; next(&run, &frame); count++) {
        assert_int_equal(frame.index, 10 * count);
        assert_int_equal(frame.expected, 8);
        frame_free(&frame);
    }
    assert_int_equal(count, 8);
    stop(&run);
}

static void picks_are_spread_over_the_film(void **state)
{
    struct run run = start(VIDEO_FILE, FILM, 1, 5);
    struct frame frame;
    size_t count = 0;
    (void)state;
    for (; next(&run, &frame); count++) {
        assert_true(fabs(frame.time_s - ((double)count + 0.5) * 3 / 5) <= 1 / RATE);
        assert_int_equal(frame.index, (size_t)llround(frame.time_s * RATE));
        frame_free(&frame);
    }
    assert_int_equal(count, 5);
    stop(&run);
    assert_int_equal(film_count_frames(&run.request), FRAMES);
}

/* By the library itself: the frame after a seek is the one that is there when all are read. */
static void seeking_is_exact(void **state)
{
    char message[VIDEO_MESSAGE_BYTES];
    struct video_frame frame;
    struct video_facts facts;
    enum video_result result;
    struct video_reader *reader = library->open(VIDEO_FILE, FILM, message);
    (void)state;
    assert_non_null(reader);
    while ((result = library->next(reader, 1000, &frame, message)) == VIDEO_WAITING)
        ;
    assert_int_equal(result, VIDEO_FRAME);
    library->release(frame.held);
    library->facts(reader, &facts);
    assert_true(facts.can_seek && !facts.is_live);
    assert_true(fabs(facts.frame_rate - RATE) < 1e-9);
    assert_true(library->seek(reader, 1.6));
    while ((result = library->next(reader, 1000, &frame, message)) == VIDEO_WAITING)
        ;
    assert_int_equal(result, VIDEO_FRAME);
    assert_true(fabs(frame.time_s - 1.6) < 1e-3);
    library->close(reader);
    library->release(frame.held); /* a frame outlives its reader */
}

static void failure(enum video_kind kind, const char *source, const char *expected)
{
    struct run run = start(kind, source, 1, 0);
    struct frame frame;
    size_t count = 0;
    for (; next(&run, &frame) && frame.held; count++)
        frame_free(&frame);
    assert_non_null(frame.message);
    assert_true(frame.is_whole_source && frame.status != OCTET_OK);
    assert_null(strchr(frame.message, '\n'));
    if (!strstr(frame.message, expected))
        fail_msg("%s: %s", source, frame.message);
    frame_free(&frame);
    assert_false(next(&run, &frame));
    stop(&run);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void what_is_no_film_is_told(void **state)
{
    static char bytes[1 << 20];
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/octet-film-%ld.mp4", (long)getpid());
    failure(VIDEO_FILE, "/nowhere/film.mp4", "film: ");
    write_bytes(path, "hello, hello, hello\n", 20);
    failure(VIDEO_FILE, path, "no film");
    write_bytes(path, "", 0);
    failure(VIDEO_FILE, path, "no film");
    FILE *film = fopen(FILM, "r");
    assert_non_null(film);
    const size_t size = fread(bytes, 1, sizeof bytes, film);
    fclose(film);
    write_bytes(path, bytes, size / 2);
    failure(VIDEO_FILE, path, "cut short");
    write_bytes(path, bytes, 600);
    failure(VIDEO_FILE, path, "cut short");
    remove(path);
    failure(VIDEO_PIPELINE, "no-such-element ! identity", "no-such-element");
    failure(VIDEO_ADDRESS, "rtsp://user:secret@127.0.0.1:9/x", "film: ");
}

/* Any bytes changed: frames or one line, never a crash or a hang. */
static void damaged_films_end(void **state)
{
    static char bytes[1 << 20], damaged[1 << 20];
    char path[64];
    uint32_t seed = 1;
    (void)state;
    snprintf(path, sizeof path, "/tmp/octet-film-%ld.mp4", (long)getpid());
    FILE *film = fopen(FILM, "r");
    assert_non_null(film);
    const size_t size = fread(bytes, 1, sizeof bytes, film);
    fclose(film);
    for (int i = 0; i < 20; i++) {
        memcpy(damaged, bytes, size);
        for (int k = 0; k < 30; k++) {
            seed = seed * 1664525 + 1013904223;
            damaged[seed % (i % 2 ? size : 4000)] = (char)(seed >> 24);
        }
        write_bytes(path, damaged, size);
        struct run run = start(VIDEO_FILE, path, 1, 0);
        struct frame frame;
        for (int count = 0; count < 1000 && next(&run, &frame); count++)
            frame_free(&frame);
        stop(&run);
    }
    remove(path);
}

static void formats_and_colours_come_from_the_caps(void **state)
{
    static const struct {
        const char *caps;
        octet_pixel_format format;
        octet_yuv_matrix matrix;
        octet_yuv_range range;
    } cases[] = {
        {"format=NV12,colorimetry=bt601", OCTET_PIXEL_NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED},
        {"format=I420,colorimetry=bt709", OCTET_PIXEL_I420, OCTET_YUV_BT709, OCTET_YUV_LIMITED},
        {"format=YUY2,colorimetry=1:4:0:0", OCTET_PIXEL_YUY2, OCTET_YUV_BT601, OCTET_YUV_FULL},
        {"format=BGR", OCTET_PIXEL_BGR, OCTET_YUV_BT601, OCTET_YUV_FULL},
        {"format=RGB", OCTET_PIXEL_RGB, OCTET_YUV_BT601, OCTET_YUV_FULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "videotestsrc num-buffers=3 ! video/x-raw,%s,width=66,height=34,framerate=10/1",
                 cases[i].caps);
        struct run run = start(VIDEO_PIPELINE, text, 1, 0);
        struct frame frame;
        size_t count = 0;
        for (; next(&run, &frame); count++) {
            assert_int_equal(frame.planes.format, cases[i].format);
            if (cases[i].format >= OCTET_PIXEL_NV12) {
                assert_int_equal(frame.planes.matrix, cases[i].matrix);
                assert_int_equal(frame.planes.range, cases[i].range);
            }
            frame_free(&frame);
        }
        assert_int_equal(count, 3);
        stop(&run);
    }
}

/* A film that says so is turned, as players turn it. */
static void films_are_turned_as_they_ask(void **state)
{
    struct run run = start(VIDEO_PIPELINE,
                           "videotestsrc num-buffers=2 ! video/x-raw,format=I420,width=64,height=32"
                           " ! taginject tags=\"image-orientation=rotate-90\"",
                           1, 0);
    struct frame frame;
    (void)state;
    assert_true(next(&run, &frame));
    assert_int_equal(frame.planes.width, 32);
    assert_int_equal(frame.planes.height, 64);
    frame_free(&frame);
    stop(&run);
}

static void write_film(const char *path, const char *ending, const char *sound, int frames)
{
    static uint32_t pixels[SIDE * SIDE];
    char message[VIDEO_MESSAGE_BYTES], encoder[VIDEO_ENCODER_BYTES];
    const struct video_target target = {.descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600),
                                        .ending = ending,
                                        .width = SIDE,
                                        .height = SIDE,
                                        .frame_rate = RATE,
                                        .sound = sound};
    assert_true(target.descriptor >= 0);
    struct video_writer *writer = library->begin(&target, encoder, message);
    assert_non_null(writer);
    assert_string_equal(message, "");
    for (int i = 0; i < frames; i++) {
        for (int k = 0; k < SIDE * SIDE; k++)
            pixels[k] = (uint32_t)(k * (i + 1));
        assert_true(library->write(writer, pixels, SIDE * sizeof *pixels, i / RATE, message));
    }
    assert_true(library->finish(writer, frames == FRAMES, message));
    library->end(writer);
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
            struct run run = start(VIDEO_FILE, path, 1, 0);
            for (; next(&run, &frame); count++) {
                assert_int_equal(frame.status, OCTET_OK);
                assert_true(fabs(frame.time_s - (double)count / RATE) < 2e-3);
                frame_free(&frame);
            }
            assert_int_equal(count, frames);
            stop(&run);
            remove(path);
        }
}

/* A file that may not grow: it ends with one line, and does not hang. */
static void a_full_disk_ends_a_film(void **state)
{
    static uint32_t pixels[SIDE * SIDE];
    char message[VIDEO_MESSAGE_BYTES] = "", encoder[VIDEO_ENCODER_BYTES];
    const struct video_target target = {.descriptor = open("/dev/full", O_RDWR),
                                        .ending = "mkv",
                                        .width = SIDE,
                                        .height = SIDE,
                                        .frame_rate = RATE};
    (void)state;
    if (target.descriptor < 0)
        skip();
    struct video_writer *writer = library->begin(&target, encoder, message);
    assert_non_null(writer);
    bool goes_on = true;
    for (int i = 0; i < 500 && goes_on; i++) {
        for (int k = 0; k < SIDE * SIDE; k++)
            pixels[k] = (uint32_t)k * 2654435761u * (uint32_t)(i + 1);
        goes_on = library->write(writer, pixels, SIDE * sizeof *pixels, i / RATE, message);
    }
    if (goes_on)
        goes_on = library->finish(writer, true, message);
    assert_false(goes_on);
    assert_string_not_equal(message, "");
    library->end(writer);
    close(target.descriptor);
}

static int make_context(void **state)
{
    (void)state;
    return octet_context_create(NULL, &context) != OCTET_OK;
}

static int free_context(void **state)
{
    (void)state;
    octet_context_free(&context);
    return 0;
}

int main(void)
{
    char message[VIDEO_MESSAGE_BYTES];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_frames_come),
        cmocka_unit_test(some_frames_are_passed_over),
        cmocka_unit_test(picks_are_spread_over_the_film),
        cmocka_unit_test(seeking_is_exact),
        cmocka_unit_test(what_is_no_film_is_told),
        cmocka_unit_test(damaged_films_end),
        cmocka_unit_test(formats_and_colours_come_from_the_caps),
        cmocka_unit_test(films_are_turned_as_they_ask),
        cmocka_unit_test(films_are_written),
        cmocka_unit_test(a_full_disk_ends_a_film),
    };
    library = video_library_open(message);
    if (!library) {
        puts(message);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, make_context, free_context);
}
