/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures, pixels and planes into a slot of the CUDA backend: the input's bytes are those that the
 * CPU's letterbox makes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "counting_context.h"
#include "gpu/support/stand_in_driver.h"
#include "random.h"
#include "random_frame.h"
#include "runtime/backend/cpu/features/features.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/backend/cuda/cuda_state.h"
#include "runtime/image/letterbox.h"
#include "small_detector.h"

enum { HEIGHT = 64, WIDTH = 96, SLOTS = 3 };

static struct test_context test;
static const struct stand_in_driver *driver;

static int set_up(void **state)
{
    driver = stand_in_open();
    return test_context_set_up(state);
}

static int tear_down(void **state)
{
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

struct opened {
    octet_engine *engine;
    void *cuda;
};

static struct opened open_backend(octet_precision precision, int height, int width)
{
    struct opened o = {test_engine(&test.context, TEST_DETECTOR_TINY, precision), NULL};
    const struct oct_backend_request request = {
        .engine = o.engine, .height = height, .width = width, .batch = SLOTS};
    if (oct_cuda_backend.open(&test.context, &request, &o.cuda))
        fail_msg("%s", test.context.message);
    return o;
}

static void close_backend(struct opened *o)
{
    oct_cuda_backend.close(o->cuda);
    octet_engine_free(&o->engine);
}

static void set(struct opened *o, int slot, const struct oct_backend_input *input)
{
    if (oct_cuda_backend.set_input(o->cuda, slot, input))
        fail_msg("%s", test.context.message);
}

/* The stand-in's memory is the host's. */
static const uint8_t *input_of(const struct opened *o, int slot)
{
    const struct oct_cuda *cuda = o->cuda;
    const struct oct_gpu_layout *layout = &cuda->plan.layout;
    const struct oct_gpu_buffer *buffer = &layout->buffers[layout->places[0].buffer];
    return (const uint8_t *)(uintptr_t)(cuda->activations + buffer->offset +
                                        (size_t)slot * layout->slot_bytes);
}

/* Number `channel` of a pixel, with the zeros that make it whole, is this. */
static bool is_number(enum oct_type type, const uint8_t *input, size_t pixel, size_t channel,
                      uint8_t code, float value)
{
    const uint16_t half = oct_bf16_of(value);
    if (type == OCT_TYPE_U8)
        return input[4 * pixel + channel] == code;
    if (type == OCT_TYPE_BF16)
        return memcmp(input + 16 * pixel + 2 * channel, &half, sizeof half) == 0;
    return memcmp(input + 16 * pixel + 4 * channel, &value, sizeof value) == 0;
}

/* The input of a slot is that of the codes. */
static void expect_input(const struct opened *o, int slot, const uint8_t *rgb, const char *what)
{
    const struct oct_cuda *cuda = o->cuda;
    const enum oct_type type = cuda->network->tensors[0].type;
    const size_t stored = type == OCT_TYPE_BF16 ? 8 : 4;
    for (size_t i = 0; i < (size_t)cuda->height * (size_t)cuda->width; i++)
        for (size_t k = 0; k < stored; k++) {
            const uint8_t code = k < 3 ? rgb[3 * i + k] : 0;
            if (!is_number(type, input_of(o, slot), i, k, code, (float)code * (1.0f / 255.0f)))
                fail_msg("%s, slot %d: pixel %zu, channel %zu differs", what, slot, i, k);
        }
}

/* The CPU's letterbox. */
static void letterbox(const octet_image *image, const octet_letterbox *box, uint8_t *rgb)
{
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, OCT_CPU_REF);
    const struct oct_pixels target = {rgb, 3 * (size_t)box->target_width, 3};
    struct oct_letterbox_scratch scratch = {NULL, oct_letterbox_scratch_bytes(box->target_width)};
    scratch.memory = aligned_alloc(OCT_ALIGNMENT, oct_align(scratch.bytes, OCT_ALIGNMENT));
    assert_non_null(scratch.memory);
    assert_int_equal(
        oct_letterbox_into(&test.context, &kernels.resize, image, box, &target, &scratch),
        OCTET_OK);
    free(scratch.memory);
}

