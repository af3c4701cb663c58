/* SPDX-License-Identifier: Apache-2.0 */
/* Harnesses, buffers and expectations of the plug-in's tests. */
#include "stream_support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#ifdef OCTET_HAS_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#include "bundled.h"
#include "folder.h"
#include "models.h"

#define PICTURE "demo/images/test/test-00.jpg"
#define SCALES "tests/golden/bundled.cache"
#define GREY 128

static octet_context *context;
static octet_engine *engine;
static octet_session *session;
static char folder[TEST_FOLDER_BYTES], model[TEST_FOLDER_BYTES + 32];

int stream_set_up(void **state)
{
    (void)state;
    gst_init(NULL, NULL);
    assert_int_equal(octet_context_create(NULL, &context), OCTET_OK);
    engine = test_bundled_int8(context, BUNDLED_MODEL, SCALES);
    test_folder_create(folder);
    snprintf(model, sizeof model, "%s/parts.octet", folder);
    assert_int_equal(octet_engine_save(context, engine, model), OCTET_OK);
    assert_int_equal(octet_session_open(context, engine, NULL, &session), OCTET_OK);
    return 0;
}

int stream_tear_down(void **state)
{
    (void)state;
    octet_session_close(&session);
    octet_engine_free(&engine);
    octet_context_free(&context);
    test_folder_remove(folder);
    return 0;
}

const char *stream_model(void)
{
    return model;
}

const char *stream_folder(void)
{
    return folder;
}

octet_context *stream_context(void)
{
    return context;
}

const octet_engine *stream_engine(void)
{
    return engine;
}

gboolean stream_has(const char *element)
{
    GstElementFactory *factory = gst_element_factory_find(element);
    if (!factory)
        return FALSE;
    gst_object_unref(factory);
    return TRUE;
}

GstHarness *stream_open(const char *description, const char *caps)
{
    gchar **parts = g_strsplit(description, "%s", 2);
    gchar *line = g_strjoinv(model, parts);
    GstHarness *harness = gst_harness_new_parse(line);
    GstBus *bus = gst_bus_new();
    assert_non_null(harness);
    gst_element_set_bus(harness->element, bus);
    gst_object_unref(bus);
    gst_harness_set_src_caps_str(harness, caps);
    g_strfreev(parts);
    g_free(line);
    return harness;
}

void stream_close(GstHarness *harness)
{
    gst_element_set_bus(harness->element, NULL);
    gst_harness_teardown(harness);
}

GstBus *stream_bus(GstHarness *harness)
{
    return GST_ELEMENT_BUS(harness->element);
}

static void read_caps(const char *text, GstVideoInfo *info)
{
    GstCaps *caps = gst_caps_from_string(text);
    assert_non_null(caps);
    assert_true(gst_video_info_from_caps(info, caps));
    gst_caps_unref(caps);
}

/* The frame in another format and size. */
static void convert(GstBuffer *from, const GstVideoInfo *from_info, GstBuffer *to,
                    const GstVideoInfo *to_info)
{
    GstVideoFrame source, target;
    GstVideoConverter *converter =
        gst_video_converter_new((GstVideoInfo *)from_info, (GstVideoInfo *)to_info, NULL);
    assert_non_null(converter);
    assert_true(gst_video_frame_map(&source, from_info, from, GST_MAP_READ));
    assert_true(gst_video_frame_map(&target, to_info, to, GST_MAP_WRITE));
    gst_video_converter_frame(converter, &source, &target);
    gst_video_frame_unmap(&target);
    gst_video_frame_unmap(&source);
    gst_video_converter_free(converter);
}

/* Rows of an octet_image stand close; those of GStreamer's RGB begin at multiples of four. */
static GstBuffer *load_picture(GstVideoInfo *info)
{
    octet_image *image = test_data_image(context, PICTURE);
    const int width = octet_image_width(image), height = octet_image_height(image);
    GstVideoFrame frame;
    gst_video_info_set_format(info, GST_VIDEO_FORMAT_RGB, (guint)width, (guint)height);
    info->fps_n = STREAM_RATE; /* as of all caps here: the converter has no other */
    info->fps_d = 1;
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info->size, NULL);
    assert_true(gst_video_frame_map(&frame, info, buffer, GST_MAP_WRITE));
    for (int y = 0; y < height; y++)
        memcpy((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                   y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
               octet_image_pixels(image) + (size_t)y * (size_t)width * 3, (size_t)width * 3);
    gst_video_frame_unmap(&frame);
    octet_image_free(&image);
    return buffer;
}

