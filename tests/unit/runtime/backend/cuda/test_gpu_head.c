/* SPDX-License-Identifier: Apache-2.0 */
/* The head on the GPU without one: the arithmetic of its kernels, compiled for the host, against
 * the head's own, to the bit; and what the host makes of candidates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exponential.h"
#include "counting_context.h"
#include "random.h"
#include "runtime/backend/cuda/gpu_head.h"
#include "runtime/backend/cuda/kernels/decode.cuh"
#include "runtime/head/heads.h"
#include "runtime/head/yolov8.h"
#include "small_detector.h"

static bool same_floats(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Ordinary logits most of the time; else what a broken network may give, and ties. */
static float any_logit(struct test_random *random, int strange)
{
    static const float odd[] = {INFINITY, -INFINITY, NAN,    3e38f, -3e38f, 0.0f,
                                -0.0f,    1e-42f,    710.0f, 88.0f, -88.0f, 2.5f};
    if (strange && test_int(random, 0, strange) == 0)
        return odd[test_int(random, 0, (int)(sizeof odd / sizeof *odd) - 1)];
    const float value = test_float(random, -12.0f, 12.0f);
    return test_int(random, 0, 3) ? value : rintf(value);
}

static void exponential(void **state)
{
    (void)state;
    struct test_random random = test_random_of(11);
    static const double ends[] = {INFINITY, -INFINITY, NAN,  700.0, -700.0, 700.1,
                                  -700.1,   0.0,       -0.0, 1e300, -1e300, 5e-324};
    for (int i = 0; i < 300000; i++) {
        double x = (double)test_float(&random, -1.0f, 1.0f) * (i % 3 ? i % 2 ? 1.0 : 20.0 : 710.0);
        if (i < (int)(sizeof ends / sizeof *ends))
            x = ends[i];
        const double expected = oct_exp(x), found = oct_gpu_exp(x);
        if (memcmp(&found, &expected, sizeof found) != 0)
            fail_msg("exp(%.17g) is %.17g, not %.17g", x, found, expected);
        const float logit = any_logit(&random, 8);
        assert_true(same_floats(oct_gpu_sigmoid(logit), oct_sigmoid(logit)));
    }
}

/* ---- a head, and kernels that a host runs ---- */

enum { WIDTH = 20, CELLS = WIDTH * WIDTH, LEVELS = 2, ANCHORS = CELLS + CELLS / 4 };
enum { CLASSES_MAX = 100, BINS_MAX = OCT_GPU_BINS_MAX, LANES = 4 };

struct head {
    struct oct_head head;
    struct oct_head_view view;
    struct oct_gpu_head gpu;
    float boxes[LEVELS][CELLS * 4 * BINS_MAX], classes[LEVELS][CELLS * CLASSES_MAX];
};

static struct head head;

static void make_head(int classes, int reg_max, struct oct_dfl_rounding dfl)
{
    head.head = (struct oct_head){.kind = &oct_head_yolov8,
                                  .output_count = 2 * LEVELS,
                                  .class_count = classes,
                                  .of.yolov8 = {reg_max, dfl}};
    head.view = (struct oct_head_view){.head = &head.head};
    head.gpu = (struct oct_gpu_head){.class_count = classes, .reg_max = reg_max};
    head.gpu.rounding = (struct oct_gpu_rounding){
        oct_yolov8_rounds(&dfl), dfl.probability.scale,      dfl.distance.scale,
        dfl.weight_scale,        dfl.probability.zero_point, dfl.distance.zero_point};
    for (int l = 0; l < LEVELS; l++) {
        const int w = WIDTH >> l;
        const size_t box = 4 * (size_t)reg_max;
        head.view.maps[2 * l] = (struct oct_head_map){head.boxes[l], (size_t)w * box, box, w, w};
        head.view.maps[2 * l + 1] = (struct oct_head_map){
            head.classes[l], (size_t)w * (size_t)classes, (size_t)classes, w, w};
        head.head.outputs[2 * l].stride = head.head.outputs[2 * l + 1].stride = 8 << l;
    }
}

static void fill_head(struct test_random *random, int strange, float lift)
{
    for (int l = 0; l < LEVELS; l++) {
        const int cells = CELLS >> (2 * l);
        for (int i = 0; i < cells * 4 * head.gpu.reg_max; i++)
            head.boxes[l][i] = any_logit(random, strange);
        for (int i = 0; i < cells * head.gpu.class_count; i++)
            head.classes[l][i] = any_logit(random, strange) + lift;
    }
}

/* The cell of an anchor. */
static int level_of(int anchor, int *cell)
{
    *cell = anchor < CELLS ? anchor : anchor - CELLS;
    return anchor >= CELLS;
}

