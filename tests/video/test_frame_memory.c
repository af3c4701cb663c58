/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders whose frames lie in memory of a device, as on a Jetson, without one: a decoder of H.264
 * that puts grey frames where its caps say NVMM, ranked above all others, and a converter that
 * brings them out under the name of NVIDIA's. Skipped where GStreamer is not.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gst/base/gstbasetransform.h>
#include <gst/video/gstvideodecoder.h>
#include <gst/video/video.h>

#include "film_run.h"

#define DEVICE_FRAMES "video/x-raw(memory:NVMM),format=NV12"
#define GREY 77

/* ---- a decoder ---- */

typedef GstVideoDecoder FakeDecoder;
typedef GstVideoDecoderClass FakeDecoderClass;
static GType fake_decoder_get_type(void);
G_DEFINE_TYPE(FakeDecoder, fake_decoder, GST_TYPE_VIDEO_DECODER)

static gboolean set_format(GstVideoDecoder *decoder, GstVideoCodecState *state)
{
    GstVideoCodecState *output = gst_video_decoder_set_output_state(
        decoder, GST_VIDEO_FORMAT_NV12, (guint)state->info.width, (guint)state->info.height, state);
    output->caps = gst_video_info_to_caps(&output->info);
    gst_caps_set_features(output->caps, 0, gst_caps_features_new("memory:NVMM", NULL));
    gst_video_codec_state_unref(output);
    return TRUE;
}

static GstFlowReturn decode_frame(GstVideoDecoder *decoder, GstVideoCodecFrame *frame)
{
    const GstFlowReturn result = gst_video_decoder_allocate_output_frame(decoder, frame);
    if (result != GST_FLOW_OK) {
        gst_video_decoder_drop_frame(decoder, frame);
        return result;
    }
    gst_buffer_memset(frame->output_buffer, 0, GREY, gst_buffer_get_size(frame->output_buffer));
    return gst_video_decoder_finish_frame(decoder, frame);
}

static void add_template(GstElementClass *class, const char *name, GstPadDirection direction,
                         const char *caps_text)
{
    GstCaps *caps = gst_caps_from_string(caps_text);
    gst_element_class_add_pad_template(class,
                                       gst_pad_template_new(name, direction, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
}

static void fake_decoder_class_init(FakeDecoderClass *class)
{
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    gst_element_class_set_static_metadata(element, "Decoder", "Codec/Decoder/Video/Hardware",
                                          "Grey frames in a device's memory", "octet");
    add_template(element, "sink", GST_PAD_SINK, "video/x-h264");
    add_template(element, "src", GST_PAD_SRC, DEVICE_FRAMES);
    class->set_format = set_format;
    class->handle_frame = decode_frame;
}

static void fake_decoder_init(FakeDecoder *decoder)
{
    gst_video_decoder_set_packetized(decoder, TRUE);
}

/* ---- a converter ---- */

typedef GstBaseTransform FakeConverter;
typedef GstBaseTransformClass FakeConverterClass;
static GType fake_converter_get_type(void);
G_DEFINE_TYPE(FakeConverter, fake_converter, GST_TYPE_BASE_TRANSFORM)

static GstCaps *other_caps(GstBaseTransform *converter, GstPadDirection direction, GstCaps *caps,
                           GstCaps *filter)
{
    GstCaps *other = gst_caps_copy(caps), *filtered;
    (void)converter;
    for (guint i = 0; i < gst_caps_get_size(other); i++)
        gst_caps_set_features(
            other, i,
            direction == GST_PAD_SINK
                ? gst_caps_features_new(GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY, NULL)
                : gst_caps_features_new("memory:NVMM", NULL));
    if (!filter)
        return other;
    filtered = gst_caps_intersect(filter, other);
    gst_caps_unref(other);
    return filtered;
}

static GstFlowReturn leave_as_it_is(GstBaseTransform *converter, GstBuffer *buffer)
{
    (void)converter;
    (void)buffer;
    return GST_FLOW_OK;
}

static void fake_converter_class_init(FakeConverterClass *class)
{
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    gst_element_class_set_static_metadata(element, "Converter", "Filter/Converter/Video",
                                          "Brings frames out", "octet");
    add_template(element, "sink", GST_PAD_SINK, DEVICE_FRAMES);
    add_template(element, "src", GST_PAD_SRC, "video/x-raw,format=NV12");
    class->transform_caps = other_caps;
    class->transform_ip = leave_as_it_is;
}

static void fake_converter_init(FakeConverter *converter)
{
    (void)converter;
}

/* ---- tests ---- */

/* Comes first: a name that was registered stays. */
static void a_missing_converter_is_named(void **state)
{
    struct film_run run = film_start(VIDEO_FILE, FILM, 1, 0);
    struct frame frame;
    (void)state;
    assert_true(film_next(&run, &frame));
    assert_non_null(frame.message);
    if (!strstr(frame.message, "memory:NVMM") || !strstr(frame.message, "nvvidconv"))
        fail_msg("%s", frame.message);
    frame_free(&frame);
    film_stop(&run);
}

static void frames_are_fetched(void **state)
{
    struct film_run run = film_start(VIDEO_FILE, FILM, 1, 0);
    struct frame frame;
    size_t count = 0;
    (void)state;
    assert_true(gst_element_register(NULL, "nvvidconv", GST_RANK_NONE, fake_converter_get_type()));
    for (; film_next(&run, &frame); count++) {
        if (frame.message)
            fail_msg("%s", frame.message);
        assert_int_equal(frame.planes.format, OCTET_PIXEL_NV12);
        assert_int_equal(frame.planes.width, SIDE);
        assert_int_equal(frame.planes.height, SIDE);
        assert_int_equal(((const uint8_t *)frame.planes.planes[0])[SIDE + 1], GREY);
        frame_free(&frame);
    }
    assert_int_equal(count, FRAMES);
    film_stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_converter_is_named),
        cmocka_unit_test(frames_are_fetched),
    };
    GstElementFactory *theirs =
        gst_init_check(NULL, NULL, NULL) ? gst_element_factory_find("nvvidconv") : NULL;
    if (!film_library() || theirs)
        return FILM_SKIPPED;
    gst_element_register(NULL, "octetfakedec", GST_RANK_PRIMARY + 1000, fake_decoder_get_type());
    return cmocka_run_group_tests(tests, film_begin, film_end);
}