GstBuffer *stream_picture(const char *caps, int number)
{
    GstVideoInfo from, to;
    GstBuffer *picture = load_picture(&from);
    read_caps(caps, &to);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, to.size, NULL);
    convert(picture, &from, buffer, &to);
    gst_buffer_unref(picture);
    GST_BUFFER_PTS(buffer) = (GstClockTime)number * STREAM_FRAME_TIME;
    GST_BUFFER_DURATION(buffer) = STREAM_FRAME_TIME;
    return buffer;
}

GstBuffer *stream_grey(const char *caps)
{
    GstVideoInfo info;
    read_caps(caps, &info);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    gst_buffer_memset(buffer, 0, GREY, info.size);
    return buffer;
}

/* By the standards' formulas, in doubles. */
static void to_rgb(const GstVideoInfo *info, const guint8 sample[3], guint8 rgb[3])
{
    gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    gdouble kr, kb;
    memcpy(rgb, sample, 3);
    if (GST_VIDEO_INFO_IS_RGB(info))
        return;
    assert_true(gst_video_color_matrix_get_Kr_Kb(info->colorimetry.matrix, &kr, &kb));
    gst_video_color_range_offsets(info->colorimetry.range, info->finfo, offset, scale);
    const gdouble y = (sample[0] - offset[0]) / (gdouble)scale[0];
    const gdouble red = y + 2 * (1 - kr) * (sample[2] - offset[2]) / scale[2];
    const gdouble blue = y + 2 * (1 - kb) * (sample[1] - offset[1]) / scale[1];
    const gdouble values[3] = {red, (y - kr * red - kb * blue) / (1 - kr - kb), blue};
    for (int c = 0; c < 3; c++)
        rgb[c] = (guint8)lrint(CLAMP(values[c], 0, 1) * 255);
}

guint8 *stream_rgb(GstBuffer *buffer, const char *caps)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    read_caps(caps, &info);
    guint8 *pixels = g_malloc((gsize)info.width * (gsize)info.height * 3);
    assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
    for (int y = 0; y < info.height; y++)
        for (int x = 0; x < info.width; x++) {
            guint8 sample[3];
            for (guint c = 0; c < 3; c++) {
                const guint8 *first = GST_VIDEO_FRAME_COMP_DATA(&frame, c);
                sample[c] =
                    first[(y >> info.finfo->h_sub[c]) * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) +
                          (x >> info.finfo->w_sub[c]) * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)];
            }
            to_rgb(&info, sample, pixels + ((gsize)y * (gsize)info.width + (gsize)x) * 3);
        }
    gst_video_frame_unmap(&frame);
    return pixels;
}

GstBuffer *stream_push(GstHarness *harness, GstBuffer *buffer)
{
    GstBuffer *out = gst_harness_push_and_pull(harness, buffer);
    if (!out)
        fail_msg("no buffer came out");
    return out;
}

int stream_regions(GstBuffer *buffer)
{
    return (int)gst_buffer_get_n_meta(buffer, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
}

static octet_pixel_format format_of(GstVideoFormat format)
{
    switch (format) {
    case GST_VIDEO_FORMAT_NV12:
        return OCTET_PIXEL_NV12;
    case GST_VIDEO_FORMAT_I420:
        return OCTET_PIXEL_I420;
    case GST_VIDEO_FORMAT_YUY2:
        return OCTET_PIXEL_YUY2;
    case GST_VIDEO_FORMAT_BGR:
        return OCTET_PIXEL_BGR;
    default:
        assert_int_equal(format, GST_VIDEO_FORMAT_RGB);
        return OCTET_PIXEL_RGB;
    }
}

static int find_boxes(octet_session *at, GstBuffer *buffer, const char *caps,
                      octet_yuv_matrix matrix, octet_yuv_range range,
                      octet_detection boxes[STREAM_BOXES_MOST])
{
    GstVideoInfo info;
    GstVideoFrame video;
    int count = 0;
    read_caps(caps, &info);
    octet_frame frame = {.format = format_of(GST_VIDEO_INFO_FORMAT(&info)),
                         .width = info.width,
                         .height = info.height,
                         .matrix = matrix,
                         .range = range};
    assert_true(gst_video_frame_map(&video, &info, buffer, GST_MAP_READ));
    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&video); plane++) {
        frame.planes[plane] = GST_VIDEO_FRAME_PLANE_DATA(&video, plane);
        frame.strides[plane] = (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(&video, plane);
    }
    assert_int_equal(octet_session_set_frame(at, 0, &frame), OCTET_OK);
    assert_int_equal(octet_session_run(at), OCTET_OK);
    assert_int_equal(octet_session_detect(at, 0, NULL, boxes, STREAM_BOXES_MOST, &count), OCTET_OK);
    gst_video_frame_unmap(&video);
    assert_true(count > 0);
    return count;
}

