/* SPDX-License-Identifier: Apache-2.0 */
/* A training: checks what is asked for, gathers batches in a random order, and steps. */
#include "train/tuning.h"

#include <math.h>
#include <string.h>

#include "runtime/backend/cpu/features/features.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "train/detector_loss.h"
#include "train/random_bits.h"
#include "train/scale_jitter.h"

#define BATCH_MOST 1024
#define EPOCHS_MOST 1e6
#define RATE_MOST 1.0
/* Of codes of 8 and of 4 bits, in units of a code. */
#define WEIGHT_RATE_8 2e-3
#define WEIGHT_RATE_4 3e-3

/* ---- what is asked for ---- */

static bool is_rate(double rate)
{
    return rate >= 0.0 && rate <= RATE_MOST;
}

static octet_status check_bits(octet_context *ctx, const octet_tune_settings *settings)
{
    const int bits = settings->weight_bits;
    if (bits != 0 && bits != 4 && bits != 8)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "weights have 8 bits, or 4");
    if (bits == 4 && settings->target == OCTET_TUNE_TENSORRT)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "weights of 4 bits go with octet's own engines: TensorRT's INT4 is for "
                        "weights beside float activations");
    return OCTET_OK;
}

/* What was left to the bits. */
static void settle(octet_tune_settings *settings)
{
    const bool few = settings->weight_bits == 4;
    settings->weight_bits = few ? 4 : 8;
    if (settings->weight_rate < 0.0)
        settings->weight_rate = few ? WEIGHT_RATE_4 : WEIGHT_RATE_8;
    if (settings->scale_jitter < 0)
        settings->scale_jitter = few;
}

octet_status oct_tuning_check(octet_context *ctx, const octet_tune_settings *settings)
{
    struct oct_calibrator calibrator;
    if (settings->target != OCTET_TUNE_OCTET && settings->target != OCTET_TUNE_TENSORRT)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "the target must be OCTET or TENSORRT");
    if (settings->pictures < 1)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "there must be pictures to learn from");
    if (settings->batch < 1 || settings->batch > BATCH_MOST)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "a batch must have 1 to %d pictures",
                        BATCH_MOST);
    if (!(settings->epochs > 0.0 && settings->epochs <= EPOCHS_MOST))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "epochs must be above 0, at most %g",
                        EPOCHS_MOST);
    if ((!(settings->weight_rate < 0.0) && !is_rate(settings->weight_rate)) ||
        !is_rate(settings->scale_rate) || !is_rate(settings->bias_rate))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "rates must be 0 to %g", RATE_MOST);
    if (!oct_calibrator_parse(settings->calibrator, &calibrator))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN, settings->calibrator);
    const octet_status status = check_bits(ctx, settings);
    return status ? status : oct_threads_check(ctx, settings->threads);
}

octet_status oct_tuning_check_model(octet_context *ctx, const octet_model *model,
                                    const octet_tune_settings *settings)
{
    const struct oct_head *head = &model->network.head;
    struct oct_onednn *onednn;
    if (model->imported->is_quantised)
        return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL, "%s: quantised already: give the float model",
                        model->name);
    if (settings->labels ? !oct_has_detector_loss(head) : !oct_can_distill(head))
        return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL,
                        "%s: models with a head of %s cannot be trained%s", model->name,
                        head->kind->name, settings->labels ? " with labels" : "");
    const octet_status status = oct_onednn_open(ctx, &onednn);
    oct_onednn_close(ctx, &onednn);
    return status;
}

/* ---- pictures ---- */

/* The place of the next picture in the row of all that are looked at. */
static uint64_t place_of_next(const octet_tuning *t)
{
    return (uint64_t)t->step * (uint64_t)t->settings.batch + (uint64_t)t->filled;
}

void oct_tuning_order(octet_tuning *t)
{
    const uint64_t pictures = (uint64_t)t->settings.pictures;
    const int64_t epoch = (int64_t)(place_of_next(t) / pictures);
    if (epoch == t->epoch)
        return;
    t->epoch = epoch;
    for (int i = 0; i < t->settings.pictures; i++)
        t->order[i] = i;
    for (uint64_t i = pictures - 1; i > 0; i--) {
        const uint64_t other =
            oct_random_bits(t->settings.seed, 2 * ((uint64_t)epoch * pictures + i)) % (i + 1);
        const int last = t->order[i];
        t->order[i] = t->order[other];
        t->order[other] = last;
    }
}

int oct_tuning_next(const octet_tuning *t)
{
    if (t->is_over || t->step >= t->steps)
        return -1;
    return t->order[place_of_next(t) % (uint64_t)t->settings.pictures];
}

static octet_status step(octet_tuning *t)
{
    const double share = oct_rate_share((long)t->step, (long)t->steps);
    size_t first = 0;
    for (int i = 0; i < t->settings.batch; i++) { /* labels stay where they are from now on */
        t->lessons[i].labels = t->labels ? t->labels + first : NULL;
        first += t->lessons[i].label_count;
    }
    const struct oct_rates rates = {share * t->settings.weight_rate, share * t->settings.bias_rate,
                                    share * t->settings.scale_rate};
    const octet_status status = oct_trainer_step(t->trainer, t->lessons, t->settings.batch, &rates,
                                                 (long)t->step, &t->loss);
    t->filled = 0;
    t->label_count = 0;
    if (status) {
        t->is_over = true;
        return status;
    }
    t->step++;
    return OCTET_OK;
}