static void check_picture(struct opened *o, int slot, int height, int width, int target_height,
                          int target_width, uint64_t seed)
{
    octet_image *image = test_picture(&test.context, width, height, seed);
    const octet_letterbox box = oct_letterbox_geometry(width, height, target_width, target_height);
    uint8_t *rgb = malloc(3 * (size_t)target_height * (size_t)target_width);
    char what[64];
    assert_non_null(rgb);
    letterbox(image, &box, rgb);
    snprintf(what, sizeof what, "%dx%d into %dx%d", height, width, target_height, target_width);
    const octet_frame frame = oct_frame_of_image(image);
    set(o, slot, &(struct oct_backend_input){.frame = &frame, .letterbox = &box});
    expect_input(o, slot, rgb, what);
    free(rgb);
    octet_image_free(&image);
}

static void pictures(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},     {1, 50},    {50, 1},    {2, 2},     {1, 3000},
                                   {3000, 1},  {64, 96},   {128, 192}, {127, 191}, {129, 193},
                                   {33, 17},   {17, 33},   {500, 31},  {31, 500},  {480, 640},
                                   {192, 288}, {320, 480}, {64, 64},   {32, 48},   {65, 97}};
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32,
                                                 OCTET_PRECISION_BF16};
    for (int precision = 0; precision < 3; precision++) {
        struct opened o = open_backend(precisions[precision], HEIGHT, WIDTH);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_picture(&o, (int)i % SLOTS, sizes[i][0], sizes[i][1], HEIGHT, WIDTH, i);
        close_backend(&o);
    }
}

static void random_pictures(void **state)
{
    (void)state;
    struct test_random random = test_random_of(9);
    for (int i = 0; i < 12; i++) {
        const int height = 16 * test_int(&random, 1, 8), width = 16 * test_int(&random, 1, 10);
        struct opened o = open_backend(OCTET_PRECISION_INT8, height, width);
        for (int k = 0; k < 8; k++)
            check_picture(&o, k % SLOTS, test_int(&random, 1, 300), test_int(&random, 1, 300),
                          height, width, (uint64_t)(i + k));
        close_backend(&o);
    }
}

/* Sizes that come again and again, in turns; other slots keep what they have. */
static void repeated(void **state)
{
    (void)state;
    struct opened o = open_backend(OCTET_PRECISION_INT8, HEIGHT, WIDTH);
    uint8_t rgb[3 * HEIGHT * WIDTH];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 7);
    set(&o, 1, &(struct oct_backend_input){.rgb = rgb});
    for (int i = 0; i < 4; i++) {
        check_picture(&o, 0, 100, 120, HEIGHT, WIDTH, (uint64_t)i);
        check_picture(&o, 0, 100, 120, HEIGHT, WIDTH, (uint64_t)i + 50);
        check_picture(&o, 0, 100, 121, HEIGHT, WIDTH, (uint64_t)i); /* comes to the same size */
        check_picture(&o, 2, 100, 240, HEIGHT, WIDTH, (uint64_t)i);
        check_picture(&o, 2, 101, 240, HEIGHT, WIDTH, (uint64_t)i);
        set(&o, 0, &(struct oct_backend_input){.rgb = rgb});
        expect_input(&o, 0, rgb, "pixels");
        check_picture(&o, 0, HEIGHT, WIDTH, HEIGHT, WIDTH, (uint64_t)i);
    }
    expect_input(&o, 1, rgb, "pixels of another slot");
    close_backend(&o);
}

static float any_value(struct test_random *random)
{
    static const float special[] = {NAN,  INFINITY, -INFINITY,     -0.0f, -1.0f,
                                    2.0f, 1e30f,    0.5f / 255.0f, 1.0f,  1.5f / 255.0f};
    return test_int(random, 0, 3) ? test_float(random, -0.1f, 1.1f)
                                  : special[test_int(random, 0, 9)];
}

static uint8_t code_of(float value)
{
    const float code = rintf(value * 255.0f);
    return code >= 255.0f ? 255 : code > 0.0f ? (uint8_t)code : 0;
}

