/* SPDX-License-Identifier: Apache-2.0 */
/* Head decode and box selection, by hand and against a plain version of them. */
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
#include "runtime/head/heads.h"
#include "runtime/head/nms.h"

static void exponential(void **state)
{
    (void)state;
    struct test_random random = test_random_of(1);
    for (int i = 0; i < 300000; i++) {
        const double x = i < 1401 ? i - 700.0
                                  : (double)test_float(&random, -1.0f, 1.0f) *
                                        (i % 3 ? i % 2 ? 1.0 : 20.0 : 700.0);
        const double expected = exp(x);
        if (!(fabs(oct_exp(x) - expected) <= 1e-13 * expected))
            fail_msg("exp(%.17g) is %.17g, not %.17g", x, oct_exp(x), expected);
    }
    assert_true(oct_exp(0.0) == 1.0);
    assert_true(oct_exp(1e9) == oct_exp(700.0));
    assert_true(oct_exp(INFINITY) == oct_exp(700.0));
    assert_true(oct_exp(-INFINITY) == oct_exp(-700.0));
    assert_true(oct_exp((double)NAN) == oct_exp(-700.0));
}

static void sigmoid(void **state)
{
    (void)state;
    struct test_random random = test_random_of(2);
    for (int i = 0; i < 100000; i++) {
        const float x = test_float(&random, -30.0f, 30.0f);
        const double expected = 1.0 / (1.0 + exp(-(double)x));
        assert_true(fabs((double)oct_sigmoid(x) - expected) <= 6e-8 * expected);
    }
    assert_true(oct_sigmoid(0.0f) == 0.5f);
    assert_true(oct_sigmoid(1000.0f) == 1.0f);
    assert_true(oct_sigmoid(-1000.0f) >= 0.0f && oct_sigmoid(-1000.0f) < 1e-30f);
    assert_true(oct_sigmoid(INFINITY) == 1.0f);
    float last = 0.0f; /* never falls: what the threshold on logits relies on */
    for (float x = -20.0f; x < 20.0f; x += 1.0f / 1024.0f) {
        assert_true(oct_sigmoid(x) >= last);
        last = oct_sigmoid(x);
    }
}

enum { CELLS_MAX = 600, CLASSES_MAX = 8, REG_MAX = 16 };

/* A head with memory of its own; rows and pixels have room that nobody may take for data. */
struct head {
    struct oct_head head;
    struct oct_head_view view;
    float box[3][CELLS_MAX * (4 * REG_MAX + 3)], classes[3][CELLS_MAX * (CLASSES_MAX + 2)];
};

static struct head head;

static void make_head(int levels, int height, int width, int classes)
{
    for (size_t i = 0; i < sizeof head.box / sizeof(float); i++)
        ((float *)head.box)[i] = NAN;
    for (size_t i = 0; i < sizeof head.classes / sizeof(float); i++)
        ((float *)head.classes)[i] = NAN;
    head.head = (struct oct_head){.kind = &oct_head_yolov8,
                                  .output_count = 2 * levels,
                                  .class_count = classes,
                                  .of.yolov8.reg_max = REG_MAX};
    head.view = (struct oct_head_view){.head = &head.head};
    for (int l = 0; l < levels; l++) {
        const size_t w = (size_t)(width >> l), box = 4 * REG_MAX + 1, class = CLASSES_MAX;
        head.view.maps[2 * l] =
            (struct oct_head_map){head.box[l], w * box + 5, box, height >> l, (int)w};
        head.view.maps[2 * l + 1] =
            (struct oct_head_map){head.classes[l], w * class + 3, class, height >> l, (int)w};
        for (int i = 0; i < 2; i++)
            head.head.outputs[2 * l + i].stride = 8 << l;
        for (int y = 0; y < height >> l; y++) {
            for (size_t x = 0; x < w; x++) {
                float *b = head.box[l] + (size_t)y * head.view.maps[2 * l].row + x * box;
                float *c = head.classes[l] + (size_t)y * head.view.maps[2 * l + 1].row + x * class;
                for (int i = 0; i < 4 * REG_MAX; i++)
                    b[i] = -30.0f;
                for (int i = 0; i < classes; i++)
                    c[i] = -30.0f;
            }
        }
    }
}

