/* SPDX-License-Identifier: Apache-2.0 */
/* Trainings of small detectors as a whole: what they begin with, that they learn, that threads and
 * interruptions change no bit, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/tune.h>

#include "folder.h"
#include "small_detector.h"
#include "train/feature_match.h"
#include "train/tuning.h"

#ifdef OCTET_HAS_ONEDNN

enum { PICTURES = 6, SIDE = 64 };

static octet_context *ctx;
static octet_image *pictures[PICTURES];

struct trial {
    octet_model *model;
    octet_statistics *statistics;
    octet_tune_settings settings;
    octet_tuning *tuning;
};

static struct trial prepare(enum test_detector kind)
{
    struct trial t = {.model = test_model(ctx, kind, 3)};
    t.statistics = test_statistics(ctx, t.model, 1, PICTURES);
    octet_tune_defaults(&t.settings);
    t.settings.pictures = PICTURES;
    t.settings.batch = 4;
    t.settings.epochs = 4;
    t.settings.threads = 1;
    t.settings.seed = 5;
    return t;
}

static void begin(struct trial *t)
{
    if (octet_tune_create(ctx, t->model, t->statistics, &t->settings, &t->tuning))
        fail_msg("%s", octet_context_message(ctx));
}

static void end(struct trial *t)
{
    octet_tune_free(&t->tuning);
    octet_statistics_free(&t->statistics);
    octet_model_free(&t->model);
}

/* Until so many steps are done. */
static void learn(struct trial *t, int64_t steps)
{
    octet_tune_info info = {.step = 0};
    int next;
    for (octet_tune_info_get(t->tuning, &info);
         info.step < steps && (next = octet_tune_next(t->tuning)) >= 0;
         octet_tune_info_get(t->tuning, &info))
        if (octet_tune_add(t->tuning, pictures[next]))
            fail_msg("%s", octet_tune_message(t->tuning));
}

static double mean_loss(struct trial *t, int64_t from, int64_t to)
{
    double sum = 0.0;
    octet_tune_info info;
    for (int64_t step = from; step < to; step++) {
        learn(t, step + 1);
        octet_tune_info_get(t->tuning, &info);
        sum += info.loss;
    }
    return sum / (double)(to - from);
}

static void pack(const struct trial *t, uint8_t **bytes, size_t *size)
{
    octet_engine *engine;
    if (octet_tune_engine(t->tuning, &engine))
        fail_msg("%s", octet_tune_message(t->tuning));
    void *packed;
    assert_int_equal(octet_engine_save_memory(ctx, engine, &packed, size), OCTET_OK);
    *bytes = packed;
    octet_engine_free(&engine);
}

