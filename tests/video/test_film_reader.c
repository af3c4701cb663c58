/* SPDX-License-Identifier: Apache-2.0 */
/* Films and cameras read by way of liboctet-video. Skipped where GStreamer is not. */
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

#include "app/clock.h"
#include "film_run.h"

#define DAMAGES 40
#define SLOW_S 5.0 /* what is damaged is told at once: far below the 10 s of one that is silent */

static void all_frames_come(void **state)
{
    struct film_run run = film_start(VIDEO_FILE, FILM, 1, 0);
    struct frame frame;
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(film_next(&run, &frame));
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
    assert_false(film_next(&run, &frame));
    assert_false(film_next(&run, &frame));
    film_stop(&run);
}

static void some_frames_are_passed_over(void **state)
{
    struct film_run run = film_start(VIDEO_FILE, FILM, 10, 0);
    struct frame frame;
    size_t count = 0;
    (void)state;
    for (; film_next(&run, &frame); count++) {
        assert_int_equal(frame.index, 10 * count);
        assert_int_equal(frame.expected, 8);
        frame_free(&frame);
    }
    assert_int_equal(count, 8);
    film_stop(&run);
}

static void picks_are_spread_over_the_film(void **state)
{
    struct film_run run = film_start(VIDEO_FILE, FILM, 1, 5);
    struct frame frame;
    size_t count = 0;
    (void)state;
    for (; film_next(&run, &frame); count++) {
        assert_true(fabs(frame.time_s - ((double)count + 0.5) * 3 / 5) <= 1 / RATE);
        assert_int_equal(frame.index, (size_t)llround(frame.time_s * RATE));
        frame_free(&frame);
    }
    assert_int_equal(count, 5);
    film_stop(&run);
    assert_int_equal(film_count_frames(&run.request), FRAMES);
}

/* By the library itself: the frame after a seek is the one that is there when all are read. */
static void seeking_is_exact(void **state)
{
    char message[VIDEO_MESSAGE_BYTES];
    struct video_frame frame;
    struct video_facts facts;
    enum video_result result;
    struct video_reader *reader = film_library()->open(VIDEO_FILE, FILM, message);
    (void)state;
    assert_non_null(reader);
    while ((result = film_library()->next(reader, 1000, &frame, message)) == VIDEO_WAITING)
        ;
    assert_int_equal(result, VIDEO_FRAME);
    film_library()->release(frame.held);
    film_library()->facts(reader, &facts);
    assert_true(facts.can_seek && !facts.is_live);
    assert_true(fabs(facts.frame_rate - RATE) < 1e-9);
    assert_true(film_library()->seek(reader, 1.6));
    while ((result = film_library()->next(reader, 1000, &frame, message)) == VIDEO_WAITING)
        ;
    assert_int_equal(result, VIDEO_FRAME);
    assert_true(fabs(frame.time_s - 1.6) < 1e-3);
    film_library()->close(reader);
    film_library()->release(frame.held); /* a frame outlives its reader */
}

static void failure(enum video_kind kind, const char *source, const char *expected)
{
    struct film_run run = film_start(kind, source, 1, 0);
    struct frame frame;
    size_t count = 0;
    for (; film_next(&run, &frame) && frame.held; count++)
        frame_free(&frame);
    assert_non_null(frame.message);
    assert_true(frame.is_whole_source && frame.status != OCTET_OK);
    assert_null(strchr(frame.message, '\n'));
    if (!strstr(frame.message, expected))
        fail_msg("%s: %s", source, frame.message);
    frame_free(&frame);
    assert_false(film_next(&run, &frame));
    film_stop(&run);
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
    failure(VIDEO_DEVICE, "/dev/null", "film: ");
    failure(VIDEO_DEVICE, "/nowhere/video0", "film: ");
    failure(VIDEO_DEVICE, OCTET_PROJECT_FOLDER, "film: ");
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
    for (int i = 0; i < DAMAGES; i++) {
        memcpy(damaged, bytes, size);
        for (int k = 0; k < 30; k++) {
            seed = seed * 1664525 + 1013904223;
            damaged[(seed >> 8) % (i % 2 ? size : 4000)] = (char)(seed >> 24 ^ seed);
        }
        write_bytes(path, damaged, size);
        const double start_ms = app_now_ms();
        struct film_run run = film_start(VIDEO_FILE, path, 1, 0);
        struct frame frame;
        for (int count = 0; count < 1000 && film_next(&run, &frame); count++)
            frame_free(&frame);
        film_stop(&run);
        assert_true(app_now_ms() - start_ms < SLOW_S * 1e3);
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
        struct film_run run = film_start(VIDEO_PIPELINE, text, 1, 0);
        struct frame frame;
        size_t count = 0;
        for (; film_next(&run, &frame); count++) {
            assert_int_equal(frame.planes.format, cases[i].format);
            if (cases[i].format >= OCTET_PIXEL_NV12) {
                assert_int_equal(frame.planes.matrix, cases[i].matrix);
                assert_int_equal(frame.planes.range, cases[i].range);
            }
            frame_free(&frame);
        }
        assert_int_equal(count, 3);
        film_stop(&run);
    }
}

/* A film that says so is turned, as players turn it. */
static void films_are_turned_as_they_ask(void **state)
{
    struct film_run run =
        film_start(VIDEO_PIPELINE,
                   "videotestsrc num-buffers=2 ! video/x-raw,format=I420,width=64,height=32"
                   " ! taginject tags=\"image-orientation=rotate-90\"",
                   1, 0);
    struct frame frame;
    (void)state;
    assert_true(film_next(&run, &frame));
    assert_int_equal(frame.planes.width, 32);
    assert_int_equal(frame.planes.height, 64);
    frame_free(&frame);
    film_stop(&run);
}

/* What a camera gave while nobody asked is counted. */
static void lost_frames_are_counted(void **state)
{
    struct film_run run =
        film_start(VIDEO_PIPELINE,
                   "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=32,"
                   "framerate=50/1",
                   1, 0);
    struct frame frame;
    uint64_t before = 0;
    long long first = 0;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(film_next(&run, &frame));
        assert_true(frame.is_live);
        assert_true(frame.dropped >= before);
        /* each frame's time is its number since the first one, lost ones counted */
        const long long number = llround(frame.time_s * 50);
        first = i ? first : number - (long long)frame.dropped;
        assert_int_equal(number - first, i + frame.dropped);
        before = frame.dropped;
        frame_free(&frame);
        usleep(100000);
    }
    assert_true(before >= 8);
    film_stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_frames_come),
        cmocka_unit_test(some_frames_are_passed_over),
        cmocka_unit_test(picks_are_spread_over_the_film),
        cmocka_unit_test(seeking_is_exact),
        cmocka_unit_test(what_is_no_film_is_told),
        cmocka_unit_test(damaged_films_end),
        cmocka_unit_test(formats_and_colours_come_from_the_caps),
        cmocka_unit_test(films_are_turned_as_they_ask),
        cmocka_unit_test(lost_frames_are_counted),
    };
    if (!film_library())
        return FILM_SKIPPED;
    return cmocka_run_group_tests(tests, film_begin, film_end);
}