octet_status oct_tuning_set_boxes(octet_tuning *t, const octet_tune_box *boxes, int count)
{
    if (!t->settings.labels)
        return oct_fail(&t->own, OCTET_INVALID_STATE, "the training is without labels");
    for (int i = 0; i < count; i++) {
        const octet_tune_box *b = &boxes[i];
        if (b->class_index < 0 || b->class_index >= t->model->network.head.class_count)
            return oct_fail(&t->own, OCTET_INVALID_ARGUMENT,
                            "a label is of class %d, and the model has %d", b->class_index,
                            t->model->network.head.class_count);
        if (!(b->x2 > b->x1 && b->y2 > b->y1 && isfinite(b->x1) && isfinite(b->y1) &&
              isfinite(b->x2) && isfinite(b->y2)))
            return oct_fail(&t->own, OCTET_INVALID_ARGUMENT, "a label's box has no area");
    }
    t->boxes = boxes;
    t->box_count = (size_t)count;
    return OCTET_OK;
}

/* The next picture's boxes as the network sees them. */
static octet_status take_boxes(octet_tuning *t, const struct oct_placed_part *placed,
                               bool is_flipped, struct oct_lesson *lesson)
{
    const float width = (float)t->plan->width;
    if (!oct_grow(&t->own, &t->labels, &t->label_room, t->label_count + t->box_count,
                  sizeof *t->labels))
        return oct_fail_memory(&t->own, "labels");
    for (size_t i = 0; i < t->box_count; i++) {
        const octet_tune_box *b = &t->boxes[i];
        const float box[4] = {b->x1, b->y1, b->x2, b->y2};
        float to[4];
        if (!oct_place_box(placed, box, to))
            continue;
        t->labels[t->label_count++] = (struct oct_label){
            b->class_index,
            {is_flipped ? width - to[2] : to[0], to[1], is_flipped ? width - to[0] : to[2], to[3]}};
        lesson->label_count++;
    }
    t->boxes = NULL;
    t->box_count = 0;
    return OCTET_OK;
}

static struct oct_placed_part place_picture(const octet_tuning *t, const octet_image *image)
{
    const int height = t->plan->height, width = t->plan->width;
    if (!t->settings.scale_jitter)
        return oct_place_whole(image, width, height);
    const struct oct_jitter jitter = oct_jitter_of(t->settings.seed, place_of_next(t));
    return oct_place_jittered(image, width, height, &jitter);
}

octet_status oct_tuning_add(octet_tuning *t, const octet_image *image)
{
    const size_t height = (size_t)t->plan->height, width = (size_t)t->plan->width;
    if (oct_tuning_next(t) < 0)
        return oct_fail(&t->own, OCTET_INVALID_STATE, "the training is over");
    uint8_t *rgb = t->rgb + (size_t)t->filled * height * width * 3;
    const struct oct_pixels target = {rgb, 3 * width, 3};
    const struct oct_placed_part placed = place_picture(t, image);
    octet_status status = oct_letterbox_frame(&t->own, &t->resize, &placed.part, &placed.where,
                                              &target, &t->letterbox);
    if (status)
        return status;
    struct oct_lesson *lesson = &t->lessons[t->filled];
    *lesson = (struct oct_lesson){
        .rgb = rgb,
        .is_flipped = oct_random_bits(t->settings.seed, 2 * place_of_next(t) + 1) >> 63 != 0};
    status = take_boxes(t, &placed, lesson->is_flipped, lesson);
    if (status)
        return status;
    t->filled++;
    status = t->filled == t->settings.batch ? step(t) : OCTET_OK;
    oct_tuning_order(t);
    return status;
}

/* ---- how it is made ---- */

static octet_status make_pictures(octet_tuning *t)
{
    const size_t batch = (size_t)t->settings.batch;
    struct oct_kernels kernels;
    unsigned sets = 0;
    const octet_status status = oct_cpu_parse(&t->own, t->settings.cpu, &sets);
    if (status)
        return status;
    oct_kernels_fill(&kernels, sets);
    t->resize = kernels.resize;
    t->letterbox.bytes = oct_letterbox_scratch_bytes(t->plan->width);
    t->letterbox.memory = oct_arena_calloc(&t->arena, t->letterbox.bytes, 1);
    t->rgb =
        oct_arena_calloc(&t->arena, batch * (size_t)t->plan->height * (size_t)t->plan->width, 3);
    t->lessons = oct_arena_calloc(&t->arena, batch, sizeof *t->lessons);
    t->order = oct_arena_calloc(&t->arena, (size_t)t->settings.pictures, sizeof *t->order);
    if (!t->letterbox.memory || !t->rgb || !t->lessons || !t->order)
        return oct_fail_memory(&t->own, "training");
    const double steps = t->settings.epochs * t->settings.pictures / t->settings.batch;
    t->steps = steps < 1.0 ? 1 : (int64_t)steps;
    t->epoch = -1;
    oct_tuning_order(t);
    return OCTET_OK;
}