int stream_direct(GstBuffer *buffer, const char *caps, octet_yuv_matrix matrix,
                  octet_yuv_range range, octet_detection boxes[STREAM_BOXES_MOST])
{
    return find_boxes(session, buffer, caps, matrix, range, boxes);
}

int stream_direct_rect(GstBuffer *buffer, const char *caps,
                       octet_detection boxes[STREAM_BOXES_MOST])
{
    octet_session_settings settings;
    octet_letterbox where;
    octet_session *rect;
    GstVideoInfo info;
    read_caps(caps, &info);
    octet_session_defaults(&settings);
    settings.bound_height = octet_session_height(session);
    settings.bound_width = octet_session_width(session);
    assert_int_equal(octet_letterbox_rect(info.width, info.height, settings.bound_width,
                                          settings.bound_height, 32, &where),
                     OCTET_OK);
    settings.height = where.target_height;
    settings.width = where.target_width;
    assert_true(settings.height < settings.bound_height);
    assert_int_equal(octet_session_open(stream_context(), stream_engine(), &settings, &rect),
                     OCTET_OK);
    const int count = find_boxes(rect, buffer, caps, OCTET_YUV_BT601, OCTET_YUV_LIMITED, boxes);
    octet_session_close(&rect);
    return count;
}

static gdouble number(const GstStructure *structure, const char *field)
{
    gdouble value = NAN;
    assert_true(gst_structure_get_double(structure, field, &value));
    return value;
}

static void expect_region(GstVideoRegionOfInterestMeta *region, const octet_detection *box,
                          int width, int height)
{
    const GstStructure *found =
        gst_video_region_of_interest_meta_get_param(region, "octet/detection");
    const char *label = octet_engine_class_name(engine, box->class_id);
    gint class_id = -1;
    assert_non_null(found);
    assert_true(gst_structure_get_int(found, "class-id", &class_id));
    assert_int_equal(class_id, box->class_id);
    assert_string_equal(gst_structure_get_string(found, "label"), label);
    assert_string_equal(g_quark_to_string(region->roi_type), label);
    assert_true(number(found, "confidence") == (double)box->score);
    assert_true(number(found, "x-min") == box->x1 / (double)width);
    assert_true(number(found, "y-min") == box->y1 / (double)height);
    assert_true(number(found, "x-max") == box->x2 / (double)width);
    assert_true(number(found, "y-max") == box->y2 / (double)height);
    /* Edges to the nearest pixel's. */
    assert_true(fabs((double)region->x - (double)box->x1) <= 0.5);
    assert_true(fabs((double)region->y - (double)box->y1) <= 0.5);
    assert_true(fabs((double)(region->x + region->w) - (double)box->x2) <= 0.5);
    assert_true(fabs((double)(region->y + region->h) - (double)box->y2) <= 0.5);
    assert_true(region->x + region->w <= (guint)width);
    assert_true(region->y + region->h <= (guint)height);
}

/* The same boxes once more, where GStreamer has a meta for them. */
static void expect_analytics(GstBuffer *buffer, const octet_detection *boxes, int count)
{
#ifdef OCTET_HAS_ANALYTICS
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsMtd found;
    gpointer at = NULL;
    int i = 0;
    assert_non_null(relations);
    while (gst_analytics_relation_meta_iterate(relations, &at, gst_analytics_od_mtd_get_mtd_type(),
                                               &found)) {
        gint x, y, width, height;
        gfloat confidence;
        assert_true(
            gst_analytics_od_mtd_get_location(&found, &x, &y, &width, &height, &confidence));
        assert_true(confidence == boxes[i].score);
        assert_true(fabs(x - (double)boxes[i].x1) <= 0.5);
        assert_true(fabs(y + height - (double)boxes[i].y2) <= 0.5);
        assert_string_equal(g_quark_to_string(gst_analytics_od_mtd_get_obj_type(&found)),
                            octet_engine_class_name(engine, boxes[i].class_id));
        i++;
    }
    assert_int_equal(i, count);
#else
    (void)buffer;
    (void)boxes;
    (void)count;
#endif
}

void stream_expect(GstBuffer *buffer, const octet_detection *boxes, int count, int width,
                   int height)
{
    gpointer at = NULL;
    GstMeta *meta;
    int i = 0;
    assert_int_equal(stream_regions(buffer), count);
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &at,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
        expect_region((GstVideoRegionOfInterestMeta *)(void *)meta, &boxes[i++], width, height);
    assert_int_equal(i, count);
    expect_analytics(buffer, boxes, count);
}
