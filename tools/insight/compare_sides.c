/* SPDX-License-Identifier: Apache-2.0 */
/* Opens two detectors, and finds out whether their boxes can be compared. */
#include "insight/compare_sides.h"

#include <stdio.h>
#include <string.h>

#include "app/session_settings.h"
#include "models/model_file.h"
#include "models/names_file.h"

/* --names is for those of the two that are ONNX files. */
static int open_engine(struct app *app, struct compare_side *side, const char *names)
{
    enum file_kind kind;
    int status = file_kind_of(app, side->path, &kind);
    if (status != STATUS_DONE)
        return status;
    app->names = kind == FILE_ONNX ? names : NULL;
    status = detector_open(app, side->path, &side->engine);
    app->names = names;
    if (status == STATUS_DONE)
        octet_engine_info(side->engine, &side->info);
    return status;
}

static int check_names(struct app *app, const struct compare_side *a, const struct compare_side *b)
{
    enum file_kind first = FILE_ONNX, second = FILE_ONNX;
    if (!app->names)
        return STATUS_DONE;
    int status = file_kind_of(app, a->path, &first);
    if (status == STATUS_DONE)
        status = file_kind_of(app, b->path, &second);
    if (status == STATUS_DONE && first == FILE_ENGINE && second == FILE_ENGINE)
        status = names_refuse(app, a->path);
    return status;
}

/* "" where the model has no names: "class3" stands for those then. */
static const char *class_name(const struct compare_side *side, int index)
{
    char unnamed[32];
    const char *name = octet_engine_class_name(side->engine, index);
    snprintf(unnamed, sizeof unnamed, "class%d", index);
    return strcmp(name, unnamed) == 0 ? "" : name;
}

/* Classes of one number are of one name, unless a model has no names. */
static int check_classes(struct app *app, const struct compare_side *a,
                         const struct compare_side *b)
{
    if (a->info.class_count != b->info.class_count)
        return app_fail(app,
                        "%s has %d classes, %s has %d: only detectors of the same classes can be "
                        "compared",
                        a->path, a->info.class_count, b->path, b->info.class_count);
    for (int i = 0; i < a->info.class_count; i++) {
        const char *first = class_name(a, i), *second = class_name(b, i);
        if (first[0] && second[0] && strcmp(first, second) != 0)
            return app_fail(app,
                            "class %d is '%s' in %s and '%s' in %s: only detectors of the same "
                            "classes can be compared (--names FILE names those of ONNX models)",
                            i, first, a->path, second, b->path);
    }
    return STATUS_DONE;
}

static int choose_size(struct app *app, const struct compare_side *a, const struct compare_side *b,
                       struct input_size *size)
{
    const octet_info *first = &a->info, *second = &b->info;
    if (size->height)
        return STATUS_DONE;
    if (first->input_height != second->input_height || first->input_width != second->input_width)
        return app_fail(app,
                        "%s runs at %dx%d, %s at %dx%d: give one size for both with --imgsz HxW",
                        a->path, first->input_height, first->input_width, b->path,
                        second->input_height, second->input_width);
    *size = (struct input_size){first->input_height, first->input_width};
    return STATUS_DONE;
}

static int open_sessions(struct app *app, const struct input_size *size, bool rect,
                         struct compare_side *side)
{
    const octet_session_settings settings = app_session_settings(app, side->device, *size);
    const octet_status status =
        sized_sessions_open(&side->sessions, app->context, side->engine, &settings, rect);
    side->session = sized_sessions_first(&side->sessions);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* Both run a picture at one size: multiples of the larger stride. */
static void share_stride(struct compare_side *a, struct compare_side *b)
{
    const int first = a->sessions.stride, second = b->sessions.stride;
    a->sessions.stride = b->sessions.stride = first > second ? first : second;
}

int compare_side_choose(struct app *app, struct compare_side *side, const octet_image *image)
{
    side->session =
        sized_sessions_for(&side->sessions, octet_image_width(image), octet_image_height(image));
    return side->session ? STATUS_DONE : app_fail(app, "%s", octet_context_message(app->context));
}

int compare_sides_open(struct app *app, const struct input_size *size, bool rect,
                       struct compare_side *a, struct compare_side *b)
{
    struct input_size both = *size;
    const char *const names = app->names;
    int status = check_names(app, a, b);
    if (status == STATUS_DONE)
        status = open_engine(app, a, names);
    if (status == STATUS_DONE)
        status = open_engine(app, b, names);
    if (status == STATUS_DONE)
        status = check_classes(app, a, b);
    if (status == STATUS_DONE)
        status = choose_size(app, a, b, &both);
    if (status == STATUS_DONE)
        status = open_sessions(app, &both, rect, a);
    if (status == STATUS_DONE)
        status = open_sessions(app, &both, rect, b);
    if (status == STATUS_DONE)
        share_stride(a, b);
    if (status == STATUS_DONE && strcmp(a->info.head, b->info.head) != 0)
        app_say(app,
                "warning: the heads are of two kinds (%s and %s): boxes are compared all the same, "
                "layers where names and sizes agree",
                a->info.head, b->info.head);
    return status;
}

void compare_side_close(struct compare_side *side)
{
    sized_sessions_close(&side->sessions);
    octet_engine_free(&side->engine);
}
