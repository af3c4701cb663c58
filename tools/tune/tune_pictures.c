/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the pictures of a training, tries each, and holds a tenth out. */
#include "tune/tune_pictures.h"

#include <stdlib.h>

#include "app/byte_hash.h"
#include "app/progress.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "pictures/pictures.h"

#define PICTURES_LEAST 16
#define HELD_SHARE 10 /* one picture in so many is held out */
#define HELD_LEAST 4
#define FEW_BITS_PICTURES 200 /* codes of 4 bits take more */
#define AHEAD 3               /* pictures that are decoded while others are looked at */

/* What trying them brings. */
struct trial {
    struct app *app;
    struct tune_pictures *pictures;
    bool *is_bad;  /* [all] */
    size_t *boxes; /* [all]: labels that are learnt from */
};

static int find_plain(struct app *app, const struct tune_arguments *a, struct tune_pictures *p)
{
    int status = calibration_sources(app, &a->pictures, &p->sources);
    p->all = &p->sources;
    if (status == STATUS_DONE)
        status = sources_refuse_streams(app, &p->sources,
                                        "octet tune (octet detect --save-frames makes pictures)");
    return status == STATUS_DONE ? sources_check_reachable(app, &p->sources, a->pictures.max_bad)
                                 : status;
}

static int find_labelled(struct app *app, const struct tune_arguments *a, const octet_model *model,
                         struct tune_pictures *p)
{
    octet_engine *engine = NULL;
    int status = model_float_engine(app, model, &engine);
    if (status != STATUS_DONE)
        return status;
    status = tune_labels_open(app, a->data, a->split, a->pictures.max_bad, engine, &p->labels);
    octet_engine_free(&engine);
    p->all = &p->labels.set.pictures;
    p->has_labels = true;
    if (status == STATUS_DONE && a->pictures.count)
        eval_set_sample(&p->labels.set, (size_t)a->pictures.count, (uint64_t)a->pictures.seed);
    return status;
}

/* ---- trying ---- */

static int look_at_labels(struct trial *trial, const struct frame *frame)
{
    struct tune_pictures *p = trial->pictures;
    const octet_tune_box *boxes;
    int count;
    const int status = tune_labels_of(&p->labels, frame->source, frame->image, &boxes, &count);
    if (status != STATUS_DONE)
        return status;
    trial->boxes[frame->source] = (size_t)count;
    for (int i = 0; i < count; i++) {
        const float sides[] = {boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2};
        p->list = app_hash(p->list, &boxes[i].class_index, sizeof boxes[i].class_index);
        p->list = app_hash(p->list, sides, sizeof sides);
    }
    return STATUS_DONE;
}

static int look_at(struct trial *trial, const struct frame *frame)
{
    if (frame->image)
        return trial->pictures->has_labels ? look_at_labels(trial, frame) : STATUS_DONE;
    trial->is_bad[frame->source] = true;
    trial->pictures->bad++;
    app_fail(trial->app, "%s", frame->message);
    return frame->status == OCTET_OUT_OF_MEMORY ? STATUS_FAILED : STATUS_DONE;
}