static float *cell_box(int level, int y, int x)
{
    const struct oct_head_map *map = &head.view.maps[2 * level];
    return head.box[level] + (size_t)y * map->row + (size_t)x * map->pixel;
}

static float *cell_classes(int level, int y, int x)
{
    const struct oct_head_map *map = &head.view.maps[2 * level + 1];
    return head.classes[level] + (size_t)y * map->row + (size_t)x * map->pixel;
}

/* Puts a cell's sides at whole numbers of cells, and gives a class its score. */
static void put(int level, int y, int x, const int sides[4], int class_id, double score)
{
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < REG_MAX; i++)
            cell_box(level, y, x)[s * REG_MAX + i] = i == sides[s] ? 30.0f : -30.0f;
    cell_classes(level, y, x)[class_id] = (float)log(score / (1.0 - score));
}

static void corners_of(int anchor, float corners[4])
{
    oct_head_yolov8.box(&head.view, anchor, corners);
}

static void decode(void **state)
{
    (void)state;
    make_head(2, 4, 6, 3);
    assert_int_equal(oct_head_yolov8.anchor_count(&head.view), 24 + 6);
    put(0, 1, 2, (const int[]){1, 0, 3, 2}, 1, 0.75);
    float corners[4];
    corners_of(1 * 6 + 2, corners);
    const float expected[4] = {(2.5f - 1) * 8, (1.5f - 0) * 8, (2.5f + 3) * 8, (1.5f + 2) * 8};
    for (int i = 0; i < 4; i++)
        assert_true(fabsf(corners[i] - expected[i]) < 1e-4f);
    /* two bins alike: halfway; all alike: the middle */
    float *logits = cell_box(1, 1, 2);
    logits[3] = logits[4] = 5.0f;
    for (int i = 0; i < REG_MAX; i++)
        logits[REG_MAX + i] = -7.0f;
    /* 1 : 3 between bins 0 and 8 */
    logits[2 * REG_MAX] = 0.0f;
    logits[2 * REG_MAX + 8] = logf(3.0f);
    logits[3 * REG_MAX + 15] = 80.0f; /* large logits do not overflow */
    corners_of(24 + 1 * 3 + 2, corners);
    assert_true(fabsf(corners[0] - (2.5f - 3.5f) * 16) < 1e-4f);
    assert_true(fabsf(corners[1] - (1.5f - 7.5f) * 16) < 1e-4f);
    assert_true(fabsf(corners[2] - (2.5f + 6.0f) * 16) < 1e-4f);
    assert_true(fabsf(corners[3] - (1.5f + 15.0f) * 16) < 1e-4f);
    static float output[7 * 30];
    oct_head_yolov8.decode(&head.view, output);
    const int at = 1 * 6 + 2;
    assert_true(fabsf(output[at] - (expected[0] + expected[2]) / 2) < 1e-4f);
    assert_true(fabsf(output[30 + at] - (expected[1] + expected[3]) / 2) < 1e-4f);
    assert_true(fabsf(output[2 * 30 + at] - 4 * 8) < 1e-4f);
    assert_true(fabsf(output[3 * 30 + at] - 2 * 8) < 1e-4f);
    assert_true(fabsf(output[5 * 30 + at] - 0.75f) < 1e-6f);
    assert_true(output[4 * 30 + at] < 1e-12f);
    assert_true(fabsf(output[24 + 1 * 3 + 2] - 8.5f * 16 / 2 - (-16.0f) / 2) < 1e-4f);
}

/* YOLO26's: a cell's four numbers are its distances, negative ones among them. To the bit: the
 * file's operations are these, in this order. */