/* As head_boxes does it. */
static void gpu_box(int anchor, float corners[4])
{
    int cell;
    const int level = level_of(anchor, &cell), width = WIDTH >> level, bins = head.gpu.reg_max;
    for (int side = 0; side < 4; side++) {
        double values[BINS_MAX];
        const float *logits = head.boxes[level] + (cell * 4 + side) * bins;
        const float highest = oct_gpu_highest(logits, bins);
        for (int i = 0; i < bins; i++)
            values[i] = oct_gpu_term(logits[i], highest);
        const double sum = oct_gpu_sum(values, bins);
        for (int i = 0; i < bins; i++)
            values[i] = oct_gpu_part(values[i], sum, i, &head.gpu.rounding);
        const float distance = oct_gpu_distance(oct_gpu_sum(values, bins), sum, &head.gpu.rounding);
        corners[side] = oct_gpu_corner(side, side % 2 ? cell / width : cell % width, distance,
                                       (float)(8 << level));
    }
}

static void boxes(void **state)
{
    (void)state;
    struct test_random random = test_random_of(12);
    int compared = 0, rounded = 0;
    for (int round = 0; round < 220; round++) {
        struct oct_dfl_rounding dfl = {0};
        if (round % 4 == 1 || round % 4 == 3)
            dfl.probability = (struct oct_quantization){test_float(&random, 1e-4f, 0.01f),
                                                        test_int(&random, 0, 255)};
        if (round % 4 >= 2)
            dfl.distance = (struct oct_quantization){test_float(&random, 1e-3f, 0.1f),
                                                     test_int(&random, 0, 128)};
        if (round % 8 >= 6)
            dfl.weight_scale = test_float(&random, 0.01f, 0.3f);
        make_head(1, round % 3 ? 16 : test_int(&random, 1, BINS_MAX), dfl);
        fill_head(&random, round % 2 ? 0 : 1 << test_int(&random, 0, 7), 0.0f);
        for (int anchor = 0; anchor < ANCHORS; anchor++, compared++) {
            float expected[4], corners[4];
            oct_head_yolov8.box(&head.view, anchor, expected);
            gpu_box(anchor, corners);
            if (memcmp(corners, expected, sizeof corners) != 0)
                fail_msg("round %d, anchor %d: %.9g %.9g %.9g %.9g, not %.9g %.9g %.9g %.9g", round,
                         anchor, (double)corners[0], (double)corners[1], (double)corners[2],
                         (double)corners[3], (double)expected[0], (double)expected[1],
                         (double)expected[2], (double)expected[3]);
        }
        rounded += head.gpu.rounding.rounds;
    }
    assert_true(compared >= 100000 && rounded > 100);
}

/* ---- what is found ---- */

static struct oct_gpu_candidate list[ANCHORS * CLASSES_MAX];
static int list_count;
static int places[ANCHORS];

static void append(const struct oct_gpu_search *search, int anchor, int class_id, float logit)
{
    const uint32_t *bits = (const uint32_t *)(search + 1);
    if (!search->any_class && !(bits[class_id / 32] >> (class_id % 32) & 1u))
        return;
    const float score = oct_gpu_sigmoid(logit);
    if (!(score > search->confidence))
        return;
    struct oct_gpu_candidate *to = &list[list_count++];
    to->found = (struct oct_gpu_found){score, anchor, class_id, 0};
    gpu_box(anchor, to->corners);
}

/* As head_gather does it: lanes have every fourth group of four classes, and are then compared. */
static void gather_anchor(const struct oct_gpu_search *search, int anchor, const float *logits)
{
    const int classes = head.gpu.class_count;
    struct oct_gpu_best best[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        best[lane] = (struct oct_gpu_best){search->logit, -1};
        for (int c = 4 * lane; c < classes; c += c % 4 == 3 ? 4 * LANES - 3 : 1) {
            if (search->multi_label && logits[c] > search->logit)
                append(search, anchor, c, logits[c]);
            oct_gpu_take(&best[lane], logits[c], c);
        }
    }
    for (int across = 1; across < LANES; across *= 2) {
        struct oct_gpu_best better[LANES];
        for (int lane = 0; lane < LANES; lane++)
            better[lane] = oct_gpu_better(best[lane], best[lane ^ across]);
        memcpy(best, better, sizeof best);
    }
    for (int lane = 1; lane < LANES; lane++)
        assert_int_equal(best[lane].class_id, best[0].class_id);
    if (!search->multi_label && best[0].class_id >= 0 && logits[0] == logits[0])
        append(search, anchor, best[0].class_id, best[0].logit);
}

