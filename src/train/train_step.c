/* SPDX-License-Identifier: Apache-2.0 */
/* Runs batches, and steps. */
#include "train/train_step.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "train/detector_loss.h"
#include "train/feature_match.h"

#define FEATURE_WEIGHT 30.0 /* of each, beside the loss of the head's outputs */

struct learner {
    struct oct_train_pass pass;
    float *teacher;                       /* the head's outputs, one after another */
    float *gradients;                     /* packed, of one picture */
    double *scales;                       /* of one picture */
    float *weights;                       /* of the largest layer */
    struct oct_labelled_picture labelled; /* its scratch */
    struct oct_network_size sizes[OCT_HEAD_OUTPUTS_MAX / 2];
    octet_status failed;
};

struct oct_trainer {
    octet_context *ctx;
    const struct oct_train_plan *plan;
    struct oct_student *student;
    struct oct_threads *threads;
    struct oct_quantization picture;
    struct oct_packed_layer *teacher; /* [layers] */
    size_t teacher_floats;
    bool has_labels;
    int learner_count;
    struct learner *learners;
    struct oct_adam_moments moments;
    struct oct_feature_survey survey;
    /* of a batch */
    const struct oct_lesson *lessons;
    float *gradients; /* packed, of all pictures */
    double *scales;
    struct oct_distilled sum;
    pthread_mutex_t mutex; /* guards what pictures add to, and: */
    pthread_cond_t changed;
    int turn; /* the picture that adds next */
    /* of a step */
    double factor;
    struct oct_rates rates;
    long step;
};

/* ---- how it is made ---- */

/* Of all levels of the head. */
static size_t cells_of(const struct oct_train_plan *plan)
{
    size_t cells = 0;
    for (int i = 1; i < plan->network->head.output_count; i += 2)
        cells += oct_train_output_floats(plan, i) / (size_t)plan->network->head.class_count;
    return cells;
}

static octet_status make_room_for_labels(struct oct_trainer *t, struct learner *learner)
{
    const struct oct_head *head = &t->plan->network->head;
    struct oct_labelled_picture *p = &learner->labelled;
    const size_t cells = cells_of(t->plan);
    p->head = head;
    p->level_count = head->output_count / 2;
    p->sizes = learner->sizes;
    for (int i = 0; i < p->level_count; i++)
        learner->sizes[i] = t->plan->layers[oct_train_output_layer(t->plan, 2 * i)].output;
    p->cells = oct_malloc(t->ctx, cells, sizeof *p->cells);
    p->alignments = oct_malloc(t->ctx, cells, sizeof *p->alignments);
    p->scratch = oct_malloc(t->ctx, 3 * cells, sizeof *p->scratch);
    return p->cells && p->alignments && p->scratch ? OCTET_OK : oct_fail_memory(t->ctx, "training");
}

static octet_status open_learner(struct oct_trainer *t, struct learner *learner)
{
    octet_context *ctx = t->ctx;
    learner->teacher = oct_malloc(ctx, t->teacher_floats, sizeof *learner->teacher);
    learner->gradients = oct_malloc(ctx, t->plan->gradient_floats, sizeof *learner->gradients);
    learner->scales = oct_calloc(ctx, (size_t)t->plan->coding_count, sizeof *learner->scales);
    learner->weights = oct_malloc(ctx, oct_student_largest(t->student), sizeof *learner->weights);
    if (!learner->teacher || !learner->gradients || !learner->scales || !learner->weights)
        return oct_fail_memory(ctx, "training");
    const octet_status status = t->has_labels ? make_room_for_labels(t, learner) : OCTET_OK;
    return status ? status : oct_train_pass_open(ctx, t->plan, &learner->pass);
}

static octet_status pack_teacher(struct oct_trainer *t)
{
    const struct oct_network *network = t->plan->network;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_trained_convolution *convolution = t->plan->layers[i].convolution;
        if (!convolution)
            continue;
        t->teacher[i].bias = network->layers[i].bias;
        t->teacher[i].forward =
            oct_malloc(t->ctx, oct_convolution_needs(convolution)->forward_bytes, 1);
        if (!t->teacher[i].forward)
            return oct_fail_memory(t->ctx, "training");
        if (oct_convolution_pack(convolution, &t->learners[0].pass.worker,
                                 network->layers[i].values, t->teacher[i].forward, NULL))
            return oct_fail(t->ctx, OCTET_INTERNAL, "oneDNN failed");
    }
    return OCTET_OK;
}