static void distances(void **state)
{
    (void)state;
    struct test_random random = test_random_of(26);
    make_head(2, 4, 6, 3);
    head.head.kind = &oct_head_yolo26;
    assert_int_equal(oct_head_yolo26.anchor_count(&head.view), 24 + 6);
    static float output[7 * 30];
    for (int l = 0; l < 2; l++)
        for (int y = 0; y < 4 >> l; y++)
            for (int x = 0; x < 6 >> l; x++)
                for (int i = 0; i < 4; i++)
                    cell_box(l, y, x)[i] = test_float(&random, -1.0f, 12.0f);
    oct_head_yolo26.decode(&head.view, output);
    int anchor = 0;
    for (int l = 0; l < 2; l++)
        for (int y = 0; y < 4 >> l; y++)
            for (int x = 0; x < 6 >> l; x++, anchor++) {
                const float *d = cell_box(l, y, x), stride = (float)(8 << l);
                const float near[2] = {(float)x + 0.5f - d[0], (float)y + 0.5f - d[1]},
                            far[2] = {(float)x + 0.5f + d[2], (float)y + 0.5f + d[3]};
                float corners[4];
                oct_head_yolo26.box(&head.view, anchor, corners);
                for (int i = 0; i < 2; i++) {
                    assert_true(corners[i] == near[i] * stride);
                    assert_true(corners[2 + i] == far[i] * stride);
                    assert_true(output[i * 30 + anchor] == (near[i] + far[i]) / 2.0f * stride);
                    assert_true(output[(2 + i) * 30 + anchor] == (far[i] - near[i]) * stride);
                }
            }
    assert_int_equal(anchor, 30);
}

static struct oct_candidate candidates[OCT_CANDIDATES_MAX];
static octet_detection found[OCT_CANDIDATES_MAX];

static int select_boxes(const octet_detect_settings *settings)
{
    const int anchors = oct_head_yolov8.anchor_count(&head.view);
    struct oct_select_scratch scratch = {candidates,
                                         oct_select_capacity(anchors, head.head.class_count)};
    return oct_head_yolov8.select(&head.view, settings, &scratch, found, settings->max_detections);
}

/* Of equal scores that of the better cell comes first, as where the best cells are taken before
 * their best classes; then that of the first cell and class. */
static void equal_scores(void **state)
{
    (void)state;
    static const struct {
        int x, class_id;
        double score;
    } order[] = {{6, 0, 0.9}, {5, 2, 0.8}, {6, 1, 0.5}, {6, 2, 0.5},
                 {5, 0, 0.5}, {2, 1, 0.5}, {3, 0, 0.5}};
    static const int sides[4] = {1, 1, 1, 1};
    octet_detect_settings settings;
    make_head(1, 4, 8, 3);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        put(0, 0, order[i].x, sides, order[i].class_id, order[i].score);
    octet_detect_defaults(&settings);
    settings.multi_label = 1;
    settings.iou = 1.0;
    assert_int_equal(select_boxes(&settings), sizeof order / sizeof order[0]);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_int_equal(found[i].class_id, order[i].class_id);
        assert_true(fabsf(found[i].x1 - ((float)order[i].x - 0.5f) * 8.0f) < 1e-3f);
    }
    settings.max_detections = 3; /* which are left out goes by the same order */
    assert_int_equal(select_boxes(&settings), 3);
    assert_int_equal(found[2].class_id, 1);
    assert_true(fabsf(found[2].x1 - 5.5f * 8.0f) < 1e-3f);
}

static octet_detect_settings plain_settings(void)
{
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    assert_true(settings.confidence == 0.25 && settings.iou == 0.7);
    assert_int_equal(settings.max_detections, 300);
    assert_true(!settings.multi_label && !settings.class_agnostic && !settings.classes);
    return settings;
}

static void expect(int index, int class_id, double score, double x1, double y1)
{
    assert_int_equal(found[index].class_id, class_id);
    assert_true(fabs((double)found[index].score - score) < 1e-6);
    assert_true(fabs((double)found[index].x1 - x1) < 1e-3);
    assert_true(fabs((double)found[index].y1 - y1) < 1e-3);
}