static void find(struct test_random *random, const octet_detect_settings *settings)
{
    union {
        struct oct_gpu_search search;
        uint32_t words[16];
    } asked;
    assert_true(oct_gpu_search_bytes(CLASSES_MAX) <= sizeof asked);
    oct_gpu_search_make(settings, head.gpu.class_count, &asked.search);
    list_count = 0;
    for (int anchor = 0; anchor < ANCHORS; anchor++) {
        int cell;
        const int level = level_of(anchor, &cell);
        gather_anchor(&asked.search, anchor, head.classes[level] + cell * head.gpu.class_count);
    }
    for (int i = list_count - 1; i > 0; i--) { /* the GPU's lists have no order */
        const int other = test_int(random, 0, i);
        const struct oct_gpu_candidate held = list[i];
        list[i] = list[other];
        list[other] = held;
    }
}

static struct oct_candidate candidates[OCT_CANDIDATES_MAX];
static octet_detection expected[OCT_CANDIDATES_MAX], found[OCT_CANDIDATES_MAX];

static octet_detect_settings any_settings(struct test_random *random, int *wanted)
{
    static const double confidences[] = {0.25, 0.5, 0.9, 0.001, 0.0, 1.0};
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = confidences[test_int(random, 0, 5)];
    settings.iou = test_int(random, 0, 3) ? (double)test_float(random, 0.1f, 0.9f) : 1.0;
    settings.multi_label = test_int(random, 0, 1);
    settings.class_agnostic = test_int(random, 0, 1);
    settings.max_per_class = test_int(random, 0, 3) ? 0 : 3;
    settings.max_detections = test_int(random, 0, 1) ? 300 : 20;
    if (test_int(random, 0, 2))
        return settings;
    settings.classes = wanted;
    settings.class_count = test_int(random, 0, 10);
    for (int i = 0; i < settings.class_count; i++)
        wanted[i] = test_int(random, 0, head.gpu.class_count - 1);
    return settings;
}

static void selection(void **state)
{
    (void)state;
    struct test_random random = test_random_of(13);
    int boxes_found = 0, empty = 0;
    for (int round = 0; round < 400; round++) {
        int wanted[10];
        make_head(round % 2 ? 80 : test_int(&random, 1, CLASSES_MAX), 8,
                  (struct oct_dfl_rounding){0});
        fill_head(&random, round % 3 ? 0 : 50, test_float(&random, -14.0f, 0.0f));
        const octet_detect_settings settings = any_settings(&random, wanted);
        const int most = settings.max_detections;
        struct oct_select_scratch scratch = {candidates,
                                             oct_select_capacity(ANCHORS, head.gpu.class_count)};
        const int count = oct_head_yolov8.select(&head.view, &settings, &scratch, expected, most);
        find(&random, &settings);
        const struct oct_gpu_candidates all = {list, list_count, places};
        assert_int_equal(oct_gpu_candidates_select(&all, &settings, &scratch, found, most), count);
        assert_memory_equal(found, expected, (size_t)count * sizeof *found);
        boxes_found += count;
        empty += count == 0;
    }
    assert_true(boxes_found > 5000 && empty > 20 && empty < 300);
}

/* Runs search for what was asked for last: equal bytes must mean the same, others must differ. */
static void searches(void **state)
{
    (void)state;
    struct {
        struct oct_gpu_search search;
        uint32_t bits[3];
    } first, second;
    const int some[] = {0, 31, 32, 79, 32}, same[] = {79, 32, 31, 0};
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    assert_int_equal(oct_gpu_search_bytes(80), sizeof first);
    assert_int_equal(oct_gpu_search_bytes(96), sizeof first);
    assert_int_equal(oct_gpu_search_bytes(1), sizeof(struct oct_gpu_search) + 4);
    memset(&first, 0xff, sizeof first);
    memset(&second, 0, sizeof second);
    oct_gpu_search_make(&settings, 80, &first.search);
    settings.iou = 0.1; /* the host's */
    settings.max_detections = 1;
    settings.class_agnostic = 1;
    oct_gpu_search_make(&settings, 80, &second.search);
    assert_memory_equal(&first, &second, sizeof first);
    assert_true(first.search.any_class && !first.search.multi_label);
    assert_true(first.search.confidence == 0.25f && first.search.logit < -1.0986f);
    settings.classes = some;
    settings.class_count = 5;
    oct_gpu_search_make(&settings, 80, &first.search);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_int_equal(first.bits[0], UINT32_C(0x80000001));
    assert_int_equal(first.bits[1], 1);
    assert_int_equal(first.bits[2], 1 << 15);
    settings.classes = same;
    settings.class_count = 4;
    oct_gpu_search_make(&settings, 80, &second.search);
    assert_memory_equal(&first, &second, sizeof first);
    settings.class_count = 0; /* none at all */
    oct_gpu_search_make(&settings, 80, &second.search);
    assert_true(!second.search.any_class && second.bits[0] == 0 && second.bits[2] == 0);
    settings.multi_label = 1;
    oct_gpu_search_make(&settings, 80, &first.search);
    assert_memory_not_equal(&first, &second, sizeof first);
}

