/* SPDX-License-Identifier: Apache-2.0 */
/* Two detectors over the same pictures. */
#include "insight/compare_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"
#include "app/json_print.h"
#include "app/progress.h"
#include "models/checkpoint.h"

#define AHEAD 3 /* pictures that are decoded while others are run */

static int fail_context(struct compare_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_context_message(run->app->context));
}

static int fail_session(struct compare_run *run, octet_status status, octet_session *session)
{
    return app_fail_library(run->app, status, octet_session_message(session));
}

static octet_status take_boxes(struct compare_run *run, int side)
{
    octet_detect_settings settings;
    selection_for_precision(run->sides[side].engine, &settings);
    return octet_session_detect(run->sides[side].session, 0, &settings, run->detections[side],
                                SCORING_DETECTIONS_MAX, &run->counts[side]);
}

static octet_status take_b(void *user)
{
    return take_boxes(user, 1);
}

/* Both networks, with or without a look at their layers, and the boxes of both. */
static int run_both(struct compare_run *run)
{
    octet_session *a = run->sides[0].session, *b = run->sides[1].session, *failed = a;
    octet_status status = OCTET_OK;
    if (run->arguments->no_layers) {
        status = octet_session_run(a);
        if (status == OCTET_OK) {
            failed = b;
            status = octet_session_run(b);
        }
        if (status == OCTET_OK)
            status = take_boxes(run, 1);
    } else {
        status = layer_noise_add(&run->layers, a, b, take_b, run, &failed);
    }
    if (status == OCTET_OK) {
        failed = a;
        status = take_boxes(run, 0);
    }
    return status == OCTET_OK ? STATUS_DONE : fail_session(run, status, failed);
}

static octet_status add_truth(struct compare_run *run, const octet_detection *box)
{
    const octet_truth_box label = {.id = ++run->truth_boxes,
                                   .image_id = (int64_t)run->used,
                                   .class_id = box->class_id,
                                   .x = (double)box->x1,
                                   .y = (double)box->y1,
                                   .width = (double)box->x2 - (double)box->x1,
                                   .height = (double)box->y2 - (double)box->y1,
                                   .area = -1};
    return octet_truth_add_box(run->truth, &label);
}

/* A's sure boxes as ground truth, and all boxes of both as found. */
static int keep_boxes(struct compare_run *run)
{
    const octet_truth_image image = {.id = (int64_t)run->used, .file_name = ""};
    octet_status status = octet_truth_add_image(run->truth, &image);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < run->counts[side] && status == OCTET_OK; i++) {
            const octet_detection *box = &run->detections[side][i];
            status = octet_detections_add(run->found[side], (int64_t)run->used, box->class_id, box);
            if (status == OCTET_OK && side == 0 && (double)box->score >= run->arguments->confidence)
                status = add_truth(run, box);
        }
    return status == OCTET_OK ? STATUS_DONE : fail_context(run, status);
}

/* The boxes of a picture, just found or found before an interruption; then without its pixels. */
static int add_boxes(struct compare_run *run, const struct frame *frame,
                     const struct found_boxes boxes[2])
{
    const double confidence = run->arguments->confidence;
    run->used++;
    int status = keep_boxes(run);
    if (status == STATUS_DONE && run->also && frame->image)
        status = run->also(run->user, run, frame);
    if (status != STATUS_DONE)
        return status;
    const double difference = box_totals_add(&run->boxes, &boxes[0], &boxes[1]);
    status = worst_pictures_offer(run->app, &run->worst, frame, boxes, confidence, difference);
    return status == STATUS_DONE
               ? worst_pictures_offer(run->app, &run->best, frame, boxes, confidence, difference)
               : status;
}

/* A picture that was read; one that the networks cannot take is reported and left out. */
static int compare_on(struct compare_run *run, const struct frame *frame)
{
    for (int side = 0; side < 2; side++) {
        const int chosen = compare_side_choose(run->app, &run->sides[side], frame->image);
        if (chosen != STATUS_DONE)
            return chosen;
        octet_session *session = run->sides[side].session;
        if (octet_session_set_image(session, 0, frame->image) == OCTET_OK)
            continue;
        app_fail(run->app, "%s: %s", frame->label, octet_session_message(session));
        run->bad++;
        return STATUS_DONE;
    }
    const int status = run_both(run);
    if (status != STATUS_DONE)
        return status;
    const struct found_boxes boxes[2] = {{run->detections[0], run->counts[0]},
                                         {run->detections[1], run->counts[1]}};
    if (run->state.path)
        compare_state_add(&run->state, boxes);
    return add_boxes(run, frame, boxes);
}

static int take_frame(struct compare_run *run, const struct frame *frame)
{
    if (frame->image)
        return compare_on(run, frame);
    if (frame->status == OCTET_OUT_OF_MEMORY)
        return app_fail(run->app, "%s", frame->message);
    app_fail(run->app, "%s", frame->message);
    run->bad++;
    return STATUS_DONE;
}

