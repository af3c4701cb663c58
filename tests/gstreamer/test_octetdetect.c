/* SPDX-License-Identifier: Apache-2.0 */
/* octetdetect: the boxes of every format beside octet's own, what can be set, how it fails. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "stream_support.h"

#define DETECT "octetdetect model=%s"
#define NV12 "video/x-raw,format=NV12,width=480,height=360,framerate=25/1,colorimetry=bt601"

/* Caps, and what they say of YUV. */
struct format_case {
    const char *caps;
    int width, height;
    octet_yuv_matrix matrix;
    octet_yuv_range range;
};

#define CASE(format, colorimetry, width, height, matrix, range)                                    \
    {                                                                                              \
        "video/x-raw,format=" format ",width=" #width ",height=" #height                           \
        ",framerate=25/1,colorimetry=" colorimetry,                                                \
            width, height, OCTET_YUV_##matrix, OCTET_YUV_##range                                   \
    }

static const struct format_case cases[] = {
    CASE("NV12", "bt601", 480, 360, BT601, LIMITED),
    CASE("NV12", "bt709", 480, 360, BT709, LIMITED),
    CASE("NV12", "1:4:0:0", 480, 360, BT601, FULL), /* a JPEG's */
    CASE("NV12", "1:3:5:1", 480, 360, BT709, FULL),
    CASE("NV12", "bt2020", 480, 360, BT709, LIMITED),
    CASE("NV12", "bt601", 641, 479, BT601, LIMITED),
    CASE("I420", "bt709", 480, 360, BT709, LIMITED),
    CASE("I420", "bt601", 333, 251, BT601, LIMITED),
    CASE("YUY2", "bt601", 480, 360, BT601, LIMITED),
    CASE("YUY2", "1:4:0:0", 331, 250, BT601, FULL),
    CASE("RGB", "sRGB", 480, 360, BT601, LIMITED),
    CASE("RGB", "sRGB", 333, 251, BT601, LIMITED),
    CASE("BGR", "sRGB", 480, 360, BT601, LIMITED),
    CASE("BGR", "sRGB", 1281, 721, BT601, LIMITED),
};

static void formats(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct format_case *c = &cases[i];
        GstHarness *harness = stream_open(DETECT, c->caps);
        GstBuffer *in = stream_picture(c->caps, 0);
        const int count = stream_direct(in, c->caps, c->matrix, c->range, boxes);
        GstBuffer *out = stream_push(harness, in);
        assert_int_equal(GST_BUFFER_PTS(out), 0);
        stream_expect(out, boxes, count, c->width, c->height);
        gst_buffer_unref(out);
        stream_close(harness);
    }
}

/* At the smallest input for frames' shapes, the second of which comes while it plays. */
static void rect(void **state)
{
    (void)state;
    static const struct format_case shapes[] = {
        CASE("NV12", "bt601", 640, 360, BT601, LIMITED),
        CASE("NV12", "bt601", 480, 360, BT601, LIMITED),
        CASE("NV12", "bt601", 640, 360, BT601, LIMITED),
    };
    octet_detection boxes[STREAM_BOXES_MOST];
    GstHarness *harness = stream_open(DETECT " rect=true", shapes[0].caps);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        gst_harness_set_src_caps_str(harness, shapes[i].caps);
        GstBuffer *in = stream_picture(shapes[i].caps, (int)i);
        const int count = stream_direct_rect(in, shapes[i].caps, boxes);
        GstBuffer *out = stream_push(harness, in);
        stream_expect(out, boxes, count, shapes[i].width, shapes[i].height);
        gst_buffer_unref(out);
    }
    stream_close(harness);
}

/* The same bytes are other colours, and other scores, by another matrix or range: were colorimetry
 * not read, formats() could not tell. */
static void colorimetry_matters(void **state)
{
    (void)state;
    octet_detection one[STREAM_BOXES_MOST], other[STREAM_BOXES_MOST];
    GstBuffer *buffer = stream_picture(NV12, 0);
    stream_direct(buffer, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, one);
    stream_direct(buffer, NV12, OCTET_YUV_BT709, OCTET_YUV_LIMITED, other);
    assert_true(one[0].score != other[0].score);
    stream_direct(buffer, NV12, OCTET_YUV_BT601, OCTET_YUV_FULL, other);
    assert_true(one[0].score != other[0].score);
    gst_buffer_unref(buffer);
}

