/* SPDX-License-Identifier: Apache-2.0 */
/* From the head's tensors to the undecided output, and to detections in the source picture's
 * pixels. */
#include "runtime/session/session_contents.h"

/* Whether a run has seen the slot's picture. */
static octet_status check_ran(octet_session *session, int slot)
{
    const enum oct_slot_state state = session->slots[slot].state;
    if (state == OCT_SLOT_RAN)
        return OCTET_OK;
    return oct_fail(&session->own, OCTET_INVALID_STATE,
                    state == OCT_SLOT_SET ? "slot %d: no run has finished since its picture was "
                                            "set: call octet_session_run()"
                                          : "slot %d: no picture was set",
                    slot);
}

/* The head of a slot that was run. */
static octet_status view_head(octet_session *session, int slot, struct oct_head_view *view)
{
    octet_status status = OCTET_OK;
    view->head = &session->engine->network.head;
    for (int i = 0; i < view->head->output_count && !status; i++) {
        octet_tensor_view from;
        status =
            session->backend->tensor(session->state, slot, view->head->outputs[i].tensor, &from);
        if (!status)
            view->maps[i] = (struct oct_head_map){from.data, from.row_elements, from.pixel_elements,
                                                  from.height, from.width};
    }
    return status;
}

octet_status oct_session_output(octet_session *session, int slot, float *output)
{
    struct oct_head_view view;
    octet_status status = oct_session_check_slot(session, slot);
    if (!status)
        status = check_ran(session, slot);
    if (!status)
        status = view_head(session, slot, &view);
    if (!status)
        view.head->kind->decode(&view, output);
    return status;
}

static octet_status check_classes(octet_session *session, const octet_detect_settings *settings)
{
    const int classes = session->engine->network.head.class_count;
    for (int i = 0; settings->classes && i < settings->class_count; i++)
        if (settings->classes[i] < 0 || settings->classes[i] >= classes)
            return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "class %d: there are %d",
                            settings->classes[i], classes);
    return OCTET_OK;
}

static octet_status check_detect(octet_session *session, const octet_detect_settings *settings)
{
    octet_context *ctx = &session->own;
    if (!(settings->confidence >= 0.0 && settings->confidence <= 1.0))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "confidence %g: must be 0 to 1",
                        settings->confidence);
    if (!(settings->iou >= 0.0 && settings->iou <= 1.0))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "IoU %g: must be 0 to 1", settings->iou);
    if (settings->max_detections < 1 || settings->max_detections > OCT_CANDIDATES_MAX)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%d detections at most: must be 1 to %d",
                        settings->max_detections, OCT_CANDIDATES_MAX);
    if (settings->class_count < 0 || (settings->class_count > 0 && !settings->classes))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%d classes, and no list of them",
                        settings->class_count);
    if (settings->max_per_class < 0)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "%d of a class at most: must be 0 (no limit) or more",
                        settings->max_per_class);
    return check_classes(session, settings);
}

static float map(double value, int pad, double gain, int limit)
{
    const double at = (value - pad) / gain;
    return (float)(at < 0.0 ? 0.0 : at > limit ? limit : at);
}

static void to_source(const octet_letterbox *g, octet_detection *box)
{
    box->x1 = map(box->x1, g->pad_left, g->gain_x, g->source_width);
    box->x2 = map(box->x2, g->pad_left, g->gain_x, g->source_width);
    box->y1 = map(box->y1, g->pad_top, g->gain_y, g->source_height);
    box->y2 = map(box->y2, g->pad_top, g->gain_y, g->source_height);
}

/* The boxes in input pixels: the backend's, or selected here. */
static octet_status select_boxes(octet_session *session, int slot,
                                 const octet_detect_settings *settings, octet_detection *detections,
                                 int most, int *count)
{
    if (session->backend->select)
        return session->backend->select(session->state, slot, settings, detections, most, count);
    struct oct_head_view view;
    const octet_status status = view_head(session, slot, &view);
    if (!status)
        *count = view.head->kind->select(&view, settings, &session->select, detections, most);
    return status;
}

octet_status oct_session_detect(octet_session *session, int slot,
                                const octet_detect_settings *settings, octet_detection *detections,
                                int capacity, int *count)
{
    octet_detect_settings own;
    *count = 0;
    if (!settings) {
        oct_selection_settings(&session->engine->network.head.selection, &own);
        settings = &own;
    }
    octet_status status = oct_session_check_slot(session, slot);
    if (!status)
        status = check_detect(session, settings);
    if (!status)
        status = check_ran(session, slot);
    if (status || capacity <= 0)
        return status;
    const int most = capacity < settings->max_detections ? capacity : settings->max_detections;
    status = select_boxes(session, slot, settings, detections, most, count);
    *count = status ? 0 : *count;
    for (int i = 0; i < *count; i++)
        to_source(&session->slots[slot].geometry, &detections[i]);
    return status;
}