static void planes(void **state)
{
    (void)state;
    static float values[3 * HEIGHT * WIDTH];
    static uint8_t rgb[3 * HEIGHT * WIDTH];
    const size_t plane = (size_t)HEIGHT * WIDTH;
    struct test_random random = test_random_of(3);
    for (size_t i = 0; i < 3 * plane; i++) {
        values[i] = any_value(&random);
        rgb[i % plane * 3 + i / plane] = code_of(values[i]);
    }
    struct opened o = open_backend(OCTET_PRECISION_INT8, HEIGHT, WIDTH);
    set(&o, 2, &(struct oct_backend_input){.planes = values});
    expect_input(&o, 2, rgb, "planes");
    close_backend(&o);
    o = open_backend(OCTET_PRECISION_FP32, HEIGHT, WIDTH);
    set(&o, 1, &(struct oct_backend_input){.planes = values});
    for (size_t i = 0; i < 3 * plane; i++)
        assert_true(is_number(OCT_TYPE_F32, input_of(&o, 1), i % plane, i / plane, 0, values[i]));
    close_backend(&o);
}

/* ---- cameras' frames ---- */

/* What the backend shows of a slot's input, three channels a pixel. */
static void expect_shown(const struct opened *o, int slot, const uint8_t *rgb)
{
    static const enum oct_type types[] = {OCT_TYPE_U8, OCT_TYPE_F32, OCT_TYPE_BF16};
    octet_tensor_view view;
    if (oct_cuda_backend.tensor(o->cuda, slot, 0, &view))
        fail_msg("%s", test.context.message);
    assert_int_equal(view.channels, 3);
    assert_int_equal(view.pixel_elements, 3);
    const enum oct_type type = types[view.type];
    for (size_t i = 0; i < (size_t)3 * HEIGHT * WIDTH; i++) {
        const uint8_t *at = (const uint8_t *)view.data + i * oct_type_bytes(type);
        if (!is_number(type, at, 0, 0, rgb[i], (float)rgb[i] * (1.0f / 255.0f)))
            fail_msg("slot %d: number %zu of the input is shown wrongly", slot, i);
    }
}

static void check_frame(struct opened *o, int slot, const octet_frame *frame, bool in_host_memory,
                        const char *what)
{
    static uint8_t rgb[3 * HEIGHT * WIDTH];
    octet_image *image = test_frame_picture(&test.context, frame);
    const octet_letterbox box = oct_letterbox_geometry(frame->width, frame->height, WIDTH, HEIGHT);
    char text[96];
    snprintf(text, sizeof text, "%s %dx%d, %s", test_format_name(frame->format), frame->width,
             frame->height, what);
    letterbox(image, &box, rgb);
    set(o, slot,
        &(struct oct_backend_input){
            .frame = frame, .letterbox = &box, .in_host_memory = in_host_memory});
    expect_input(o, slot, rgb, text);
    expect_shown(o, slot, rgb);
    octet_image_free(&image);
}

static void check_layouts(struct opened *o, octet_pixel_format format, int width, int height,
                          const char *gpu)
{
    static uint64_t seed;
    for (int layout = 0; layout < TEST_FRAME_LAYOUTS; layout++) {
        struct test_frame made =
            test_frame_make(format, width, height, (enum test_frame_layout)layout, ++seed);
        made.frame.matrix = (octet_yuv_matrix)(seed % 2);
        made.frame.range = (octet_yuv_range)(seed / 2 % 2);
        check_frame(o, layout % SLOTS, &made.frame, false, gpu);
        test_frame_free(&made);
    }
}

/* Every format, rows close and apart, sizes even and odd, on a GPU with memory of its own and on
 * one that shares the machine's. */