static octet_status create(struct oct_trainer *t)
{
    octet_context *ctx = t->ctx;
    const struct oct_train_plan *plan = t->plan;
    for (int i = 0; i < plan->network->head.output_count && !t->has_labels; i++)
        t->teacher_floats += oct_train_output_floats(plan, i);
    t->learner_count = oct_threads_count(t->threads);
    t->learners = oct_calloc(ctx, (size_t)t->learner_count, sizeof *t->learners);
    t->teacher = oct_calloc(ctx, (size_t)plan->network->layer_count, sizeof *t->teacher);
    t->gradients = oct_malloc(ctx, plan->gradient_floats, sizeof *t->gradients);
    t->scales = oct_calloc(ctx, (size_t)plan->coding_count, sizeof *t->scales);
    t->moments.mean = oct_calloc(ctx, t->student->count, sizeof *t->moments.mean);
    t->moments.square = oct_calloc(ctx, t->student->count, sizeof *t->moments.square);
    if (!t->learners || !t->teacher || !t->gradients || !t->scales || !t->moments.mean ||
        !t->moments.square)
        return oct_fail_memory(ctx, "training");
    octet_status status = OCTET_OK;
    for (int i = 0; i < t->learner_count && !status; i++)
        status = open_learner(t, &t->learners[i]);
    if (!status && !t->has_labels)
        status = pack_teacher(t);
    if (!status)
        status = oct_feature_survey_open(ctx, plan, &t->survey);
    return status ? status : oct_trainer_refresh(t);
}

octet_status oct_trainer_create(octet_context *ctx, const struct oct_trainer_settings *settings,
                                struct oct_trainer **trainer)
{
    struct oct_trainer *t = oct_calloc(ctx, 1, sizeof *t);
    *trainer = t;
    if (!t)
        return oct_fail_memory(ctx, "training");
    t->ctx = ctx;
    t->student = settings->student;
    t->plan = settings->student->plan;
    t->threads = settings->threads;
    t->picture = settings->picture;
    t->has_labels = settings->has_labels;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->changed, NULL);
    const octet_status status = create(t);
    if (status)
        oct_trainer_free(ctx, trainer);
    return status;
}

void oct_trainer_free(octet_context *ctx, struct oct_trainer **trainer)
{
    struct oct_trainer *t = *trainer;
    if (!t)
        return;
    for (int i = 0; t->learners && i < t->learner_count; i++) {
        struct learner *learner = &t->learners[i];
        oct_train_pass_close(ctx, &learner->pass);
        oct_free(ctx, learner->teacher);
        oct_free(ctx, learner->gradients);
        oct_free(ctx, learner->scales);
        oct_free(ctx, learner->weights);
        oct_free(ctx, learner->labelled.cells);
        oct_free(ctx, learner->labelled.alignments);
        oct_free(ctx, learner->labelled.scratch);
    }
    for (int i = 0; t->teacher && i < t->plan->network->layer_count; i++)
        oct_free(ctx, t->teacher[i].forward);
    oct_free(ctx, t->learners);
    oct_free(ctx, t->teacher);
    oct_free(ctx, t->gradients);
    oct_free(ctx, t->scales);
    oct_feature_survey_close(ctx, &t->survey);
    oct_free(ctx, t->moments.mean);
    oct_free(ctx, t->moments.square);
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->changed);
    oct_free(ctx, t);
    *trainer = NULL;
}

struct oct_adam_moments oct_trainer_moments(const struct oct_trainer *trainer)
{
    return trainer->moments;
}

/* ---- a picture ---- */

static void fill_picture(const struct oct_trainer *t, struct learner *learner,
                         const struct oct_lesson *lesson, struct oct_quantization rounding)
{
    const int width = t->plan->width;
    float *to = oct_train_picture(&learner->pass);
    float values[256];
    for (int i = 0; i < 256; i++) {
        const float value = (float)i / 255.0f;
        values[i] = oct_is_quantized(rounding)
                        ? (float)oct_quantization_steps(value, rounding) * rounding.scale
                        : value;
    }
    for (int y = 0; y < t->plan->height; y++)
        for (int x = 0; x < width; x++) {
            const uint8_t *pixel =
                lesson->rgb +
                3 * ((size_t)y * (size_t)width + (size_t)(lesson->is_flipped ? width - 1 - x : x));
            for (int c = 0; c < 3; c++)
                *to++ = values[pixel[c]];
        }
}

static octet_status run_teacher(struct oct_trainer *t, struct learner *learner,
                                const struct oct_lesson *lesson)
{
    const struct oct_train_weights weights = {t->teacher, NULL};
    fill_picture(t, learner, lesson, (struct oct_quantization){0.0f, 0});
    return oct_train_forward(&learner->pass, &weights);
}