static int try_all(struct trial *trial)
{
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    int status = pictures_open(trial->app, trial->pictures->all,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(trial->app, &progress, "reading", trial->pictures->all->count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = look_at(trial, &frame);
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    if (status == STATUS_DONE && app_interrupted())
        return app_fail(trial->app, "interrupted: nothing was written");
    return status;
}

static int count_bad(struct trial *trial, const struct tune_arguments *a)
{
    struct tune_pictures *p = trial->pictures;
    if (p->has_labels)
        return eval_set_count_bad(trial->app, &p->labels.set, p->bad);
    return calibration_check_bad(trial->app, &a->pictures, p->bad, p->all->count);
}

/* ---- parting ---- */

static int check_count(struct app *app, size_t count)
{
    if (count >= PICTURES_LEAST)
        return STATUS_DONE;
    return app_fail(app, "%zu picture%s: take %d or more, better 100, of what the camera sees",
                    count, count == 1 ? "" : "s", PICTURES_LEAST);
}

/* Each tenth picture is held out; of fewer than fifty, four. */
static void part(struct trial *trial)
{
    struct tune_pictures *p = trial->pictures;
    const size_t count = p->readable.count;
    const size_t held = count / HELD_SHARE > HELD_LEAST ? count / HELD_SHARE : HELD_LEAST;
    size_t at = 0;
    p->learnt = app_alloc(count, sizeof *p->learnt);
    p->held = app_alloc(count, sizeof *p->held);
    for (size_t i = 0; i < p->all->count; i++) {
        if (trial->is_bad[i])
            continue;
        const bool is_held = (at + 1) * held / count > at * held / count;
        if (is_held)
            p->held[p->held_count++] = i;
        else
            p->learnt[p->learnt_count++] = i;
        at++;
    }
}

static size_t boxes_of(const struct trial *trial, const size_t *places, size_t count)
{
    size_t boxes = 0;
    for (size_t i = 0; i < count; i++)
        boxes += trial->boxes[places[i]];
    return boxes;
}

static int check_labels(const struct trial *trial)
{
    const struct tune_pictures *p = trial->pictures;
    if (!p->has_labels)
        return STATUS_DONE;
    if (!boxes_of(trial, p->learnt, p->learnt_count))
        return app_fail(trial->app,
                        "none of the %zu pictures to learn from has a label of the model's classes",
                        p->learnt_count);
    if (!boxes_of(trial, p->held, p->held_count))
        return app_fail(trial->app,
                        "none of the %zu pictures that are held out has a label of the model's "
                        "classes: take more pictures",
                        p->held_count);
    return STATUS_DONE;
}

static void list_readable(struct trial *trial)
{
    struct tune_pictures *p = trial->pictures;
    p->readable = (struct sources){.path = app_alloc(p->all->count, sizeof *p->readable.path)};
    for (size_t i = 0; i < p->all->count; i++)
        if (!trial->is_bad[i])
            p->readable.path[p->readable.count++] = p->all->path[i];
    const uint64_t paths = checkpoint_hash_list(&p->readable);
    p->list = app_hash(p->list, &paths, sizeof paths);
}

static int try_and_part(struct trial *trial, const struct tune_arguments *a)
{
    int status = try_all(trial);
    if (status == STATUS_DONE)
        status = count_bad(trial, a);
    if (status != STATUS_DONE)
        return status;
    list_readable(trial);
    status = check_count(trial->app, trial->pictures->readable.count);
    if (status != STATUS_DONE)
        return status;
    if (a->has_few_bits && trial->pictures->readable.count < FEW_BITS_PICTURES)
        app_say(trial->app, "%zu pictures: weights of 4 bits take %d and more to be learnt well",
                trial->pictures->readable.count, FEW_BITS_PICTURES);
    part(trial);
    return check_labels(trial);
}

int tune_pictures_find(struct app *app, const struct tune_arguments *arguments,
                       const octet_model *model, struct tune_pictures *pictures)
{
    struct trial trial = {.app = app, .pictures = pictures};
    *pictures = (struct tune_pictures){.list = APP_HASH_START};
    int status = arguments->labels ? find_labelled(app, arguments, model, pictures)
                                   : find_plain(app, arguments, pictures);
    if (status == STATUS_DONE)
        status = check_count(app, pictures->all->count);
    if (status != STATUS_DONE)
        return status;
    trial.is_bad = app_alloc(pictures->all->count, sizeof *trial.is_bad);
    trial.boxes = app_alloc(pictures->all->count, sizeof *trial.boxes);
    status = try_and_part(&trial, arguments);
    free(trial.is_bad);
    free(trial.boxes);
    return status;
}

void tune_pictures_close(struct tune_pictures *pictures)
{
    sources_free(&pictures->sources);
    tune_labels_close(&pictures->labels);
    free(pictures->readable.path);
    free(pictures->learnt);
    free(pictures->held);
}