static octet_status make_student(octet_tuning *t)
{
    unsigned sets = 0;
    octet_status status = oct_cpu_parse(&t->own, t->settings.cpu, &sets);
    /* of 8 bits nothing is gained by them */
    const bool has_features = t->settings.weight_bits == 4 && !t->settings.labels;
    const struct oct_train_plan_settings plan = {.network = &t->model->network,
                                                 .height = t->statistics->input_height,
                                                 .width = t->statistics->input_width,
                                                 .codings = t->codings,
                                                 .coding_count = t->coding_count,
                                                 .has_features = has_features,
                                                 .cpu_sets = sets};
    if (!status)
        status = oct_train_plan_create(&t->own, t->onednn, &plan, &t->plan);
    const struct oct_student_settings student = {
        .plan = t->plan,
        .layers = t->layers,
        .codings = t->first,
        .picture = oct_picture_quantization,
        .keeps_lowest = t->settings.weight_bits == 4,
    };
    if (!status)
        status = oct_student_create(&t->own, &student, &t->student);
    if (!status)
        status = oct_threads_create(&t->own, t->settings.threads, &t->threads);
    const bool is_trt = t->settings.target == OCTET_TUNE_TENSORRT;
    const struct oct_trainer_settings trainer = {
        .student = t->student,
        .threads = t->threads,
        .picture = {is_trt ? OCT_PICTURE_SCALE : 0.0f, 128},
        .has_labels = t->settings.labels != 0,
    };
    if (!status)
        status = oct_trainer_create(&t->own, &trainer, &t->trainer);
    if (status)
        return status;
    t->kept = oct_malloc(&t->own, t->student->count, sizeof *t->kept);
    if (!t->kept)
        return oct_fail_memory(&t->own, "training");
    oct_tuning_keep(t);
    return OCTET_OK;
}

static octet_status create(octet_tuning *t)
{
    t->build = (octet_build_settings){.precision = OCTET_PRECISION_INT8,
                                      .calibrator = t->settings.calibrator,
                                      .weight_bits = t->settings.weight_bits};
    oct_calibrator_parse(t->settings.calibrator, &t->calibrator); /* checked before */
    octet_status status = oct_model_check_statistics(&t->own, t->model, t->statistics);
    if (!status)
        status = oct_onednn_open(&t->own, &t->onednn);
    if (!status)
        status = oct_tuning_start(t);
    if (!status)
        status = make_student(t);
    return status ? status : make_pictures(t);
}

octet_status oct_tuning_create(octet_context *ctx, const octet_model *model,
                               const octet_statistics *statistics,
                               const octet_tune_settings *settings, octet_tuning **tuning)
{
    octet_tuning *t = oct_calloc(ctx, 1, sizeof *t);
    *tuning = NULL;
    if (!t)
        return oct_fail_memory(ctx, "training");
    oct_context_inherit(&t->own, ctx);
    oct_arena_init(&t->arena, &t->own);
    t->model = model;
    t->statistics = statistics;
    t->settings = *settings;
    settle(&t->settings);
    const octet_status status = create(t);
    if (status) {
        oct_fail(ctx, status, "%s", t->own.message);
        oct_tuning_free(t);
        return status;
    }
    *tuning = t;
    return OCTET_OK;
}

void oct_tuning_free(octet_tuning *t)
{
    if (!t)
        return;
    struct octet_context last = t->own;
    oct_trainer_free(&last, &t->trainer);
    oct_threads_destroy(&t->threads);
    oct_student_free(&last, &t->student);
    oct_train_plan_free(&last, &t->plan);
    oct_onednn_close(&last, &t->onednn);
    oct_free(&last, t->kept);
    oct_free(&last, t->labels);
    oct_arena_clear(&t->arena);
    oct_free(&last, t);
}

/* ---- what it is now ---- */

void oct_tuning_info(const octet_tuning *t, octet_tune_info *info)
{
    const struct oct_network *network = &t->model->network;
    *info = (octet_tune_info){.step = t->step, .steps = t->steps, .loss = t->loss};
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_student_layer *l = &t->student->layers[i];
        for (size_t k = 0; t->plan->layers[i].convolution && l->bits && k < l->shape.count; k++)
            info->changed += l->codes[k] != t->layers[i].codes[k];
        info->codes += l->bits ? (int64_t)l->shape.count : 0;
    }
}

void oct_tuning_keep(octet_tuning *t)
{
    memcpy(t->kept, t->student->values, t->student->count * sizeof *t->kept);
}

octet_status oct_tuning_return(octet_tuning *t)
{
    memcpy(t->student->values, t->kept, t->student->count * sizeof *t->kept);
    t->is_over = true;
    return oct_trainer_refresh(t->trainer);
}
