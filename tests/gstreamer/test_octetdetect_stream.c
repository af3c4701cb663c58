/* SPDX-License-Identifier: Apache-2.0 */
/* octetdetect in a stream: intervals, frames that come too late, flushes, new caps, the end,
 * messages, and what elements behind it see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream_support.h"

#define DETECT "octetdetect model=%s"
#define NV12 "video/x-raw,format=NV12,width=480,height=360,framerate=25/1,colorimetry=bt601"
#define YUY2 "video/x-raw,format=YUY2,width=321,height=240,framerate=25/1,colorimetry=bt709"

/* Pushes picture `number` and tells whether it was looked at. */
static gboolean looked_at(GstHarness *harness, int number)
{
    GstBuffer *out = stream_push(harness, stream_picture(NV12, number));
    const gboolean looked = stream_regions(out) > 0;
    assert_int_equal(GST_BUFFER_PTS(out), (GstClockTime)number * STREAM_FRAME_TIME);
    gst_buffer_unref(out);
    return looked;
}

static void interval(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT " interval=2", NV12);
    for (int i = 0; i < 7; i++)
        assert_int_equal(looked_at(harness, i), i % 3 == 0);
    gst_harness_set(harness, "octetdetect", "interval", 0, NULL);
    assert_false(looked_at(harness, 7)); /* those to pass after the last one */
    assert_false(looked_at(harness, 8));
    for (int i = 9; i < 12; i++)
        assert_true(looked_at(harness, i));
    stream_close(harness);
}

static void say_late(GstHarness *harness, int frame, GstClockTimeDiff late)
{
    const GstClockTime time = (GstClockTime)frame * STREAM_FRAME_TIME;
    assert_true(gst_harness_push_upstream_event(
        harness, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, late, time)));
}

static void late_frames(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT, NV12);
    GstFormat format;
    guint64 processed, dropped;
    GstClockTime running_time;
    assert_true(looked_at(harness, 0));
    say_late(harness, 0, 2 * (GstClockTimeDiff)STREAM_FRAME_TIME);
    assert_false(looked_at(harness, 1));
    assert_false(looked_at(harness, 2));
    assert_true(looked_at(harness, 3));
    GstMessage *message = gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_QOS);
    assert_non_null(message);
    gst_message_parse_qos(message, NULL, &running_time, NULL, NULL, NULL);
    assert_int_equal(running_time, STREAM_FRAME_TIME);
    gst_message_unref(message);
    message = gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_QOS);
    assert_non_null(message);
    gst_message_parse_qos_stats(message, &format, &processed, &dropped);
    assert_int_equal(format, GST_FORMAT_BUFFERS);
    assert_int_equal(processed, 1);
    assert_int_equal(dropped, 2);
    gst_message_unref(message);
    assert_null(gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_QOS));
    /* In time again: earlier than it says now. */
    say_late(harness, 5, -2 * (GstClockTimeDiff)STREAM_FRAME_TIME);
    assert_true(looked_at(harness, 4));
    stream_close(harness);
}

/* The event went on upstream as well, as base classes let it. */
static void late_frames_upstream(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT " qos=false", NV12);
    gboolean passed = FALSE;
    assert_true(looked_at(harness, 0));
    say_late(harness, 0, 2 * (GstClockTimeDiff)STREAM_FRAME_TIME);
    assert_true(looked_at(harness, 1));
    for (GstEvent *event; (event = gst_harness_try_pull_upstream_event(harness));) {
        passed = passed || GST_EVENT_TYPE(event) == GST_EVENT_QOS;
        gst_event_unref(event);
    }
    assert_true(passed);
    stream_close(harness);
}

