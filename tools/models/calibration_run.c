/* SPDX-License-Identifier: Apache-2.0 */
/* Runs pictures through a calibration, which may be interrupted and resumed. */
#include "models/calibration_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/byte_hash.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "models/checkpoint.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are run */

void calibration_take_size(struct calibration_request *request)
{
    if (request->sizes.count != 1)
        return;
    request->size = request->sizes.size[0];
    request->sizes.count = 0;
}

int calibration_sources(struct app *app, const struct calibration_request *request,
                        struct sources *sources)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < request->images.count && status == STATUS_DONE; i++)
        status = sources_add(app, sources, request->images.text[i]);
    if (status == STATUS_DONE && request->every)
        status = sources_take_every(app, sources, (size_t)request->every);
    if (status == STATUS_DONE && request->count)
        status = sources_sample(app, sources, (size_t)request->count, (uint64_t)request->seed);
    if (status == STATUS_DONE && request->resume)
        status = sources_refuse_streams(app, sources, "--resume");
    if (status == STATUS_DONE && request->twice)
        status = sources_refuse_passing(
            app, sources, "--precision or --float-layers auto, which reads them twice,");
    return status;
}

/* All that one calibration holds. */
struct run {
    struct app *app;
    const struct calibration_request *request;
    struct calibration_result *result;
    struct sources sources;
    struct checkpoint checkpoint;
    octet_calibration *calibration;
    char name[24]; /* of the run that is a shard's, the same for all its shards */
};

/* The picture's own fault, not the model's or the machine's. */
static bool is_bad_picture(octet_status status)
{
    return status == OCTET_UNSUPPORTED_IMAGE || status == OCTET_IMAGE_TOO_LARGE;
}

int calibration_check_bad(struct app *app, const struct calibration_request *request, size_t failed,
                          size_t total)
{
    if ((double)failed <= request->max_bad * (double)total + 1e-9)
        return STATUS_DONE;
    return app_fail(
        app,
        "%zu of %zu pictures cannot be used, more than --max-bad %g allows: nothing was "
        "written",
        failed, total, request->max_bad);
}

static int leave_out(struct run *run, const struct frame *frame, const char *message)
{
    if (frame->image)
        app_fail(run->app, "%s: %s", frame->label, message);
    else
        app_fail(run->app, "%s", frame->message);
    run->checkpoint.left_out = ++run->result->failed;
    if (!sources_are_counted(&run->sources)) /* nobody knows how many there are before all came */
        return STATUS_DONE;
    return calibration_check_bad(run->app, run->request, run->result->failed, run->sources.count);
}

static int add_picture(struct run *run, const struct frame *frame)
{
    octet_status status = frame->status;
    const char *message = "";
    if (status == OCTET_OUT_OF_MEMORY)
        return app_fail(run->app, "%s", frame->message);
    if (frame->image) {
        status = octet_calibration_add(run->calibration, frame->image);
        message = octet_calibration_message(run->calibration);
    }
    run->checkpoint.position++;
    if (status == OCTET_OK) {
        run->result->used++;
        return checkpoint_save_at_times(run->app, &run->checkpoint, run->calibration);
    }
    if (!frame->image || is_bad_picture(status))
        return leave_out(run, frame, message);
    return app_fail(run->app, "%s: %s", frame->label, message);
}