static int prepare(struct compare_run *run)
{
    const struct compare_arguments *arguments = run->arguments;
    const octet_engine *engine = run->sides[0].engine;
    const int classes = run->sides[0].info.class_count;
    octet_context *context = run->app->context;
    octet_status status = octet_truth_create(context, &run->truth);
    for (int i = 0; i < 2 && status == OCTET_OK; i++)
        status = octet_detections_create(context, &run->found[i]);
    for (int i = 0; i < classes && status == OCTET_OK; i++)
        status = octet_truth_add_class(run->truth, i, octet_engine_class_name(engine, i));
    if (status != OCTET_OK)
        return fail_context(run, status);
    box_totals_open(&run->boxes, arguments->confidence, classes);
    if (!arguments->no_layers)
        layer_noise_open(&run->layers, engine, run->sides[1].engine);
    run->worst.most = (size_t)arguments->worst;
    run->worst.keep_images = arguments->output;
    return STATUS_DONE;
}

/* The detectors' files, and those that came with them, by their bytes. */
static int hash_models(struct compare_run *run, json_t *request)
{
    struct app *app = run->app;
    int status = STATUS_DONE;
    json_t *list = json_new_array();
    for (size_t i = 0; i < 2 + app->data_file_count && status == STATUS_DONE; i++) {
        char text[32];
        uint64_t hash = APP_HASH_START;
        status =
            checkpoint_hash_file(app, i < 2 ? run->sides[i].path : app->data_files[i - 2], &hash);
        snprintf(text, sizeof text, "%016" PRIx64, hash);
        json_push(list, json_text(text));
    }
    json_put(request, "models", list);
    return status;
}

/* All that figures hang on, to the last digit. */
static int make_request(struct compare_run *run)
{
    json_t *request = json_new_object(), *places = json_new_array();
    char list[32];
    snprintf(list, sizeof list, "%016" PRIx64, checkpoint_hash_list(&run->sources));
    for (int i = 0; i < 2; i++) {
        json_push(places, json_text(octet_session_device(run->sides[i].session)));
        json_push(places, json_text(octet_session_cpu(run->sides[i].session)));
    }
    json_put(request, "pictures", json_text(list));
    json_put(request, "places", places);
    json_put(request, "height", json_integer(octet_session_height(run->sides[0].session)));
    json_put(request, "width", json_integer(octet_session_width(run->sides[0].session)));
    if (run->arguments->rect)
        json_put(request, "rect", json_boolean(true));
    json_put(request, "confidence", json_real(run->arguments->confidence));
    json_put(request, "layers", json_boolean(!run->arguments->no_layers));
    run->state.request = request;
    return hash_models(run, request);
}

static bool are_of_classes(const struct found_boxes *found, int classes)
{
    for (int i = 0; i < found->count; i++)
        if (found->boxes[i].class_id < 0 || found->boxes[i].class_id >= classes)
            return false;
    return true;
}

/* The boxes of before the interruption, in the same order: so all sums are the same. */
static int add_measured(struct compare_run *run)
{
    const struct compare_state *state = &run->state;
    const octet_detection *at = state->boxes;
    int status = STATUS_DONE;
    run->bad = state->bad;
    for (size_t i = 0; i < state->measured_count && status == STATUS_DONE; i++) {
        const struct picture_boxes *measured = &state->measured[i];
        const struct frame frame = {.label = run->sources.path[measured->place]};
        struct found_boxes boxes[2];
        for (int side = 0; side < 2; side++) {
            boxes[side] = (struct found_boxes){at, (int)measured->counts[side]};
            at += measured->counts[side];
            if (!are_of_classes(&boxes[side], run->sides[0].info.class_count))
                return app_fail(run->app, "%s: damaged: leave out --resume", state->path);
            run->counts[side] = boxes[side].count;
            memcpy(run->detections[side], boxes[side].boxes,
                   (size_t)boxes[side].count * sizeof *boxes[side].boxes);
        }
        status = add_boxes(run, &frame, boxes);
    }
    return status;
}

/* Makes ready to keep what is measured, and takes over what was. */
static int begin_state(struct compare_run *run)
{
    struct compare_state *state = &run->state;
    if (!state->path)
        return STATUS_DONE;
    state->pictures = run->sources.count;
    state->layers = run->arguments->no_layers ? NULL : &run->layers;
    int status = make_request(run);
    if (status == STATUS_DONE && run->arguments->resume)
        status = compare_state_load(state);
    else if (status == STATUS_DONE)
        compare_state_pass_over(state);
    return status == STATUS_DONE ? add_measured(run) : status;
}

static int next_place(struct compare_run *run, double start_ms, double before)
{
    struct compare_state *state = &run->state;
    state->position++;
    state->bad = run->bad;
    state->seconds = before + (app_now_ms() - start_ms) / 1e3;
    return compare_state_save_at_times(state);
}