static void expect_same(const struct trial *a, const struct trial *b)
{
    uint8_t *bytes[2];
    size_t size[2];
    pack(a, &bytes[0], &size[0]);
    pack(b, &bytes[1], &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    octet_free(ctx, bytes[0]);
    octet_free(ctx, bytes[1]);
}

/* ---- */

static void expect_start(enum test_detector kind)
{
    struct trial t = prepare(kind);
    octet_engine *built, *begun;
    begin(&t);
    assert_int_equal(octet_build(ctx, t.model, t.statistics, NULL, &built), OCTET_OK);
    assert_int_equal(octet_tune_engine(t.tuning, &begun), OCTET_OK);
    const struct oct_network *a = &built->network, *b = &begun->network;
    assert_int_equal(a->layer_count, b->layer_count);
    for (int i = 0; i < a->layer_count; i++) {
        const struct oct_layer *of[2] = {&a->layers[i], &b->layers[i]};
        const size_t outputs = (size_t)a->tensors[of[0]->output].channels;
        if (!of[0]->codes)
            continue;
        assert_memory_equal(of[0]->codes, of[1]->codes, (size_t)oct_layer_weights(a, of[0]));
        for (size_t n = 0; n < outputs; n++)
            assert_float_equal(of[0]->scale[n], of[1]->scale[n], 1e-6f * of[0]->scale[n]);
        assert_memory_equal(of[0]->bias, of[1]->bias, outputs * sizeof(float));
    }
    octet_tune_info info;
    octet_tune_info_get(t.tuning, &info);
    assert_int_equal(info.changed, 0);
    assert_true(info.codes > 0);
    octet_engine_free(&built);
    octet_engine_free(&begun);
    end(&t);
}

static void test_begins_at_the_engine(void **state)
{
    (void)state;
    for (int kind = TEST_DETECTOR_SMALL; kind <= TEST_DETECTOR_FAMILY; kind++)
        if (kind != TEST_DETECTOR_MEDIUM)
            expect_start((enum test_detector)kind);
}

/* Of 4 bits the values that the lowest codes stand for stay, of 8 the zero points. */
static void expect_zero_points(const struct trial *t)
{
    const struct oct_student *s = t->tuning->student;
    int moved = 0;
    for (int i = 0; i < t->tuning->plan->coding_count; i++) {
        const struct oct_quantization first = s->first_codings[i], now = s->now_codings[i];
        const double lowest = (double)first.zero_point * (double)first.scale;
        if (t->settings.weight_bits == 4 && lowest <= 255.0 * (double)now.scale)
            assert_true(fabs(now.zero_point * (double)now.scale - lowest) <=
                        0.501 * (double)now.scale);
        else if (t->settings.weight_bits == 4)
            assert_int_equal(now.zero_point, 255);
        moved += now.zero_point != first.zero_point;
    }
    assert_int_equal(moved > 0, t->settings.weight_bits == 4);
}

static void expect_learning(enum test_detector kind)
{
    struct trial t = prepare(kind);
    t.settings.epochs = 40;                  /* 60 steps */
    t.settings.calibrator = "percentile:95"; /* bad ranges: there is something to learn */
    begin(&t);
    const double first = mean_loss(&t, 0, 6), last = (learn(&t, 54), mean_loss(&t, 54, 60));
    octet_tune_info info;
    octet_tune_info_get(t.tuning, &info);
    assert_int_equal(octet_tune_next(t.tuning), -1);
    assert_int_equal(info.step, 60);
    if (!(last < 0.8 * first) || !info.changed)
        fail_msg("detector %d: loss %g, then %g, %lld codes changed", (int)kind, first, last,
                 (long long)info.changed);
    expect_zero_points(&t);
    end(&t);
}

static void test_learns(void **state)
{
    (void)state;
    expect_learning(TEST_DETECTOR_SMALL);
    expect_learning(TEST_DETECTOR_FAMILY);
    expect_learning(TEST_DETECTOR_DEPTHWISE);
    expect_learning(TEST_DETECTOR_DISTANCES);
}

static void test_threads_change_no_bit(void **state)
{
    struct trial one = prepare(TEST_DETECTOR_FAMILY), three = prepare(TEST_DETECTOR_FAMILY);
    (void)state;
    three.settings.threads = 3;
    begin(&one);
    begin(&three);
    learn(&one, 6);
    learn(&three, 6);
    expect_same(&one, &three);
    end(&one);
    end(&three);
}

static void test_seeds_change_bits(void **state)
{
    struct trial a = prepare(TEST_DETECTOR_SMALL), b = prepare(TEST_DETECTOR_SMALL);
    octet_tune_info info[2];
    (void)state;
    b.settings.seed++;
    begin(&a);
    begin(&b);
    learn(&a, 3);
    learn(&b, 3);
    octet_tune_info_get(a.tuning, &info[0]);
    octet_tune_info_get(b.tuning, &info[1]);
    assert_true(info[0].loss < info[1].loss || info[0].loss > info[1].loss);
    end(&a);
    end(&b);
}

static void test_goes_on_from_a_file(void **state)
{
    struct trial whole = prepare(TEST_DETECTOR_SMALL), part = prepare(TEST_DETECTOR_SMALL);
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    (void)state;
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/training", folder);
    begin(&whole);
    begin(&part);
    learn(&whole, 3);
    octet_tune_keep(whole.tuning);
    learn(&whole, 6);
    learn(&part, 3);
    octet_tune_keep(part.tuning);
    learn(&part, 4);
    assert_int_equal(octet_tune_save(part.tuning, path, "a note"), OCTET_OK);
    octet_tune_free(&part.tuning);
    begin(&part);
    const char *note;
    if (octet_tune_load(part.tuning, path, &note))
        fail_msg("%s", octet_tune_message(part.tuning));
    assert_string_equal(note, "a note");
    learn(&part, 6);
    expect_same(&whole, &part);
    assert_int_equal(octet_tune_return(whole.tuning), OCTET_OK);
    assert_int_equal(octet_tune_return(part.tuning), OCTET_OK);
    expect_same(&whole, &part);
    assert_int_equal(octet_tune_next(part.tuning), -1);

    end(&whole);
    end(&part);
    test_folder_remove(folder);
}

/* The state of a training in a folder of its own. */
struct kept {
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    uint8_t *bytes;
    size_t size;
};

static struct kept keep(struct trial *t)
{
    struct kept kept;
    test_folder_create(kept.folder);
    snprintf(kept.path, sizeof kept.path, "%s/training", kept.folder);
    learn(t, 2);
    assert_int_equal(octet_tune_save(t->tuning, kept.path, "a note"), OCTET_OK);
    FILE *file = fopen(kept.path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    kept.size = (size_t)ftell(file);
    rewind(file);
    kept.bytes = malloc(kept.size);
    assert_non_null(kept.bytes);
    assert_int_equal(fread(kept.bytes, 1, kept.size, file), kept.size);
    fclose(file);
    return kept;
}

static void write_back(const struct kept *kept, size_t size)
{
    FILE *file = fopen(kept->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(kept->bytes, 1, size, file), size);
    fclose(file);
}

static void drop(struct kept *kept)
{
    free(kept->bytes);
    test_folder_remove(kept->folder);
}

/* A refused state leaves the training as it was. */
static void expect_refused(struct trial *t, const struct kept *kept, octet_status status)
{
    octet_tune_info before, after;
    const char *note = NULL;
    octet_tune_info_get(t->tuning, &before);
    const octet_status got = octet_tune_load(t->tuning, kept->path, &note);
    octet_tune_info_get(t->tuning, &after);
    if (got != status)
        fail_msg("%s: %s", octet_status_name(got), octet_tune_message(t->tuning));
    assert_true(octet_tune_message(t->tuning)[0] != 0);
    assert_memory_equal(&before, &after, sizeof before);
    assert_string_equal(note, "");
}

static void test_states_that_do_not_fit(void **state)
{
    struct trial t = prepare(TEST_DETECTOR_SMALL);
    (void)state;
    begin(&t);
    struct kept kept = keep(&t);
    end(&t);
#define REFUSED(field, value)                                                                      \
    t = prepare(TEST_DETECTOR_SMALL);                                                              \
    t.settings.field = value;                                                                      \
    begin(&t);                                                                                     \
    expect_refused(&t, &kept, OCTET_MISMATCH);                                                     \
    end(&t)
    REFUSED(seed, 6);
    REFUSED(batch, 3);
    REFUSED(pictures, PICTURES - 1);
    REFUSED(weight_rate, 1e-3);
    REFUSED(calibrator, "minmax");
    REFUSED(labels, 1);
#undef REFUSED
    t = prepare(TEST_DETECTOR_FAMILY);
    begin(&t);
    expect_refused(&t, &kept, OCTET_MISMATCH);
    end(&t);
    drop(&kept);
}

/* The number of steps is the state's: with it the rates are those that would have been. */
static void test_steps_are_the_states(void **state)
{
    struct trial t = prepare(TEST_DETECTOR_SMALL), other = prepare(TEST_DETECTOR_SMALL);
    octet_tune_info info;
    (void)state;
    other.settings.epochs = 100;
    begin(&t);
    begin(&other);
    struct kept kept = keep(&t);
    assert_int_equal(octet_tune_load(other.tuning, kept.path, NULL), OCTET_OK);
    octet_tune_info_get(other.tuning, &info);
    assert_int_equal(info.steps, 6);
    assert_int_equal(info.step, 2);
    learn(&t, 6);
    learn(&other, 6);
    assert_int_equal(octet_tune_next(other.tuning), -1);
    expect_same(&t, &other);
    end(&t);
    end(&other);
    drop(&kept);
}

/* Cut anywhere, or any byte of the header and some of the numbers changed. */
static void test_damaged_states(void **state)
{
    struct trial t = prepare(TEST_DETECTOR_SMALL);
    uint64_t header = 0;
    (void)state;
    begin(&t);
    struct kept kept = keep(&t);
    for (int i = 7; i >= 0; i--)
        header = header << 8 | kept.bytes[i];
    for (size_t size = 0; size < kept.size; size += 1 + kept.size / 50) {
        write_back(&kept, size);
        expect_refused(&t, &kept, size < 9 ? OCTET_UNKNOWN_FORMAT : OCTET_BAD_FORMAT);
    }
    for (size_t at = 8; at < kept.size; at += at < header + 8 ? 1 : kept.size / 20) {
        kept.bytes[at] ^= 4;
        write_back(&kept, kept.size);
        const char *note;
        if (octet_tune_load(t.tuning, kept.path, &note) == OCTET_OK)
            fail_msg("byte %zu of %zu may change", at, kept.size);
        kept.bytes[at] ^= 4;
    }
    write_back(&kept, kept.size);
    assert_int_equal(octet_tune_load(t.tuning, kept.path, NULL), OCTET_OK);
    end(&t);
    drop(&kept);
}

static void test_refuses(void **state)
{
    struct trial t = prepare(TEST_DETECTOR_SMALL);
    octet_model *other = test_model(ctx, TEST_DETECTOR_SMALL, 4);
    const octet_tune_settings good = t.settings;
    (void)state;
    assert_int_equal(octet_tune_create(ctx, other, t.statistics, &t.settings, &t.tuning),
                     OCTET_MISMATCH);
    assert_null(t.tuning);
#define REFUSED(field, value)                                                                      \
    t.settings = good;                                                                             \
    t.settings.field = value;                                                                      \
    assert_int_equal(octet_tune_create(ctx, NULL, NULL, &t.settings, NULL), OCTET_INVALID_ARGUMENT)
    REFUSED(pictures, 0);
    REFUSED(batch, 0);
    REFUSED(epochs, 0.0);
    REFUSED(weight_rate, 1.5);
    REFUSED(weight_rate, (double)NAN);
    REFUSED(bias_rate, -1.0);
    REFUSED(weight_bits, 3);
    REFUSED(calibrator, "best");
    REFUSED(threads, -1);
#undef REFUSED
    t.settings = good;
    assert_int_equal(octet_tune_create(ctx, t.model, NULL, &t.settings, NULL), OCTET_OK);
    t.model->imported->is_quantised = true;
    assert_int_equal(octet_tune_create(ctx, t.model, NULL, &t.settings, NULL),
                     OCTET_UNSUPPORTED_MODEL);
    t.model->imported->is_quantised = false;
    t.settings.weight_bits = 4;
    t.settings.target = OCTET_TUNE_TENSORRT;
    assert_int_equal(octet_tune_create(ctx, NULL, NULL, &t.settings, NULL), OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_context_message(ctx), "TensorRT's INT4"));
    t.settings = good;
    begin(&t);
    assert_int_equal(octet_tune_export(t.tuning, "x.onnx", NULL), OCTET_INVALID_STATE);
    end(&t);
    octet_model_free(&other);
}

/* ---- weights of 4 bits ---- */

static struct trial prepare_few_bits(enum test_detector kind)
{
    struct trial t = prepare(kind);
    t.settings.weight_bits = 4;
    return t;
}

/* The engine has the student's codes, which are within 4 bits where they are to be; what is packed
 * is read as such. */
static void expect_codes(const struct trial *t, bool is_trained)
{
    octet_engine *engine, *loaded;
    size_t size;
    int few = 0, changed = 0;
    assert_int_equal(octet_tune_engine(t->tuning, &engine), OCTET_OK);
    unsigned char *bytes = test_engine_bytes(ctx, engine, &size);
    assert_int_equal(octet_engine_load_memory(ctx, bytes, size, "x", &loaded), OCTET_OK);
    free(bytes);
    const struct oct_network *from = &t->model->network, *to = &loaded->network;
    for (int i = 0; i < from->layer_count; i++) {
        const struct oct_student_layer *l = &t->tuning->student->layers[i];
        const struct oct_layer *layer = NULL;
        for (int k = 0; k < to->layer_count; k++)
            if (to->layers[k].output == from->layers[i].output)
                layer = &to->layers[k];
        if (!t->tuning->plan->layers[i].convolution || !l->bits)
            continue;
        assert_non_null(layer);
        assert_int_equal(layer->code_bits == 4, l->bits == 4);
        assert_memory_equal(layer->codes, l->codes, l->shape.count);
        few += l->bits == 4;
        for (size_t w = 0; w < l->shape.count && l->bits == 4; w++) {
            assert_true(l->codes[w] >= -7 && l->codes[w] <= 7);
            changed += l->codes[w] != t->tuning->layers[i].codes[w];
        }
    }
    assert_true(few > 2);
    assert_int_equal(changed > 0, is_trained);
    octet_engine_free(&loaded);
    octet_engine_free(&engine);
}

static void test_few_bits(void **state)
{
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_FAMILY};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct trial t = prepare_few_bits(kinds[i]);
        t.settings.epochs = 60; /* 90 steps */
        begin(&t);
        assert_true(t.tuning->settings.weight_rate > 2.9e-3 && t.tuning->settings.scale_jitter);
        for (int level = 0; level < t.model->network.head.output_count / 2; level++)
            assert_true(t.tuning->plan->layers[oct_level_layer(t.tuning->plan, level)].feature !=
                        OCT_NOWHERE);
        expect_codes(&t, false);
        const double first = mean_loss(&t, 0, 10), last = (learn(&t, 80), mean_loss(&t, 80, 90));
        if (!(last < 0.8 * first))
            fail_msg("detector %d: loss %g, then %g", (int)kinds[i], first, last);
        expect_codes(&t, true);
        expect_zero_points(&t);
        end(&t);
    }
}

