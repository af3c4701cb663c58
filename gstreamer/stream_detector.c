/* SPDX-License-Identifier: Apache-2.0 */
/* Opens, runs and closes a session over a shared engine. */
#include "stream_detector.h"

#include "choose_classes.h"
#include "share_engine.h"

struct stream_detector {
    struct shared_engine *shared;
    octet_context *context; /* the session's: an engine's is not for several threads */
    octet_session *session;
    octet_session_settings settings; /* its own; with the bound once it is open */
    gchar *device, *cache;           /* texts of these */
    gboolean rect, refused;          /* `refused`: the context has the last failure's line */
    int stride;                      /* sides of inputs are multiples of it */
    octet_detect_settings selection;
    GArray *classes; /* of int, or NULL for all */
    GPtrArray *labels;
    GArray *found; /* of octet_detection, as many as may be found */
};

static void read_engine(struct stream_detector *detector)
{
    const octet_engine *engine = shared_engine_get(detector->shared);
    octet_info info;
    octet_engine_info(engine, &info);
    detector->stride = info.stride_max;
    detector->labels = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < info.class_count; i++)
        g_ptr_array_add(detector->labels, class_label(engine, i));
}

/* At the model's own size, which with `rect` is the bound of others. */
static octet_status open_session(struct stream_detector *detector,
                                 const struct detector_settings *settings, gchar **message)
{
    octet_session_settings *wanted = &detector->settings;
    octet_status status = octet_context_create(NULL, &detector->context);
    octet_session_defaults(wanted);
    wanted->threads = settings->threads;
    wanted->device = detector->device = g_strdup(settings->device);
    wanted->cache = detector->cache = g_strdup(settings->cache);
    detector->rect = settings->rect;
    if (!status)
        status = octet_session_open(detector->context, shared_engine_get(detector->shared), wanted,
                                    &detector->session);
    if (status) {
        *message = g_strdup(octet_context_message(detector->context));
        return status;
    }
    wanted->bound_height = octet_session_height(detector->session);
    wanted->bound_width = octet_session_width(detector->session);
    return status;
}

/* In the place of the session that there is, one for frames of this shape, where it is another
 * size. The old one goes last: weights that both have stay packed. Shapes that none fits stay with
 * the session that there is, which has a word for them. */
static octet_status fit_session(struct stream_detector *detector, int width, int height)
{
    octet_session_settings *wanted = &detector->settings;
    octet_letterbox where;
    octet_session *fresh;
    if (octet_letterbox_rect(width, height, wanted->bound_width, wanted->bound_height,
                             detector->stride, &where) != OCTET_OK ||
        (where.target_height == octet_session_height(detector->session) &&
         where.target_width == octet_session_width(detector->session)))
        return OCTET_OK;
    wanted->height = where.target_height;
    wanted->width = where.target_width;
    const octet_status status =
        octet_session_open(detector->context, shared_engine_get(detector->shared), wanted, &fresh);
    if (status)
        return status;
    octet_session_close(&detector->session);
    detector->session = fresh;
    return OCTET_OK;
}

octet_status stream_detector_open(const struct detector_settings *settings,
                                  struct stream_detector **detector, gchar **message)
{
    struct stream_detector *fresh = g_new0(struct stream_detector, 1);
    octet_status status = shared_engine_take(settings->model, &fresh->shared, message);
    if (!status)
        status = open_session(fresh, settings, message);
    if (!status) {
        fresh->found = g_array_new(FALSE, FALSE, sizeof(octet_detection));
        read_engine(fresh);
    } else {
        stream_detector_close(&fresh);
    }
    *detector = fresh;
    return status;
}

octet_status stream_detector_select(struct stream_detector *detector,
                                    const struct detector_selection *selection, gchar **message)
{
    const octet_engine *engine = shared_engine_get(detector->shared);
    octet_detect_settings *wanted = &detector->selection;
    GArray *classes = NULL;
    if (selection->classes && selection->classes[0]) {
        classes = choose_classes(engine, selection->classes, message);
        if (!classes)
            return OCTET_INVALID_ARGUMENT;
    }
    g_clear_pointer(&detector->classes, g_array_unref);
    detector->classes = classes;
    octet_engine_detect_settings(engine, wanted);
    if (selection->confidence >= 0)
        wanted->confidence = selection->confidence;
    if (selection->iou >= 0)
        wanted->iou = selection->iou;
    if (selection->detections_max > 0) {
        wanted->max_detections = selection->detections_max;
        wanted->max_per_class = 0;
    }
    wanted->classes = classes ? (const int *)(void *)classes->data : NULL;
    wanted->class_count = classes ? (int)classes->len : 0;
    g_array_set_size(detector->found, (guint)wanted->max_detections);
    return OCTET_OK;
}

octet_status stream_detector_run(struct stream_detector *detector, const octet_frame *frame,
                                 const octet_detection **found, int *count)
{
    octet_detection *boxes = (octet_detection *)(void *)detector->found->data;
    *found = boxes;
    *count = 0;
    octet_status status =
        detector->rect ? fit_session(detector, frame->width, frame->height) : OCTET_OK;
    detector->refused = status != OCTET_OK;
    if (!status)
        status = octet_session_set_frame(detector->session, 0, frame);
    if (!status)
        status = octet_session_run(detector->session);
    if (!status)
        status = octet_session_detect(detector->session, 0, &detector->selection, boxes,
                                      (int)detector->found->len, count);
    return status;
}

const gchar *stream_detector_message(const struct stream_detector *detector)
{
    return detector->refused ? octet_context_message(detector->context)
                             : octet_session_message(detector->session);
}

const gchar *stream_detector_label(const struct stream_detector *detector, int class_id)
{
    return g_ptr_array_index(detector->labels, class_id);
}

void stream_detector_close(struct stream_detector **detector)
{
    struct stream_detector *open = *detector;
    if (!open)
        return;
    octet_session_close(&open->session); /* before its engine */
    octet_context_free(&open->context);
    shared_engine_give_back(&open->shared);
    g_clear_pointer(&open->classes, g_array_unref);
    g_clear_pointer(&open->labels, g_ptr_array_unref);
    g_clear_pointer(&open->found, g_array_unref);
    g_free(open->device);
    g_free(open->cache);
    g_free(open);
    *detector = NULL;
}