/* And keeps what comes out of it. */
static octet_status ask_teacher(struct oct_trainer *t, struct learner *learner,
                                const struct oct_lesson *lesson)
{
    const octet_status status = run_teacher(t, learner, lesson);
    float *to = learner->teacher;
    for (int i = 0; i < t->plan->network->head.output_count && !status; i++) {
        memcpy(to, oct_train_output(&learner->pass, i),
               oct_train_output_floats(t->plan, i) * sizeof *to);
        to += oct_train_output_floats(t->plan, i);
    }
    return status;
}

/* A level's outputs; the teacher's are `floats` into what is kept of it. */
static struct oct_distilled_level level_of(struct learner *learner, int level, size_t floats)
{
    const struct oct_train_plan *plan = learner->pass.plan;
    const size_t boxes = oct_train_output_floats(plan, 2 * level);
    return (struct oct_distilled_level){
        .cells =
            oct_train_output_floats(plan, 2 * level + 1) / (size_t)plan->network->head.class_count,
        .boxes = oct_train_output(&learner->pass, 2 * level),
        .classes = oct_train_output(&learner->pass, 2 * level + 1),
        .teacher_boxes = learner->teacher + floats,
        .teacher_classes = learner->teacher + floats + boxes,
        .box_gradient = oct_train_output_gradient(&learner->pass, 2 * level),
        .class_gradient = oct_train_output_gradient(&learner->pass, 2 * level + 1),
    };
}

static struct oct_distilled compare(struct oct_trainer *t, struct learner *learner,
                                    const struct oct_lesson *lesson)
{
    const struct oct_head *head = &t->plan->network->head;
    struct oct_distilled_level levels[OCT_HEAD_OUTPUTS_MAX / 2];
    struct oct_distilled sum = {0.0, 0.0};
    size_t floats = 0;
    for (int i = 0; i < head->output_count / 2; i++) {
        levels[i] = level_of(learner, i, floats);
        floats +=
            oct_train_output_floats(t->plan, 2 * i) + oct_train_output_floats(t->plan, 2 * i + 1);
        if (!t->has_labels)
            oct_distill(&t->plan->kernels, head, &levels[i], &sum);
    }
    learner->labelled.levels = levels;
    learner->labelled.labels = lesson->labels;
    learner->labelled.label_count = lesson->label_count;
    if (t->has_labels)
        oct_detector_loss(&learner->labelled, &sum);
    return sum;
}

/* Waits until all pictures before have added theirs. */
static void add_in_turn(struct oct_trainer *t, struct learner *learner, int item,
                        const struct oct_distilled *sum)
{
    pthread_mutex_lock(&t->mutex);
    while (t->turn != item)
        pthread_cond_wait(&t->changed, &t->mutex);
    if (!learner->failed) {
        t->plan->kernels.add(learner->gradients, t->plan->gradient_floats, t->gradients);
        for (int i = 0; i < t->plan->coding_count; i++)
            t->scales[i] += learner->scales[i];
        t->sum.loss += sum->loss;
        t->sum.confidence += sum->confidence;
    }
    t->turn++;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->mutex);
}

static octet_status look_for_failures(const struct oct_trainer *t)
{
    for (int i = 0; i < t->learner_count; i++)
        if (t->learners[i].failed)
            return oct_fail(t->ctx, t->learners[i].failed, "oneDNN failed at a convolution");
    return OCTET_OK;
}

static void survey_picture(void *user, int worker, int item)
{
    struct oct_trainer *t = user;
    struct learner *learner = &t->learners[worker];
    const int threads = oct_onednn_enter(t->plan->onednn);
    const octet_status failed = run_teacher(t, learner, &t->lessons[item]);
    oct_onednn_leave(t->plan->onednn, threads);
    if (failed)
        learner->failed = failed;
    else
        oct_feature_survey_add(&t->survey, item, &learner->pass);
}

/* Where features are compared, how much they count is known after all pictures were seen. */
static octet_status survey(struct oct_trainer *t, int count)
{
    if (!t->survey.layer_count)
        return OCTET_OK;
    octet_status status = oct_feature_survey_begin(t->ctx, &t->survey, count);
    if (status)
        return status;
    oct_threads_run(t->threads, survey_picture, t, count);
    status = look_for_failures(t);
    if (!status)
        oct_feature_survey_weigh(&t->survey, FEATURE_WEIGHT);
    return status;
}

