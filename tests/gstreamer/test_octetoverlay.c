/* SPDX-License-Identifier: Apache-2.0 */
/* octetoverlay: where it paints and where not, in every format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stream_support.h"

#define PLAIN "octetoverlay labels=false line-width=4"
#define WIDTH 161
#define HEIGHT 121
#define CAPS(format, colorimetry)                                                                  \
    "video/x-raw,format=" format ",width=161,height=121,framerate=25/1,colorimetry=" colorimetry

static const char *const formats[] = {
    CAPS("NV12", "bt601"), CAPS("NV12", "bt709"),   CAPS("NV12", "1:4:0:0"), CAPS("I420", "bt709"),
    CAPS("YUY2", "bt601"), CAPS("YUY2", "1:3:5:1"), CAPS("RGB", "sRGB"),     CAPS("BGR", "sRGB"),
};

/* The palette's first two. */
static const int red[3] = {0xff, 0x3b, 0x30}, blue[3] = {0x0a, 0x84, 0xff};

/* Chroma is a byte, and shared: components come back by so much. */
#define OFF_MOST 6

static GstBuffer *with_region(const char *caps, const char *name, int class_id, guint x, guint y,
                              guint width, guint height)
{
    GstBuffer *buffer = stream_grey(caps);
    GstVideoRegionOfInterestMeta *region =
        gst_buffer_add_video_region_of_interest_meta(buffer, name, x, y, width, height);
    if (class_id >= 0)
        gst_video_region_of_interest_meta_add_param(
            region, gst_structure_new("octet/detection", "class-id", G_TYPE_INT, class_id,
                                      "confidence", G_TYPE_DOUBLE, 0.5, NULL));
    return buffer;
}

/* What comes out for this, in RGB. */
static guint8 *drawn(const char *description, const char *caps, GstBuffer *in)
{
    GstHarness *harness = stream_open(description, caps);
    GstBuffer *out = stream_push(harness, in);
    guint8 *pixels = stream_rgb(out, caps);
    gst_buffer_unref(out);
    stream_close(harness);
    return pixels;
}

static void expect_color(const guint8 *pixels, int x, int y, const int color[3], const char *caps)
{
    for (int c = 0; c < 3; c++) {
        const int is = pixels[(y * WIDTH + x) * 3 + c];
        if (!(abs(is - color[c]) <= OFF_MOST))
            fail_msg("%s: component %d at %d, %d is %d, not %d", caps, c, x, y, is, color[c]);
    }
}

/* Pixels that differ from those of the frame without a box. */
static int changed(const guint8 *pixels, const char *caps, int top, int bottom)
{
    GstBuffer *grey = stream_grey(caps);
    guint8 *before = stream_rgb(grey, caps);
    int count = 0;
    for (int i = top * WIDTH; i < bottom * WIDTH; i++)
        count += pixels[3 * i] != before[3 * i] || pixels[3 * i + 1] != before[3 * i + 1] ||
                 pixels[3 * i + 2] != before[3 * i + 2];
    gst_buffer_unref(grey);
    g_free(before);
    return count;
}

static void boxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        GstBuffer *in = with_region(formats[i], "nut", 1, 20, 40, 60, 50);
        guint8 *pixels = drawn(PLAIN, formats[i], in);
        /* The second row and column of each side, and the last but one: no chroma of another's. */
        expect_color(pixels, 50, 41, blue, formats[i]);
        expect_color(pixels, 50, 88, blue, formats[i]);
        expect_color(pixels, 21, 60, blue, formats[i]);
        expect_color(pixels, 78, 60, blue, formats[i]);
        /* Four pixels on each side, and nothing else; edges are even, so chroma has the same. */
        assert_int_equal(changed(pixels, formats[i], 0, HEIGHT), 60 * 50 - 52 * 42);
        g_free(pixels);
    }
}

/* As a box that reaches beyond the frame on every side, or that lies outside of it, is drawn. */
static void beyond(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        guint8 *pixels =
            drawn(PLAIN, formats[i], with_region(formats[i], "nut", 0, 100, 100, 4000000000u, 70));
        expect_color(pixels, 140, 101, red, formats[i]);
        expect_color(pixels, 101, 119, red, formats[i]);
        assert_int_equal(changed(pixels, formats[i], 104, 120), 16 * 4);
        g_free(pixels);
        pixels = drawn("octetoverlay", formats[i],
                       with_region(formats[i], "nut", 0, 5000, 4000000000u, 10, 10));
        assert_int_equal(changed(pixels, formats[i], HEIGHT / 2, HEIGHT), 0);
        g_free(pixels);
        pixels = drawn(PLAIN, formats[i], with_region(formats[i], "nut", 0, 160, 120, 1, 1));
        expect_color(pixels, 160, 120, red, formats[i]);
        g_free(pixels);
        pixels = drawn(PLAIN, formats[i], with_region(formats[i], "nut", 0, 50, 50, 0, 0));
        assert_int_equal(changed(pixels, formats[i], 0, HEIGHT), 0);
        g_free(pixels);
    }
}