/* Those of the list that no checkpoint has yet. */
static int add_pictures(struct run *run)
{
    const size_t done = run->checkpoint.position;
    struct sources rest = run->sources; /* with a stream, none is done */
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    rest.path += done;
    rest.count -= done;
    int status =
        pictures_open(run->app, &rest, (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(run->app, &progress, "calibrating", run->sources.count);
    progress_resume(&progress, done);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        const bool keeps = run->checkpoint.path; /* then a signal lets this picture be finished */
        if (keeps)
            app_hold_signals();
        status = add_picture(run, &frame);
        if (keeps)
            app_release_signals();
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    return status;
}

static int interrupted(struct run *run)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    if (!checkpoint->path || run->result->used == 0)
        return app_fail(run->app, "interrupted: nothing was written");
    int status = checkpoint_save(run->app, checkpoint, run->calibration);
    if (status != STATUS_DONE)
        return status;
    app_forget_signal(); /* what was asked for: an end in good order */
    return app_fail(run->app,
                    "interrupted after %zu of %zu pictures; the same command with --resume goes on "
                    "from %s",
                    checkpoint->position, checkpoint->pictures, checkpoint->path);
}

static int finish(struct run *run)
{
    if (app_interrupted())
        return interrupted(run);
    if (run->result->used == 0)
        return app_fail(run->app, "%s: none of the pictures could be used",
                        run->request->images.text[0]);
    const size_t total = run->result->used + run->result->failed;
    if (calibration_check_bad(run->app, run->request, run->result->failed, total) != STATUS_DONE)
        return STATUS_FAILED;
    octet_status status = octet_calibration_finish(run->calibration, &run->result->statistics);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(run->app, status, octet_calibration_message(run->calibration));
}

/* What all shards of a run have in common: its pictures, sizes and source. */
static void name_run(struct run *run)
{
    const struct calibration_request *request = run->request;
    const char *source = request->source ? request->source : "";
    const int side[] = {request->size.height, request->size.width};
    uint64_t hash = app_hash(checkpoint_hash_list(&run->sources), side, sizeof side);
    for (int i = 0; i < request->sizes.count; i++) {
        const int sides[] = {request->sizes.size[i].height, request->sizes.size[i].width};
        hash = app_hash(hash, sides, sizeof sides);
    }
    hash = app_hash(hash, source, strlen(source) + 1);
    snprintf(run->name, sizeof run->name, "%016" PRIx64, hash);
    memcpy(run->result->run, run->name, sizeof run->name);
}

/* Leaves the pictures of the request's shard. */
static int take_shard(struct run *run)
{
    const struct shard shard = run->request->shard;
    if (shard.count == 0)
        return STATUS_DONE;
    name_run(run);
    return sources_keep_shard(run->app, &run->sources, (size_t)shard.index, (size_t)shard.count);
}

static octet_calibration_settings settings_of(const struct run *run,
                                              octet_input_size sizes[INPUT_SIZES_MAX])
{
    const struct calibration_request *request = run->request;
    octet_calibration_settings settings = app_calibration_settings(run->app, request->size);
    for (int i = 0; i < request->sizes.count; i++)
        sizes[i] = (octet_input_size){request->sizes.size[i].height, request->sizes.size[i].width};
    settings.sizes = sizes;
    settings.size_count = request->sizes.count;
    settings.shard = request->shard.index;
    settings.shards = request->shard.count;
    settings.run = run->name;
    settings.source = request->source;
    return settings;
}

/* Makes the calibration, new or from the checkpoint. */
static int start(struct run *run, const octet_model *model)
{
    struct app *app = run->app;
    octet_statistics *before = NULL;
    octet_input_size sizes[INPUT_SIZES_MAX];
    octet_calibration_settings settings = settings_of(run, sizes);
    const char *output = sources_are_counted(&run->sources) ? run->request->output : NULL;
    checkpoint_open(&run->checkpoint, output, &run->sources);
    if (run->request->resume) {
        int status = checkpoint_load(app, &run->checkpoint, &before);
        if (status != STATUS_DONE) {
            octet_statistics_free(&before);
            return status;
        }
        run->result->failed = run->checkpoint.left_out;
        run->result->used = run->checkpoint.position - run->checkpoint.left_out;
    } else if (run->checkpoint.exists) {
        app_say(app, "%s, which an interrupted run left, is not used: no --resume",
                run->checkpoint.path);
    }
    settings.from = before;
    octet_status created =
        octet_calibration_create(app->context, model, &settings, &run->calibration);
    octet_statistics_free(&before);
    if (created == OCTET_OK && run->request->spent)
        octet_model_free(run->request->spent);
    if (created == OCTET_OK)
        return STATUS_DONE;
    const char *message = octet_context_message(app->context);
    if (created == OCTET_MISMATCH)
        return app_fail(app, "%s: %s", run->checkpoint.path, message);
    return app_fail_library(app, created, message);
}

int calibration_run(struct app *app, const octet_model *model,
                    const struct calibration_request *request, struct calibration_result *result)
{
    struct run run = {.app = app, .request = request, .result = result};
    *result = (struct calibration_result){0};
    double start_ms = app_now_ms();
    int status = STATUS_DONE;
    if (request->found)
        run.sources = *request->found;
    else
        status = calibration_sources(app, request, &run.sources);
    if (status == STATUS_DONE)
        status = take_shard(&run);
    if (status == STATUS_DONE)
        status = sources_check_reachable(app, &run.sources, request->max_bad);
    if (status == STATUS_DONE)
        status = start(&run, model);
    if (status == STATUS_DONE)
        status = add_pictures(&run);
    if (status == STATUS_DONE)
        status = finish(&run);
    octet_calibration_free(&run.calibration);
    checkpoint_close(&run.checkpoint);
    if (!request->found)
        sources_free(&run.sources);
    result->seconds = (app_now_ms() - start_ms) / 1e3;
    return status;
}

void calibration_verdict(struct app *app, const struct calibration_result *result)
{
    if (result->failed)
        app_say(app, "warning: %zu of %zu pictures were left out", result->failed,
                result->used + result->failed);
    if (result->used == 1)
        app_say(app, "warning: one picture only: its ranges will not fit others; take 100 or so");
}
