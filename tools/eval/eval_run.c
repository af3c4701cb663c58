/* SPDX-License-Identifier: Apache-2.0 */
/* The model over the pictures of a set. */
#include "eval/eval_run.h"

#include <stdlib.h>

#include "app/progress.h"
#include "app/session_settings.h"
#include "eval/eval_facts.h"
#include "eval/part_writer.h"
#include "models/selection.h"
#include "pictures/pictures.h"

#define AHEAD 4 /* pictures that are decoded while others are run */

static int fail_context(struct eval_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_context_message(run->app->context));
}

static int open_session(struct eval_run *run)
{
    const octet_session_settings settings =
        app_session_settings(run->app, run->app->device, run->arguments->size);
    octet_status status = sized_sessions_open(&run->sessions, run->app->context, run->engine,
                                              &settings, run->arguments->rect);
    return status == OCTET_OK ? STATUS_DONE : fail_context(run, status);
}

/* Limits of the model's own take no part, so that figures can be compared. */
static void tell_limits(const struct eval_run *run)
{
    octet_detect_settings own;
    if (!octet_engine_detect_settings(run->engine, &own) || own.iou >= 1)
        return;
    char *text = selection_text(&own);
    app_say(run->app, "%s: its own limits (%s) take no part in average precision", run->model,
            text);
    free(text);
}

/* Classes that the ground truth does not have are left out only here: in the selection of boxes
 * they took part. */
static octet_status keep_detections(struct eval_run *run, int64_t image_id,
                                    const octet_detection *found, int count)
{
    octet_status status = OCTET_OK;
    for (int i = 0; status == OCTET_OK && i < count; i++)
        if (run->classes.known[found[i].class_id])
            status = octet_detections_add(run->detections, image_id,
                                          run->classes.ids[found[i].class_id], &found[i]);
    return status;
}

static void compare_size(struct eval_run *run, const struct eval_picture *entry,
                         const struct frame *frame)
{
    int width = octet_image_width(frame->image), height = octet_image_height(frame->image);
    if ((!entry->width || entry->width == width) && (!entry->height || entry->height == height))
        return;
    if (run->other_size++ == 0)
        app_say(run->app, "%s: %d x %d pixels, the annotations say %d x %d", frame->label, width,
                height, entry->width, entry->height);
}

/* Runs a picture that was read. One that the network cannot take is reported and bad. */
static int run_picture(struct eval_run *run, size_t index, const struct frame *frame)
{
    octet_detection found[SCORING_DETECTIONS_MAX];
    int count = 0;
    octet_detect_settings settings;
    selection_for_precision(run->engine, &settings);
    const struct eval_picture *entry = &run->set.entries[index];
    octet_session *session = sized_sessions_for(&run->sessions, octet_image_width(frame->image),
                                                octet_image_height(frame->image));
    if (!session)
        return app_fail(run->app, "%s", octet_context_message(run->app->context));
    octet_status status = octet_session_set_image(session, 0, frame->image);
    if (status != OCTET_OK) {
        app_fail(run->app, "%s: %s", frame->label, octet_session_message(session));
        return eval_set_count_bad(run->app, &run->set, 1);
    }
    int result = eval_set_add_picture(run->app, &run->set, index, frame->image);
    if (result != STATUS_DONE)
        return result;
    compare_size(run, entry, frame);
    status = octet_session_run(session);
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, &settings, found, SCORING_DETECTIONS_MAX, &count);
    if (status != OCTET_OK)
        return app_fail_library(run->app, status, octet_session_message(session));
    size_tally_add(&run->tally, octet_session_height(session), octet_session_width(session), 1);
    if (run->part)
        part_add(run->part, run, index, found, count);
    else
        status = keep_detections(run, entry->id, found, count);
    if (status != OCTET_OK)
        return fail_context(run, status);
    run->done[run->done_count++] = entry->id;
    return STATUS_DONE;
}

static int run_all(struct eval_run *run, struct pictures *pictures, struct progress *progress)
{
    struct frame frame;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && pictures_next(pictures, &frame)) {
        if (frame.image) {
            status = run_picture(run, frame.source, &frame);
        } else if (frame.status == OCTET_OUT_OF_MEMORY) {
            status = app_fail(run->app, "%s", frame.message);
        } else {
            app_fail(run->app, "%s", frame.message);
            status = eval_set_count_bad(run->app, &run->set, 1);
        }
        frame_free(&frame);
        progress_add(progress, 1);
    }
    if (status == STATUS_DONE && app_interrupted())
        return app_fail(run->app, "interrupted: nothing was evaluated");
    return status;
}

int eval_run_pictures(struct eval_run *run)
{
    struct pictures *pictures = NULL;
    struct progress progress;
    double start_ms = app_now_ms();
    run->done = app_alloc(run->set.total, sizeof *run->done);
    octet_status made = octet_detections_create(run->app->context, &run->detections);
    if (made != OCTET_OK)
        return fail_context(run, made);
    int status = open_session(run);
    tell_limits(run);
    if (status == STATUS_DONE)
        run->facts = eval_facts_of_run(run);
    if (status == STATUS_DONE && run->part)
        status = eval_facts_identify(run, run->facts);
    if (status == STATUS_DONE && run->part)
        status = part_begin(run->part, run, run->arguments->output);
    if (status == STATUS_DONE)
        status = pictures_open(run->app, &run->set.pictures,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status == STATUS_DONE) {
        app_progress(run->app, &progress, "evaluating", run->set.pictures.count);
        status = run_all(run, pictures, &progress);
        progress_finish(&progress);
    }
    pictures_close(&pictures);
    if (status == STATUS_DONE && run->done_count == 0 && !run->part)
        status = app_fail(run->app, "none of the %zu pictures could take part", run->set.total);
    if (run->other_size > 1)
        app_say(run->app, "%zu pictures have another size than the annotations say",
                run->other_size);
    run->seconds = (app_now_ms() - start_ms) / 1e3;
    return status;
}