static void flush(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT " interval=3", NV12);
    GstSegment segment;
    assert_true(looked_at(harness, 0));
    assert_false(looked_at(harness, 1));
    say_late(harness, 1, 100 * (GstClockTimeDiff)STREAM_FRAME_TIME);
    assert_true(gst_harness_push_event(harness, gst_event_new_flush_start()));
    assert_true(gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    assert_true(gst_harness_push_event(harness, gst_event_new_segment(&segment)));
    /* What was said of the time before is of no matter, and a new count begins. */
    assert_true(looked_at(harness, 2));
    assert_false(looked_at(harness, 3));
    stream_close(harness);
}

static void new_caps(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    GstHarness *harness = stream_open(DETECT, NV12);
    for (int round = 0; round < 4; round++) {
        const gboolean yuy2 = round % 2;
        const char *caps = yuy2 ? YUY2 : NV12;
        gst_harness_set_src_caps_str(harness, caps);
        GstBuffer *in = stream_picture(caps, round);
        const int count = stream_direct(in, caps, yuy2 ? OCTET_YUV_BT709 : OCTET_YUV_BT601,
                                        OCTET_YUV_LIMITED, boxes);
        GstBuffer *out = stream_push(harness, in);
        stream_expect(out, boxes, count, yuy2 ? 321 : 480, yuy2 ? 240 : 360);
        gst_buffer_unref(out);
    }
    stream_close(harness);
}

static void end_of_stream(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT, NV12);
    gboolean ended = FALSE;
    assert_true(looked_at(harness, 0));
    assert_true(gst_harness_push_event(harness, gst_event_new_eos()));
    for (GstEvent *event; (event = gst_harness_try_pull_event(harness));) {
        ended = ended || GST_EVENT_TYPE(event) == GST_EVENT_EOS;
        gst_event_unref(event);
    }
    assert_true(ended);
    assert_int_equal(gst_harness_push(harness, stream_picture(NV12, 1)), GST_FLOW_EOS);
    stream_close(harness);
}

/* Stopped and started again, it is as new. */
static void again(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT " interval=1", NV12);
    assert_true(looked_at(harness, 0));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(gst_element_set_state(harness->element, GST_STATE_NULL),
                         GST_STATE_CHANGE_SUCCESS);
        gst_harness_play(harness);
        gst_harness_set_src_caps_str(harness, NV12);
        assert_true(looked_at(harness, 0));
    }
    stream_close(harness);
}

/* A buffer that is too small for its caps ends the stream, not the program. */
static void short_buffer(void **state)
{
    (void)state;
    GstHarness *harness = stream_open(DETECT, NV12);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100, NULL);
    assert_int_equal(gst_harness_push(harness, buffer), GST_FLOW_ERROR);
    GstMessage *message = gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_ERROR);
    assert_non_null(message);
    gst_message_unref(message);
    stream_close(harness);
}

static guint64 number(const GstStructure *structure, const char *field)
{
    guint64 value = 0;
    assert_true(gst_structure_get_uint64(structure, field, &value));
    return value;
}

static void messages(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    GstHarness *harness = stream_open(DETECT " message=true", NV12);
    GstBuffer *in = stream_picture(NV12, 3);
    const int count = stream_direct(in, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    gst_buffer_unref(stream_push(harness, in));
    GstMessage *message = gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_ELEMENT);
    assert_non_null(message);
    const GstStructure *structure = gst_message_get_structure(message);
    assert_true(gst_structure_has_name(structure, "octet-detections"));
    assert_int_equal(number(structure, "timestamp"), 3 * STREAM_FRAME_TIME);
    assert_int_equal(number(structure, "running-time"), 3 * STREAM_FRAME_TIME);
    assert_int_equal(number(structure, "stream-time"), 3 * STREAM_FRAME_TIME);
    assert_int_equal(number(structure, "duration"), STREAM_FRAME_TIME);
    const GValue *list = gst_structure_get_value(structure, "detections");
    assert_int_equal(gst_value_list_get_size(list), count);
    for (int i = 0; i < count; i++) {
        const GstStructure *box = gst_value_get_structure(gst_value_list_get_value(list, (guint)i));
        gdouble confidence;
        gint x;
        assert_true(gst_structure_get(box, "confidence", G_TYPE_DOUBLE, &confidence, "x",
                                      G_TYPE_INT, &x, NULL));
        assert_true(confidence == (double)boxes[i].score);
        assert_true(x >= (int)boxes[i].x1 && x <= (int)boxes[i].x1 + 1);
    }
    gst_message_unref(message);
    assert_null(gst_bus_pop_filtered(stream_bus(harness), GST_MESSAGE_ELEMENT));
    stream_close(harness);
}