static int run_all(struct compare_run *run, struct pictures *pictures)
{
    struct progress progress, *shown = run->whole ? run->whole : &progress;
    struct frame frame;
    int status = STATUS_DONE;
    const double start_ms = app_now_ms(), before = run->state.seconds;
    if (!run->whole)
        app_progress(run->app, &progress, "comparing", run->sources.count - run->state.position);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        app_hold_signals(); /* a picture that has begun is finished, and reported with the others */
        status = take_frame(run, &frame);
        if (status == STATUS_DONE)
            status = next_place(run, start_ms, before);
        app_release_signals();
        frame_free(&frame);
        progress_add(shown, run->whole ? run->steps : 1);
    }
    if (!run->whole)
        progress_finish(&progress);
    run->interrupted = app_interrupted() && (!sources_are_counted(&run->sources) ||
                                             run->state.position < run->sources.count);
    return status;
}

static size_t count_classes(const struct compare_run *run, int *last)
{
    size_t count = 0;
    for (int i = 0; i < run->sides[0].info.class_count; i++)
        if (run->boxes.classes[i].sure) {
            count++;
            *last = i;
        }
    return count;
}

/* Says what figures of few pictures, few boxes or one class are worth. */
static void warn_of_little(const struct compare_run *run)
{
    const size_t boxes = run->boxes.all.sure;
    const char *a = run->sides[0].path;
    int class = 0;
    if (boxes == 0)
        app_say(run->app,
                "warning: %s is sure of no box: there is no agreement; take other pictures", a);
    else if (run->used < FEW_PICTURES)
        app_say(run->app, "warning: %zu picture%s say%s little about agreement: take 50 or more",
                run->used, run->used == 1 ? "" : "s", run->used == 1 ? "s" : "");
    else if (boxes < FEW_BOXES)
        app_say(run->app,
                "warning: %zu box%s that %s is sure of say%s little about agreement: take more "
                "pictures",
                boxes, boxes == 1 ? "" : "es", a, boxes == 1 ? "s" : "");
    if (boxes > 0 && run->sides[0].info.class_count > 1 && count_classes(run, &class) == 1)
        app_say(run->app,
                "warning: all boxes that %s is sure of are of one class (%s): figures say nothing "
                "of the others",
                a, octet_engine_class_name(run->sides[0].engine, class));
}

/* Whether enough pictures took part. */
static int check_used(struct compare_run *run)
{
    const struct calibration_request *request = &run->arguments->pictures;
    const size_t total = run->used + run->bad;
    if (run->used == 0 && run->interrupted)
        return app_fail(run->app, "interrupted: nothing was measured");
    if (run->used == 0)
        return app_fail(run->app, "%s: none of the pictures could be used",
                        request->images.text[0]);
    const int status = calibration_check_bad(run->app, request, run->bad, total);
    if (status != STATUS_DONE)
        return status;
    if (run->bad)
        app_say(run->app, "warning: %zu of %zu pictures were left out", run->bad, total);
    if (!run->interrupted)
        warn_of_little(run);
    return STATUS_DONE;
}

int compare_run_pictures(struct compare_run *run)
{
    struct pictures *pictures = NULL;
    const double start_ms = app_now_ms();
    int status = prepare(run);
    if (status == STATUS_DONE)
        status = begin_state(run);
    const double before = run->state.seconds;
    struct sources rest = run->sources; /* with a stream, none is done */
    rest.path += run->state.position;
    rest.count -= run->state.position;
    if (status == STATUS_DONE && (rest.count || !run->state.position))
        status =
            pictures_open(run->app, &rest, (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status == STATUS_DONE && pictures)
        status = run_all(run, pictures);
    pictures_close(&pictures);
    run->seconds = before + (app_now_ms() - start_ms) / 1e3;
    return status == STATUS_DONE ? check_used(run) : status;
}

int compare_run_score(struct compare_run *run, struct compare_result *result)
{
    octet_evaluation evaluation;
    const size_t classes = (size_t)run->sides[0].info.class_count;
    *result = (struct compare_result){.errors = box_totals_errors(&run->boxes)};
    result->classes = app_alloc(classes, sizeof *result->classes);
    octet_status status = octet_evaluate_agreement(run->found[0], run->found[1],
                                                   run->arguments->confidence, &result->agreement);
    if (status != OCTET_OK)
        return app_fail_library(run->app, status, octet_detections_message(run->found[0]));
    status = octet_evaluate(run->truth, run->found[1], NULL, &evaluation, result->classes);
    return status == OCTET_OK ? STATUS_DONE : fail_context(run, status);
}

void compare_run_close(struct compare_run *run)
{
    worst_pictures_free(&run->worst);
    worst_pictures_free(&run->best);
    layer_noise_close(&run->layers);
    box_totals_close(&run->boxes);
    compare_state_close(&run->state);
    octet_truth_free(&run->truth);
    for (int i = 0; i < 2; i++) {
        octet_detections_free(&run->found[i]);
        compare_side_close(&run->sides[i]);
    }
    sources_free(&run->sources);
}