/* Labels stand above their boxes, where octet was built with pango. */
static void labels(void **state)
{
    (void)state;
#ifdef OCTET_HAS_PANGO
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const char *caps = formats[i];
        const char *line = "octetoverlay line-width=4 font-size=14";
        guint8 *whole = drawn(line, caps, with_region(caps, "nut", 1, 20, 40, 60, 50));
        guint8 *name = drawn("octetoverlay line-width=4 font-size=14 scores=false", caps,
                             with_region(caps, "nut", 1, 20, 40, 60, 50));
        const int with_score = changed(whole, caps, 0, 39), alone = changed(name, caps, 0, 39);
        assert_true(alone > 14 * 14); /* at least a square of the letters' size */
        assert_true(with_score > alone);
        expect_color(whole, 21, 35, blue, caps); /* the ground, left of the letters */
        int white = 0;
        for (int j = 0; j < 39 * WIDTH; j++)
            white += whole[3 * j] > 230 && whole[3 * j + 1] > 230;
        assert_true(white > 20);
        g_free(whole);
        g_free(name);
        /* At the frame's top and right, long, of strange words, without any. */
        g_free(drawn(line, caps, with_region(caps, "nut", 1, 150, 2, 10, 100)));
        g_free(
            drawn(line, caps, with_region(caps, "\xff\xfe n\nu\tt \xe6\x97\xa5", 1, 4, 60, 9, 9)));
        g_free(drawn(line, caps, with_region(caps, "", -1, 4, 60, 90, 9)));
        gchar *words = g_strnfill(2000, 'w');
        g_free(drawn(line, caps, with_region(caps, words, 1, 4, 60, 90, 9)));
        g_free(words);
        g_free(drawn("octetoverlay font-size=500", caps, with_region(caps, "n", 1, 4, 60, 90, 9)));
    }
#else
    skip();
#endif
}

/* Regions of other elements have a colour by their name. */
static void foreign(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(PLAIN, formats[6]);
    GstBuffer *in = with_region(formats[6], "face", -1, 20, 40, 60, 50);
    gst_buffer_add_video_region_of_interest_meta(in, NULL, 90, 40, 20, 20);
    GstBuffer *out = stream_push(harness, in);
    guint8 *pixels = stream_rgb(out, formats[6]);
    assert_int_equal(changed(pixels, formats[6], 0, HEIGHT), 60 * 50 - 52 * 42 + 20 * 20 - 12 * 12);
    g_free(pixels);
    gst_buffer_unref(out);
    stream_close(harness);
}

/* Frames without a region are the same memory; those with one are drawn on a copy where somebody
 * else has them. */
static void memory_of_others(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(PLAIN, formats[0]);
    GstBuffer *in = stream_grey(formats[0]), *kept = gst_buffer_ref(in);
    GstBuffer *out = stream_push(harness, in);
    assert_ptr_equal(gst_buffer_peek_memory(out, 0), gst_buffer_peek_memory(kept, 0));
    gst_buffer_unref(out);
    gst_buffer_unref(kept);
    in = with_region(formats[0], "nut", 1, 20, 40, 60, 50);
    kept = gst_buffer_ref(in);
    out = stream_push(harness, in);
    guint8 *before = stream_rgb(kept, formats[0]), *after = stream_rgb(out, formats[0]);
    assert_int_equal(changed(before, formats[0], 0, HEIGHT), 0);
    assert_true(changed(after, formats[0], 0, HEIGHT) > 0);
    g_free(before);
    g_free(after);
    gst_buffer_unref(out);
    gst_buffer_unref(kept);
    stream_close(harness);
}

/* Behind octetdetect, with caps that change in the stream. */
static void together(void **state)
{
    (void)state;
    static const char *const sizes[] = {
        "video/x-raw,format=NV12,width=480,height=360,framerate=25/1,colorimetry=bt601",
        "video/x-raw,format=I420,width=333,height=251,framerate=25/1,colorimetry=bt709"};
    GstHarness *harness = stream_open("octetdetect model=%s ! octetoverlay", sizes[0]);
    for (int round = 0; round < 4; round++) {
        const char *caps = sizes[round % 2];
        gst_harness_set_src_caps_str(harness, caps);
        GstBuffer *in = stream_picture(caps, round), *kept = gst_buffer_copy_deep(in);
        GstMapInfo before, after;
        GstBuffer *out = stream_push(harness, in);
        assert_true(stream_regions(out) > 0);
        assert_true(gst_buffer_map(kept, &before, GST_MAP_READ));
        assert_true(gst_buffer_map(out, &after, GST_MAP_READ));
        assert_int_equal(before.size, after.size);
        assert_memory_not_equal(before.data, after.data, before.size);
        gst_buffer_unmap(kept, &before);
        gst_buffer_unmap(out, &after);
        gst_buffer_unref(kept);
        gst_buffer_unref(out);
    }
    stream_close(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes),   cmocka_unit_test(beyond),           cmocka_unit_test(labels),
        cmocka_unit_test(foreign), cmocka_unit_test(memory_of_others), cmocka_unit_test(together),
    };
    return cmocka_run_group_tests_name("octetoverlay", tests, stream_set_up, stream_tear_down);
}