/* ---- a plan's head ---- */

static struct test_context test;

/* YOLO26's: no bins. What is searched for, and where, is as with YOLOv8's. */
static void plans_of_distances(void **state)
{
    (void)state;
    octet_engine *engine =
        test_engine(&test.context, TEST_DETECTOR_DISTANCES, OCTET_PRECISION_INT8);
    const struct oct_gpu_limits limits = {16, 160 << 10, 164 << 10};
    struct oct_arena arena;
    struct oct_gpu_plan plan;
    struct oct_gpu_head planned;
    oct_arena_init(&arena, &test.context);
    assert_int_equal(
        oct_gpu_plan_make(&test.context, &arena, &engine->network, 64, 96, 1, &limits, &plan),
        OCTET_OK);
    assert_true(oct_gpu_head_plan(&plan, &planned));
    assert_int_equal(planned.reg_max, 0);
    assert_int_equal(planned.rounding.rounds, 0);
    assert_int_equal(planned.level_count, 3);
    assert_int_equal(planned.anchors, 8 * 12 + 4 * 6 + 2 * 3);
    assert_int_equal(planned.class_count, 5);
    oct_arena_clear(&arena);
    octet_engine_free(&engine);
}

static void plans(void **state)
{
    (void)state;
    enum { HEIGHT = 96, ACROSS = 64, BATCH = 3, ARENA = 4096 };
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    const struct oct_network *network = &engine->network;
    const struct oct_gpu_limits limits = {16, 160 << 10, 164 << 10};
    struct oct_arena arena;
    struct oct_gpu_plan plan;
    struct oct_gpu_head planned;
    oct_arena_init(&arena, &test.context);
    assert_int_equal(
        oct_gpu_plan_make(&test.context, &arena, network, HEIGHT, ACROSS, BATCH, &limits, &plan),
        OCTET_OK);
    assert_true(oct_gpu_head_plan(&plan, &planned));
    assert_int_equal(planned.level_count, 3);
    assert_int_equal(planned.anchors, 12 * 8 + 6 * 4 + 3 * 2);
    assert_int_equal(planned.class_count, network->head.class_count);
    assert_int_equal(planned.capacity, planned.anchors * planned.class_count);
    assert_int_equal(planned.levels[2].first, 12 * 8 + 6 * 4);
    oct_gpu_head_bind(&planned, ARENA);
    int waits = 0;
    for (int i = 0; i < plan.step_count; i++)
        waits += oct_gpu_head_waits(&plan, i);
    assert_true(waits >= network->head.output_count && waits < plan.step_count);
    for (int i = 0; i < network->head.output_count; i++) {
        const struct oct_gpu_level *level = &planned.levels[i / 2];
        const struct oct_gpu_view *view = i % 2 ? &level->classes : &level->boxes;
        const struct oct_gpu_view written =
            oct_gpu_plan_output(&plan, network->head.outputs[i].tensor);
        assert_int_equal(view->data, written.data + ARENA);
        assert_int_equal(view->row, level->width * view->pixel);
        assert_true(view->type == OCT_GPU_F32 && level->stride == (float)(8 << (i / 2)));
        assert_true(oct_gpu_head_waits(
            &plan, plan.last_steps[plan.layout.writers[network->head.outputs[i].tensor]]));
    }
    /* Another kind of head, and the same kind of another library. */
    struct oct_head_kind kind = oct_head_yolov8;
    char name[] = "YOLOv8";
    kind.name = name;
    engine->network.head.kind = &kind;
    assert_true(oct_gpu_head_plan(&plan, &planned));
    name[5] = '9';
    assert_false(oct_gpu_head_plan(&plan, &planned));
    engine->network.head.kind = &oct_head_yolov8;
    /* An output that no layer writes. */
    plan.layout.writers[network->head.outputs[3].tensor] = -1;
    assert_false(oct_gpu_head_plan(&plan, &planned));
    oct_arena_clear(&arena);
    octet_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential), cmocka_unit_test(boxes),
        cmocka_unit_test(selection),   cmocka_unit_test(searches),
        TEST_WITHIN(plans, test),      TEST_WITHIN(plans_of_distances, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