/* Pixels stay, also of memory that somebody else has; the buffer's memory is not copied. */
static void pixels_stay(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT, NV12);
    GstBuffer *in = stream_picture(NV12, 0), *kept = gst_buffer_ref(in);
    GstMapInfo before, after;
    GstBuffer *out = stream_push(harness, in);
    assert_true(out != kept);
    assert_int_equal(stream_regions(kept), 0);
    assert_true(stream_regions(out) > 0);
    assert_true(gst_buffer_map(kept, &before, GST_MAP_READ));
    assert_true(gst_buffer_map(out, &after, GST_MAP_READ));
    assert_ptr_equal(before.data, after.data);
    gst_buffer_unmap(kept, &before);
    gst_buffer_unmap(out, &after);
    gst_buffer_unref(kept);
    gst_buffer_unref(out);
    stream_close(harness);
}

static int count_found(const char *description)
{
    GstHarness *harness = stream_open(description, NV12);
    GstBuffer *out = stream_push(harness, stream_picture(NV12, 0));
    const int count = stream_regions(out);
    gst_buffer_unref(out);
    stream_close(harness);
    return count;
}

static void selection(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    GstBuffer *buffer = stream_picture(NV12, 0);
    const int all = stream_direct(buffer, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    int sure = 0, of_first = 0;
    assert_true(all > 2);
    for (int i = 0; i < all; i++) {
        sure += boxes[i].score > 0.9f;
        of_first += boxes[i].class_id == boxes[0].class_id;
    }
    gchar *named = g_strdup_printf(DETECT " classes=\" %s \"", "%s",
                                   octet_engine_class_name(stream_engine(), boxes[0].class_id));
    gchar *numbered = g_strdup_printf(DETECT " classes=%d", "%s", boxes[0].class_id);
    assert_true(sure > 0 && sure < all && of_first < all);
    assert_int_equal(count_found(DETECT), all);
    assert_int_equal(count_found(DETECT " confidence=0.9"), sure);
    assert_int_equal(count_found(DETECT " max-detections=2"), 2);
    assert_true(count_found(DETECT " confidence=0.01 iou=1") > all);
    assert_int_equal(count_found(named), of_first);
    assert_int_equal(count_found(numbered), of_first);
    assert_int_equal(count_found(DETECT " classes=0,1,2,3,4"), all);
    assert_int_equal(count_found(DETECT " threads=1 device=auto"), all);
#ifndef OCTET_HAS_CUDA /* which would be found before the stand-in */
    assert_int_equal(count_found(DETECT " device=cuda"), all);
#endif
    gst_buffer_unref(buffer);
    g_free(named);
    g_free(numbered);
}

/* What may be set while it plays, holds from the next frame on. */
static void set_while_playing(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT, NV12);
    GstBuffer *out = stream_push(harness, stream_picture(NV12, 0));
    assert_true(stream_regions(out) > 1);
    gst_buffer_unref(out);
    gst_harness_set(harness, "octetdetect", "max-detections", 1, NULL);
    out = stream_push(harness, stream_picture(NV12, 1));
    assert_int_equal(stream_regions(out), 1);
    gst_buffer_unref(out);
    gst_harness_set(harness, "octetdetect", "classes", "elephant", NULL);
    assert_int_equal(gst_harness_push(harness, stream_picture(NV12, 2)), GST_FLOW_ERROR);
    GstMessage *message =
        gst_bus_timed_pop_filtered(stream_bus(harness), GST_SECOND, GST_MESSAGE_ERROR);
    GError *error;
    assert_non_null(message);
    gst_message_parse_error(message, &error, NULL);
    assert_true(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
    assert_string_equal(error->message, "the model has no class 'elephant': it has 0 to 4");
    g_error_free(error);
    gst_message_unref(message);
    stream_close(harness);
}

/* The element must not start, and say this. */
static void refused(GstElement *element, GstResourceError code, const char *part)
{
    GstBus *bus = gst_bus_new();
    GError *error;
    gst_object_ref_sink(element);
    gst_element_set_bus(element, bus);
    assert_int_equal(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    assert_non_null(message);
    gst_message_parse_error(message, &error, NULL);
    if (!g_error_matches(error, GST_RESOURCE_ERROR, (gint)code) || !strstr(error->message, part))
        fail_msg("%s %d: '%s'", g_quark_to_string(error->domain), error->code, error->message);
    assert_null(strchr(error->message, '\n'));
    g_error_free(error);
    gst_message_unref(message);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
}

static GstElement *make(const char *model)
{
    GstElement *element = gst_element_factory_make("octetdetect", NULL);
    assert_non_null(element);
    g_object_set(element, "model", model, NULL);
    return element;
}

static void refusals(void **state)
{
    (void)state;
    gchar *broken = g_build_filename(stream_folder(), "broken.octet", NULL);
    gchar *text = g_build_filename(stream_folder(), "text.octet", NULL);
    gchar *bytes;
    gsize size;
    assert_true(g_file_get_contents(stream_model(), &bytes, &size, NULL));
    test_write_file(broken, bytes, size / 2);
    test_write_file(text, "no engine\n", 10);
    refused(make(NULL), GST_RESOURCE_ERROR_SETTINGS, "no model: set the property 'model'");
    refused(make(""), GST_RESOURCE_ERROR_SETTINGS, "no model");
    refused(make("/nowhere/parts.octet"), GST_RESOURCE_ERROR_NOT_FOUND, "/nowhere/parts.octet");
    refused(make(broken), GST_RESOURCE_ERROR_OPEN_READ, "broken.octet");
    refused(make(text), GST_RESOURCE_ERROR_OPEN_READ, "text.octet");
    GstElement *element = make(stream_model());
    g_object_set(element, "device", "toaster", NULL);
    refused(element, GST_RESOURCE_ERROR_SETTINGS, "toaster");
    element = make(stream_model());
    g_object_set(element, "classes", "nut,elephant", NULL);
    refused(element, GST_RESOURCE_ERROR_SETTINGS, "no class 'elephant'");
    g_free(bytes);
    g_free(broken);
    g_free(text);
}

static gboolean starts(const char *model)
{
    GstElement *element = gst_object_ref_sink(make(model));
    const gboolean started =
        gst_element_set_state(element, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE;
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
    return started;
}

/* Elements share the engine of a file. Shown by a file that is damaged in place, with its size and
 * time as before: who reads it, fails. A file in its place is another. */
static void shared_engine(void **state)
{
    (void)state;
    gchar *copy = g_build_filename(stream_folder(), "copy.octet", NULL), *bytes;
    gsize size;
    struct stat before;
    assert_true(g_file_get_contents(stream_model(), &bytes, &size, NULL));
    test_write_file(copy, bytes, size);
    assert_int_equal(stat(copy, &before), 0);
    GstElement *first = gst_object_ref_sink(make(copy));
    assert_true(gst_element_set_state(first, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
    FILE *file = fopen(copy, "r+b");
    assert_non_null(file);
    assert_int_equal(fputs("damaged", file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, copy, times, 0), 0);
    assert_true(starts(copy));
    gst_element_set_state(first, GST_STATE_NULL);
    assert_false(starts(copy)); /* the last user gave it back */
    assert_int_equal(unlink(copy), 0);
    test_write_file(copy, bytes, size);
    assert_true(starts(copy));
    gst_object_unref(first);
    g_free(bytes);
    g_free(copy);
}

static void caps(void **state)
{
    (void)state;
    static const char *const taken[] = {"NV12", "I420", "YUY2", "RGB", "BGR"};
    static const char *const not_taken[] = {"RGBA", "GRAY8", "NV21", "P010_10LE"};
    GstHarness *harness = stream_open(DETECT, NV12);
    GstPad *pad = gst_element_get_static_pad(harness->element, "sink");
    for (size_t i = 0; i < G_N_ELEMENTS(taken) + G_N_ELEMENTS(not_taken); i++) {
        const gboolean takes = i < G_N_ELEMENTS(taken);
        GstCaps *asked = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING,
                                             takes ? taken[i] : not_taken[i - G_N_ELEMENTS(taken)],
                                             "width", G_TYPE_INT, 1, "height", G_TYPE_INT, 32767,
                                             "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
        assert_int_equal(gst_pad_query_accept_caps(pad, asked), takes);
        gst_caps_unref(asked);
    }
    gst_object_unref(pad);
    stream_close(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(rect),
        cmocka_unit_test(colorimetry_matters),
        cmocka_unit_test(pixels_stay),
        cmocka_unit_test(selection),
        cmocka_unit_test(set_while_playing),
        cmocka_unit_test(refusals),
        cmocka_unit_test(shared_engine),
        cmocka_unit_test(caps),
    };
    return cmocka_run_group_tests_name("octetdetect", tests, stream_set_up, stream_tear_down);
}