static void run_picture(void *user, int worker, int item)
{
    struct oct_trainer *t = user;
    struct learner *learner = &t->learners[worker];
    const struct oct_train_weights weights = {t->student->packed, t->student->now_codings};
    struct oct_distilled sum = {0.0, 0.0};
    const int threads = oct_onednn_enter(t->plan->onednn);
    memset(learner->scales, 0, (size_t)t->plan->coding_count * sizeof *learner->scales);
    octet_status failed = t->has_labels ? OCTET_OK : ask_teacher(t, learner, &t->lessons[item]);
    if (!failed && (t->has_labels || oct_is_quantized(t->picture)))
        fill_picture(t, learner, &t->lessons[item], t->picture);
    if (!failed)
        failed = oct_train_forward(&learner->pass, &weights);
    if (!failed) {
        sum = compare(t, learner, &t->lessons[item]);
        struct oct_feature_match match = {t->survey.weights, 0.0};
        failed = oct_train_backward(&learner->pass, &weights, &match, learner->gradients,
                                    learner->scales);
        sum.loss += match.loss;
    }
    oct_onednn_leave(t->plan->onednn, threads);
    if (failed)
        learner->failed = failed;
    add_in_turn(t, learner, item, &sum);
}

/* ---- a step ---- */

static void learn(struct oct_trainer *t, const float *gradients, size_t first, size_t count,
                  double rate)
{
    const struct oct_adam_moments moments = {t->moments.mean + first, t->moments.square + first};
    oct_adam(&moments, rate, t->step + 1, t->factor, gradients, count, t->student->values + first);
}

static void learn_others(struct oct_trainer *t, size_t first, size_t count, double rate)
{
    learn(t, oct_student_gradient(t->student, first), first, count, rate);
}

static void learn_layer(void *user, int worker, int item)
{
    struct oct_trainer *t = user;
    struct learner *learner = &t->learners[worker];
    const struct oct_student_layer *l = &t->student->layers[item];
    if (!t->plan->layers[item].convolution || l->is_frozen)
        return;
    const int threads = oct_onednn_enter(t->plan->onednn);
    const octet_status failed = oct_student_gradients(t->student, &learner->pass.worker, item,
                                                      t->gradients, learner->weights);
    oct_onednn_leave(t->plan->onednn, threads);
    if (failed)
        learner->failed = failed;
    learn(t, learner->weights, l->weights, l->shape.count, t->rates.weights);
    learn_others(t, l->biases, (size_t)l->shape.outputs, t->rates.biases);
    if (l->bits)
        learn_others(t, l->scales, (size_t)l->shape.outputs, t->rates.scales);
}

static void learn_codings(struct oct_trainer *t)
{
    const size_t first = t->student->codings, count = (size_t)t->plan->coding_count;
    for (size_t i = 0; i < count; i++)
        *oct_student_gradient(t->student, first + i) = (float)t->scales[i];
    learn_others(t, first, count, t->rates.scales);
}

static void round_layer(void *user, int worker, int item)
{
    struct oct_trainer *t = user;
    struct learner *learner = &t->learners[worker];
    if (!t->plan->layers[item].convolution)
        return;
    const int threads = oct_onednn_enter(t->plan->onednn);
    const octet_status failed =
        oct_student_round(t->student, &learner->pass.worker, item, learner->weights);
    oct_onednn_leave(t->plan->onednn, threads);
    if (failed)
        learner->failed = failed;
}

/* Whether the gradients are numbers: a step by others would leave nothing to go on with. */
static bool are_finite(const struct oct_trainer *t)
{
    bool are = true;
    for (size_t i = 0; i < t->plan->gradient_floats; i++)
        are = are && isfinite(t->gradients[i]);
    for (int i = 0; i < t->plan->coding_count; i++)
        are = are && isfinite(t->scales[i]);
    return are;
}

octet_status oct_trainer_refresh(struct oct_trainer *t)
{
    oct_student_round_codings(t->student);
    oct_threads_run(t->threads, round_layer, t, t->plan->network->layer_count);
    return look_for_failures(t);
}

octet_status oct_trainer_step(struct oct_trainer *t, const struct oct_lesson *lessons, int count,
                              const struct oct_rates *rates, long step, double *loss)
{
    memset(t->gradients, 0, t->plan->gradient_floats * sizeof *t->gradients);
    memset(t->scales, 0, (size_t)t->plan->coding_count * sizeof *t->scales);
    t->sum = (struct oct_distilled){0.0, 0.0};
    t->lessons = lessons;
    t->turn = 0;
    octet_status status = survey(t, count);
    if (status)
        return status;
    oct_threads_run(t->threads, run_picture, t, count);
    status = look_for_failures(t);
    if (status)
        return status;
    t->factor = 1.0 / fmax(t->sum.confidence, OCT_CONFIDENCE_LEAST);
    const double mean = t->sum.loss * t->factor;
    if (!isfinite(mean) || !are_finite(t))
        return oct_fail(t->ctx, OCTET_UNSUPPORTED_MODEL, "the loss is not finite at step %ld",
                        step + 1);
    *loss = mean;
    t->rates = *rates;
    t->step = step;
    oct_threads_run(t->threads, learn_layer, t, t->plan->network->layer_count);
    learn_codings(t);
    status = look_for_failures(t);
    return status ? status : oct_trainer_refresh(t);
}