/* Copies of the buffer have the regions and what is said of them. */
static void copied(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    GstHarness *harness = stream_open(DETECT, NV12);
    GstBuffer *in = stream_picture(NV12, 0);
    const int count = stream_direct(in, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    GstBuffer *out = stream_push(harness, in), *copy = gst_buffer_copy_deep(out);
    gst_buffer_unref(out);
    stream_expect(copy, boxes, count, 480, 360);
    gst_buffer_unref(copy);
    stream_close(harness);
}

/* Whether the buffer has a region of this box' class, at the place where the box is in a frame of
 * twice the size. */
static gboolean has_scaled(GstBuffer *buffer, const octet_detection *box)
{
    const GQuark label =
        g_quark_from_string(octet_engine_class_name(stream_engine(), box->class_id));
    gpointer at = NULL;
    GstMeta *meta;
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &at,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        const GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *)(void *)meta;
        if (region->roi_type == label && region->x >= 2 * (guint)box->x1 &&
            region->x <= 2 * (guint)box->x1 + 2 && region->y >= 2 * (guint)box->y1 &&
            region->y <= 2 * (guint)box->y1 + 2)
            return TRUE;
    }
    return FALSE;
}

/* Regions are scaled as their frame is. (What is said of them beside their name gets lost, and
 * GStreamer 1.20 keeps them unscaled, too.) */
static void scaled(void **state)
{
    (void)state;
    if (!stream_has("videoscale") || !stream_has("videoconvert"))
        skip();
    octet_detection boxes[STREAM_BOXES_MOST];
    GstHarness *harness =
        stream_open(DETECT " ! videoconvert ! videoscale ! "
                           "capsfilter caps=video/x-raw,format=RGB,width=960,height=720",
                    NV12);
    GstBuffer *in = stream_picture(NV12, 0);
    const int count = stream_direct(in, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    GstBuffer *out = stream_push(harness, in);
    assert_true(stream_regions(out) >= count);
    for (int i = 0; i < count; i++)
        assert_true(has_scaled(out, &boxes[i]));
    gst_buffer_unref(out);
    stream_close(harness);
}

/* Two in a row: the second adds to what the first found. */
static void in_a_row(void **state)
{
    (void)state;
    octet_detection boxes[STREAM_BOXES_MOST];
    gchar *line = g_strdup_printf(DETECT " ! octetdetect model=%s", "%s", stream_model());
    GstHarness *harness = stream_open(line, NV12);
    GstBuffer *in = stream_picture(NV12, 0);
    const int count = stream_direct(in, NV12, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    GstBuffer *out = stream_push(harness, in);
    assert_int_equal(stream_regions(out), 2 * count);
    gst_buffer_unref(out);
    stream_close(harness);
    g_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval), cmocka_unit_test(late_frames),
        cmocka_unit_test(flush),    cmocka_unit_test(late_frames_upstream),
        cmocka_unit_test(new_caps), cmocka_unit_test(end_of_stream),
        cmocka_unit_test(again),    cmocka_unit_test(short_buffer),
        cmocka_unit_test(messages), cmocka_unit_test(copied),
        cmocka_unit_test(scaled),   cmocka_unit_test(in_a_row),
    };
    return cmocka_run_group_tests_name("octetdetect in a stream", tests, stream_set_up,
                                       stream_tear_down);
}
