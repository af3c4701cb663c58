/* SPDX-License-Identifier: Apache-2.0 */
#include <octet/session.h>

#include <string.h>

#include "runtime/session/open_session.h"

void octet_session_defaults(octet_session_settings *settings)
{
    if (!settings)
        return;
    memset(settings, 0, sizeof *settings);
    settings->batch = 1;
}

octet_status octet_session_open(octet_context *context, const octet_engine *engine,
                                const octet_session_settings *settings, octet_session **session)
{
    octet_session_settings defaults;
    if (session)
        *session = NULL;
    if (!context || !engine || !session)
        return oct_fail_null(context, __func__, "engine and session");
    if (!settings) {
        octet_session_defaults(&defaults);
        settings = &defaults;
    }
    return oct_session_open(context, engine, settings, session);
}

const char *octet_session_message(const octet_session *session)
{
    return session ? session->own.message : "";
}

int octet_session_height(const octet_session *session)
{
    return session ? session->height : 0;
}

int octet_session_width(const octet_session *session)
{
    return session ? session->width : 0;
}

int octet_session_threads(const octet_session *session)
{
    return session ? session->thread_count : 0;
}

size_t octet_session_memory_bytes(const octet_session *session)
{
    if (!session)
        return 0;
    return session->packed_bytes + session->layout.shared_bytes +
           (size_t)session->batch * session->layout.picture_bytes +
           (size_t)session->thread_count * session->scratch_bytes;
}

const char *octet_session_cpu(const octet_session *session)
{
    if (!session)
        return "";
    const struct oct_network *network = &session->engine->network;
    for (int i = 0; i < network->tensor_count && session->kernels.bf16_set; i++)
        if (network->tensors[i].type == OCT_TYPE_BF16)
            return session->kernels.bf16_set;
    return session->kernels.set;
}

/* What every call on a slot asks first. `call` is its name, `what` the argument `data`. */
static octet_status check_slot(octet_session *session, int index, const void *data,
                               const char *call, const char *what)
{
    if (!session)
        return OCTET_INVALID_ARGUMENT;
    if (session->running)
        return oct_fail(&session->own, OCTET_INVALID_STATE, "%s: an observer may not call it",
                        call);
    if (!data)
        return oct_fail_null(&session->own, call, what);
    if (index < 0 || index >= session->batch)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "slot %d: the batch has %d", index,
                        session->batch);
    return OCTET_OK;
}

/* Whether a run has seen the slot's picture. */
static octet_status check_ran(octet_session *session, int index)
{
    const enum oct_slot_state state = session->slots[index].state;
    if (state == OCT_SLOT_RAN)
        return OCTET_OK;
    return oct_fail(&session->own, OCTET_INVALID_STATE,
                    state == OCT_SLOT_SET ? "slot %d: no run has finished since its picture was "
                                            "set: call octet_session_run()"
                                          : "slot %d: no picture was set",
                    index);
}

/* Notes that the slot's picture came, or that the slot holds none now. */
static octet_status note_set(octet_session *session, int index, octet_status status)
{
    session->slots[index].state = status ? OCT_SLOT_EMPTY : OCT_SLOT_SET;
    return status;
}

octet_status octet_session_set_image(octet_session *session, int index, const octet_image *image)
{
    const octet_status status = check_slot(session, index, image, __func__, "image");
    return status ? status : note_set(session, index, oct_session_set_image(session, index, image));
}

octet_status octet_session_set_pixels(octet_session *session, int index, const uint8_t *rgb)
{
    const octet_status status = check_slot(session, index, rgb, __func__, "rgb");
    return status ? status : note_set(session, index, oct_session_set_pixels(session, index, rgb));
}

octet_status octet_session_set_tensor(octet_session *session, int index, const float *planes)
{
    const octet_status status = check_slot(session, index, planes, __func__, "planes");
    return status ? status
                  : note_set(session, index, oct_session_set_tensor(session, index, planes));
}