/* Boxes of 8 x 8 cells whose centres are 1 cell apart overlap by 7 / 9 = 0.78, 2 apart by 0.6. */
static void suppression(void **state)
{
    (void)state;
    make_head(1, 20, 20, 3);
    static const int sides[4] = {4, 4, 4, 4};
    octet_detect_settings settings = plain_settings();
    assert_int_equal(select_boxes(&settings), 0);
    put(0, 8, 8, sides, 0, 0.5);
    put(0, 8, 9, sides, 0, 0.9);  /* suppresses the first */
    put(0, 8, 11, sides, 0, 0.4); /* 0.6 with the second: stays */
    put(0, 9, 9, sides, 1, 0.8);  /* another class */
    put(0, 2, 2, sides, 0, 0.2);  /* not confident */
    assert_int_equal(select_boxes(&settings), 3);
    expect(0, 0, 0.9, (9.5 - 4) * 8, (8.5 - 4) * 8);
    expect(1, 1, 0.8, (9.5 - 4) * 8, (9.5 - 4) * 8);
    expect(2, 0, 0.4, (11.5 - 4) * 8, (8.5 - 4) * 8);
    settings.class_agnostic = 1;
    assert_int_equal(select_boxes(&settings), 2);
    expect(1, 0, 0.4, (11.5 - 4) * 8, (8.5 - 4) * 8);
    settings.class_agnostic = 0;
    settings.iou = 1.0;
    assert_int_equal(select_boxes(&settings), 4);
    settings.iou = 0.59;
    assert_int_equal(select_boxes(&settings), 2);
    settings.iou = 0.0;
    put(0, 17, 17, (const int[]){1, 1, 1, 1}, 0, 0.3); /* meets nothing */
    assert_int_equal(select_boxes(&settings), 3);
    expect(2, 0, 0.3, (17.5 - 1) * 8, (17.5 - 1) * 8);
    settings.iou = 1.0;
    settings.confidence = 0.0; /* every anchor */
    assert_int_equal(select_boxes(&settings), 300);
    settings.confidence = 1.0;
    assert_int_equal(select_boxes(&settings), 0);
}

/* A box that another suppressed suppresses nothing itself. */
static void chain(void **state)
{
    (void)state;
    make_head(1, 20, 20, 1);
    static const int sides[4] = {4, 4, 4, 4};
    for (int i = 0; i < 3; i++)
        put(0, 8, 8 + i, sides, 0, 0.9 - 0.1 * i);
    const octet_detect_settings settings = plain_settings();
    assert_int_equal(select_boxes(&settings), 2);
    expect(0, 0, 0.9, (8.5 - 4) * 8, (8.5 - 4) * 8);
    expect(1, 0, 0.7, (10.5 - 4) * 8, (8.5 - 4) * 8);
}

static void threshold_is_exclusive(void **state)
{
    (void)state;
    make_head(1, 4, 4, 1);
    cell_classes(0, 0, 0)[0] = 0.0f; /* exactly 0.5 */
    octet_detect_settings settings = plain_settings();
    settings.confidence = 0.5;
    assert_int_equal(select_boxes(&settings), 0);
    settings.confidence = 0.49999997;
    assert_int_equal(select_boxes(&settings), 1);
}

/* Equal scores come in the order of anchors, then classes. */
static void ties(void **state)
{
    (void)state;
    make_head(2, 8, 8, 3);
    static const int sides[4] = {0, 0, 1, 1};
    static const int cells[][4] = {{1, 2, 3, 0}, {0, 7, 7, 2}, {0, 3, 1, 1}, {0, 3, 5, 0}};
    for (int i = 0; i < 4; i++)
        put(cells[i][0], cells[i][1], cells[i][2], sides, cells[i][3], 0.6);
    cell_classes(0, 3, 5)[2] = cell_classes(0, 3, 5)[0];
    octet_detect_settings settings = plain_settings();
    assert_int_equal(select_boxes(&settings), 4);
    expect(0, 1, 0.6, 1.5 * 8, 3.5 * 8);
    expect(1, 0, 0.6, 5.5 * 8, 3.5 * 8); /* the lower of its two classes */
    expect(2, 2, 0.6, 7.5 * 8, 7.5 * 8);
    expect(3, 0, 0.6, 3.5 * 16, 2.5 * 16);
    settings.multi_label = 1;
    assert_int_equal(select_boxes(&settings), 5);
    expect(1, 0, 0.6, 5.5 * 8, 3.5 * 8);
    expect(2, 2, 0.6, 5.5 * 8, 3.5 * 8);
    settings.max_detections = 2;
    assert_int_equal(select_boxes(&settings), 2);
    expect(1, 0, 0.6, 5.5 * 8, 3.5 * 8);
}