static void frames(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {2, 1},   {1, 2},   {3, 3},    {96, 64},
                                   {95, 63}, {97, 65}, {192, 9}, {33, 127}, {301, 203}};
    const struct stand_in_gpu *gpus[] = {&stand_in_orin, &stand_in_hopper};
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32,
                                                 OCTET_PRECISION_BF16};
    for (int i = 0; i < 6; i++) {
        driver->set_gpus(1, gpus[i % 2]);
        struct opened o = open_backend(precisions[i / 2], HEIGHT, WIDTH);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            for (int format = 0; format <= OCTET_PIXEL_YUY2; format++)
                check_layouts(&o, (octet_pixel_format)format, sizes[k][0], sizes[k][1],
                              gpus[i % 2]->name);
        close_backend(&o);
    }
}

static void *host_memory(struct opened *o, size_t bytes)
{
    void *memory;
    if (oct_cuda_backend.allocate_host(o->cuda, bytes, &memory))
        fail_msg("%s", test.context.message);
    return memory;
}

/* Copies from the host for one frame, its bytes in `*bytes`; its sizes were asked for before. */
static int copies_for(struct opened *o, const octet_frame *frame, bool in_host_memory,
                      size_t *bytes)
{
    struct stand_in_counts before, after;
    check_frame(o, 0, frame, in_host_memory, "to begin with");
    driver->get_counts(&before);
    check_frame(o, 1, frame, in_host_memory, "once more");
    driver->get_counts(&after);
    *bytes = after.bytes_in - before.bytes_in;
    return after.copies_in - before.copies_in;
}

/* In the session's memory: read where it lies by a GPU that shares it, else copied at once. */
static void frames_in_host_memory(void **state)
{
    (void)state;
    const struct stand_in_gpu *gpus[] = {&stand_in_orin, &stand_in_hopper};
    for (int i = 0; i < 2; i++) {
        driver->set_gpus(1, gpus[i]);
        struct opened o = open_backend(OCTET_PRECISION_INT8, HEIGHT, WIDTH);
        uint8_t *memory = host_memory(&o, 128 * 101 + 128 * 51);
        size_t bytes;
        const octet_frame frame = {.format = OCTET_PIXEL_NV12,
                                   .width = 123,
                                   .height = 101,
                                   .planes = {memory, memory + 128 * 101},
                                   .strides = {128, 128}};
        test_frame_fill(&frame, 7);
        assert_int_equal(copies_for(&o, &frame, true, &bytes), gpus[i]->integrated ? 0 : 1);
        assert_int_equal(bytes, gpus[i]->integrated ? 0 : 128 * 101 + 128 * 50 + 124);
        const struct oct_cuda *cuda = o.cuda;
        assert_int_equal(cuda->input.source_bytes == 0, gpus[i]->integrated); /* no copy of ours */
        oct_cuda_backend.release_host(o.cuda, memory);
        close_backend(&o);
    }
}

/* A GPU with memory of its own gets one copy of what lies close together, and of a part of a larger
 * picture its rows alone; one that shares the machine's gets no copy by the driver at all. */
static void copies_of_frames(void **state)
{
    (void)state;
    static const int copies[TEST_FRAME_LAYOUTS] = {1, 1, 3, 3};
    const size_t pixels = 120 * 80;
    const struct stand_in_gpu *gpus[] = {&stand_in_orin, &stand_in_hopper};
    for (int i = 0; i < 2; i++) {
        driver->set_gpus(1, gpus[i]);
        struct opened o = open_backend(OCTET_PRECISION_INT8, HEIGHT, WIDTH);
        for (int layout = 0; layout < TEST_FRAME_LAYOUTS; layout++) {
            size_t bytes;
            struct test_frame made =
                test_frame_make(OCTET_PIXEL_I420, 120, 80, (enum test_frame_layout)layout, 5);
            const int is = copies_for(&o, &made.frame, false, &bytes);
            assert_int_equal(is, gpus[i]->integrated ? 0 : copies[layout]);
            if (!gpus[i]->integrated && layout != TEST_FRAME_PADDED)
                assert_int_equal(bytes, pixels * 3 / 2);
            test_frame_free(&made);
        }
        close_backend(&o);
    }
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pictures), TEST(random_pictures),       TEST(repeated),         TEST(planes),
        TEST(frames),   TEST(frames_in_host_memory), TEST(copies_of_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