octet_status octet_session_run(octet_session *session)
{
    octet_status status = check_slot(session, 0, session, __func__, "session");
    int count = 0;
    for (int index = 0; !status && index < session->batch; index++) {
        struct oct_slot *slot = &session->slots[index];
        if (slot->state == OCT_SLOT_EMPTY)
            continue;
        slot->state = OCT_SLOT_SET;
        session->running = true;
        status = oct_session_execute(session, index);
        session->running = false;
        if (!status)
            slot->state = OCT_SLOT_RAN;
        count++;
    }
    if (!status && count == 0)
        status = oct_fail(&session->own, OCTET_INVALID_STATE, "no slot has a picture to run");
    return status;
}

int octet_session_anchor_count(const octet_session *session)
{
    struct oct_head_view head;
    if (!session)
        return 0;
    oct_session_head(session, 0, &head);
    return head.head->kind->anchor_count(&head);
}

octet_status octet_session_output(octet_session *session, int index, float *output)
{
    octet_status status = check_slot(session, index, output, __func__, "output");
    if (!status)
        status = check_ran(session, index);
    if (status)
        return status;
    struct oct_head_view head;
    oct_session_head(session, index, &head);
    head.head->kind->decode(&head, output);
    return OCTET_OK;
}

void octet_detect_defaults(octet_detect_settings *settings)
{
    if (settings)
        oct_selection_settings(&(struct oct_selection){0}, settings);
}

int octet_engine_detect_settings(const octet_engine *engine, octet_detect_settings *settings)
{
    const struct oct_selection none = {0}, *own = engine ? &engine->network.head.selection : &none;
    if (settings)
        oct_selection_settings(own, settings);
    return own->is_own;
}

static octet_status check_detect(octet_session *session, const octet_detect_settings *settings)
{
    if (!(settings->confidence >= 0.0 && settings->confidence <= 1.0))
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "confidence %g: must be 0 to 1",
                        settings->confidence);
    if (!(settings->iou >= 0.0 && settings->iou <= 1.0))
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "IoU %g: must be 0 to 1",
                        settings->iou);
    if (settings->max_detections < 1 || settings->max_detections > OCT_CANDIDATES_MAX)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT,
                        "%d detections at most: must be 1 to %d", settings->max_detections,
                        OCT_CANDIDATES_MAX);
    if (settings->class_count < 0 || (settings->class_count > 0 && !settings->classes))
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "%d classes, and no list of them",
                        settings->class_count);
    if (settings->max_per_class < 0)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT,
                        "%d of a class at most: must be 0 (no limit) or more",
                        settings->max_per_class);
    for (int i = 0; settings->classes && i < settings->class_count; i++)
        if (settings->classes[i] < 0 ||
            settings->classes[i] >= session->engine->network.head.class_count)
            return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "class %d: there are %d",
                            settings->classes[i], session->engine->network.head.class_count);
    return OCTET_OK;
}

octet_status octet_session_detect(octet_session *session, int index,
                                  const octet_detect_settings *settings,
                                  octet_detection *detections, int capacity, int *count)
{
    octet_detect_settings defaults;
    if (count)
        *count = 0;
    if (!session || !count)
        return oct_fail_null(session ? &session->own : NULL, __func__, "count");
    if (!settings) {
        octet_engine_detect_settings(session->engine, &defaults);
        settings = &defaults;
    }
    octet_status status = check_slot(session, index, detections, __func__, "detections");
    if (!status)
        status = check_detect(session, settings);
    if (!status)
        status = check_ran(session, index);
    if (!status && capacity > 0)
        *count = oct_session_detect(session, index, settings, detections, capacity);
    return status;
}

void octet_session_observe(octet_session *session, octet_observer *observer, void *user)
{
    if (!session)
        return;
    session->observer = observer;
    session->observer_user = user;
}

double octet_session_layer_ms(const octet_session *session, int layer)
{
    if (!session || !session->profile || layer < 0 || layer >= session->step_count)
        return -1.0;
    return session->steps[layer].total_ms;
}

void octet_session_close(octet_session **session)
{
    if (!session)
        return;
    oct_session_close(*session);
    *session = NULL;
}