static void class_filter(void **state)
{
    (void)state;
    make_head(1, 8, 8, 3);
    static const int sides[4] = {0, 0, 1, 1}, wanted[] = {2, 0};
    put(0, 1, 1, sides, 0, 0.9);
    put(0, 3, 3, sides, 1, 0.8);
    put(0, 5, 5, sides, 2, 0.7);
    cell_classes(0, 3, 3)[2] = 1.0f; /* not this anchor's best class */
    octet_detect_settings settings = plain_settings();
    settings.classes = wanted;
    settings.class_count = 2;
    assert_int_equal(select_boxes(&settings), 2);
    expect(0, 0, 0.9, 1.5 * 8, 1.5 * 8);
    expect(1, 2, 0.7, 5.5 * 8, 5.5 * 8);
    settings.multi_label = 1;
    assert_int_equal(select_boxes(&settings), 3);
    expect(1, 2, 1.0 / (1.0 + exp(-1.0)), 3.5 * 8, 3.5 * 8);
    settings.class_count = 0;
    assert_int_equal(select_boxes(&settings), 0);
}

static void no_numbers(void **state)
{
    (void)state;
    make_head(1, 8, 8, 2);
    octet_detect_settings settings = plain_settings();
    cell_classes(0, 0, 0)[0] = cell_classes(0, 0, 0)[1] = NAN;
    cell_classes(0, 1, 1)[1] = INFINITY;
    cell_classes(0, 2, 2)[1] = -INFINITY;
    for (int i = 0; i < 4 * REG_MAX; i++)
        cell_box(0, 1, 1)[i] = NAN;
    settings.multi_label = 1;
    const int count = select_boxes(&settings);
    assert_int_equal(count, 1);
    assert_true(found[0].score == 1.0f);
}

/* The plain version: all candidates sorted by insertion, suppression in double precision. */
struct candidate {
    octet_detection box;
    float best; /* score of the anchor */
    int anchor;
};

static struct candidate all[3 * CELLS_MAX * CLASSES_MAX];

static bool before(const struct candidate *a, const struct candidate *b)
{
    if (a->box.score != b->box.score)
        return a->box.score > b->box.score;
    if (a->best != b->best)
        return a->best > b->best;
    return a->anchor != b->anchor ? a->anchor < b->anchor : a->box.class_id < b->box.class_id;
}

static double overlap(const octet_detection *a, const octet_detection *b)
{
    const double w = fmin((double)a->x2, (double)b->x2) - fmax((double)a->x1, (double)b->x1);
    const double h = fmin((double)a->y2, (double)b->y2) - fmax((double)a->y1, (double)b->y1);
    const double area_a = ((double)a->x2 - (double)a->x1) * ((double)a->y2 - (double)a->y1);
    const double area_b = ((double)b->x2 - (double)b->x1) * ((double)b->y2 - (double)b->y1);
    return w > 0.0 && h > 0.0 ? w * h / (area_a + area_b - w * h) : 0.0;
}

static int gather(const octet_detect_settings *settings)
{
    int count = 0, anchor = 0;
    for (int l = 0; l < head.head.output_count / 2; l++) {
        const struct oct_head_map *map = &head.view.maps[2 * l];
        for (int cell = 0; cell < map->height * map->width; cell++, anchor++) {
            const int y = cell / map->width, x = cell % map->width;
            const float *logits = cell_classes(l, y, x);
            float corners[4];
            corners_of(anchor, corners);
            int best = 0;
            for (int c = 0; c < head.head.class_count; c++)
                best = logits[c] > logits[best] ? c : best;
            for (int c = 0; c < head.head.class_count; c++) {
                const float score = oct_sigmoid(logits[c]);
                if ((!settings->multi_label && c != best) || !(score > (float)settings->confidence))
                    continue;
                const struct candidate one = {
                    {corners[0], corners[1], corners[2], corners[3], score, c},
                    oct_sigmoid(logits[best]),
                    anchor};
                int at = count++;
                for (; at > 0 && before(&one, &all[at - 1]); at--)
                    all[at] = all[at - 1];
                all[at] = one;
            }
        }
    }
    return count;
}