/* Random sizes are drawn by the place of a picture: neither threads nor an interruption matter. */
static void test_few_bits_same_bits(void **state)
{
    struct trial t[3];
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    (void)state;
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/training", folder);
    for (int i = 0; i < 3; i++) {
        t[i] = prepare_few_bits(TEST_DETECTOR_SMALL);
        t[i].settings.threads = i + 1;
        begin(&t[i]);
        learn(&t[i], i == 2 ? 4 : 6);
    }
    expect_same(&t[0], &t[1]);
    assert_int_equal(octet_tune_save(t[2].tuning, path, ""), OCTET_OK);
    octet_tune_free(&t[2].tuning);
    begin(&t[2]);
    assert_int_equal(octet_tune_load(t[2].tuning, path, NULL), OCTET_OK);
    learn(&t[2], 6);
    expect_same(&t[0], &t[2]);
    /* another training without them, and with 8 bits */
    octet_tune_free(&t[2].tuning);
    t[2].settings.scale_jitter = 0;
    begin(&t[2]);
    assert_int_equal(octet_tune_load(t[2].tuning, path, NULL), OCTET_MISMATCH);
    octet_tune_free(&t[2].tuning);
    t[2].settings.scale_jitter = 1;
    t[2].settings.weight_bits = 8;
    begin(&t[2]);
    assert_int_equal(octet_tune_load(t[2].tuning, path, NULL), OCTET_MISMATCH);
    for (int i = 0; i < 3; i++)
        end(&t[i]);
    test_folder_remove(folder);
}

static int open_all(void **state)
{
    (void)state;
    if (octet_context_create(NULL, &ctx))
        return 1;
    for (int i = 0; i < PICTURES; i++)
        pictures[i] = test_picture(ctx, SIDE, SIDE, (uint64_t)(1 + i));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (int i = 0; i < PICTURES; i++)
        octet_image_free(&pictures[i]);
    octet_context_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_at_the_engine),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_seeds_change_bits),
        cmocka_unit_test(test_goes_on_from_a_file),
        cmocka_unit_test(test_states_that_do_not_fit),
        cmocka_unit_test(test_steps_are_the_states),
        cmocka_unit_test(test_damaged_states),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_few_bits),
        cmocka_unit_test(test_few_bits_same_bits),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}

#else

int main(void)
{
    puts("skipped: built without oneDNN");
    return 77;
}

#endif