/* False when an overlap is too close to the limit for single precision to tell. */
static bool plain_select(const octet_detect_settings *settings, struct candidate *kept, int *count)
{
    const int total = gather(settings);
    *count = 0;
    for (int i = 0; i < total && *count < settings->max_detections; i++) {
        bool keep = true;
        for (int k = 0; k < *count && keep; k++) {
            const double iou = overlap(&all[i].box, &kept[k].box);
            if (fabs(iou - settings->iou) < 1e-5)
                return false;
            keep = iou <= settings->iou ||
                   (!settings->class_agnostic && kept[k].box.class_id != all[i].box.class_id);
        }
        if (keep)
            kept[(*count)++] = all[i];
    }
    return true;
}

static void random_heads(void **state)
{
    (void)state;
    static struct candidate kept[3 * CELLS_MAX * CLASSES_MAX];
    struct test_random random = test_random_of(3);
    int compared = 0, boxes = 0;
    for (int round = 0; round < 60; round++) {
        const int levels = test_int(&random, 1, 3);
        make_head(levels, 4 * test_int(&random, 1, 4), 4 * test_int(&random, 1, 4),
                  test_int(&random, 1, 5));
        for (int l = 0; l < levels; l++) {
            for (int y = 0; y < head.view.maps[2 * l].height; y++) {
                for (int x = 0; x < head.view.maps[2 * l].width; x++) {
                    for (int i = 0; i < 4 * REG_MAX; i++)
                        cell_box(l, y, x)[i] = test_float(&random, -4.0f, 4.0f);
                    /* quarters, so that scores are often equal */
                    for (int c = 0; c < head.head.class_count; c++)
                        cell_classes(l, y, x)[c] = 0.25f * (float)test_int(&random, -20, 8);
                }
            }
        }
        octet_detect_settings settings = plain_settings();
        settings.confidence = round % 3 ? 0.25 : 0.001;
        settings.iou = (double)test_float(&random, 0.2f, 0.9f);
        settings.multi_label = round % 2;
        settings.class_agnostic = round / 2 % 2;
        settings.max_detections = round % 5 ? 30000 : 7;
        int count;
        if (!plain_select(&settings, kept, &count))
            continue;
        assert_int_equal(select_boxes(&settings), count);
        for (int i = 0; i < count; i++)
            assert_memory_equal(&found[i], &kept[i].box, sizeof found[i]);
        compared++;
        boxes += count;
    }
    assert_true(compared > 40 && boxes > 1000);
}

/* With fewer places than candidates the best ones take part, whatever the order they come in. */
static void capacity(void **state)
{
    (void)state;
    make_head(1, 20, 20, 1);
    static const int sides[4] = {0, 0, 0, 0};
    struct test_random random = test_random_of(4);
    for (int cell = 0; cell < 400; cell++)
        put(0, cell / 20, cell % 20, sides, 0, (double)test_float(&random, 0.3f, 0.9f));
    octet_detect_settings settings = plain_settings();
    settings.max_detections = 400;
    assert_int_equal(select_boxes(&settings), 400);
    static octet_detection whole[400];
    memcpy(whole, found, sizeof whole);
    for (int places = 0; places < 400; places += 37) {
        struct oct_select_scratch scratch = {candidates, places};
        assert_int_equal(oct_head_yolov8.select(&head.view, &settings, &scratch, found, 400),
                         places);
        assert_memory_equal(found, whole, (size_t)places * sizeof *found);
    }
    assert_int_equal(oct_select_capacity(100, 3), 300);
    assert_int_equal(oct_select_capacity(8400, 80), OCT_CANDIDATES_MAX);
    assert_int_equal(oct_select_capacity(1 << 30, 16384), OCT_CANDIDATES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential),  cmocka_unit_test(sigmoid),
        cmocka_unit_test(equal_scores), cmocka_unit_test(distances),
        cmocka_unit_test(decode),       cmocka_unit_test(suppression),
        cmocka_unit_test(chain),        cmocka_unit_test(threshold_is_exclusive),
        cmocka_unit_test(ties),         cmocka_unit_test(class_filter),
        cmocka_unit_test(no_numbers),   cmocka_unit_test(random_heads),
        cmocka_unit_test(capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
