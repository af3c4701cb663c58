/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures into slots, runs of the slots that hold one, and the observer of a run. */
#include "runtime/image/letterbox.h"
#include "runtime/session/session_contents.h"

octet_status oct_session_enter(octet_session *session, const char *call)
{
    if (session->observed)
        return oct_fail(&session->own, OCTET_INVALID_STATE, "%s: an observer may not call it",
                        call);
    return OCTET_OK;
}

octet_status oct_session_check_slot(octet_session *session, int slot)
{
    if (slot < 0 || slot >= session->batch)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "slot %d: the batch has %d", slot,
                        session->batch);
    return OCTET_OK;
}

static octet_letterbox geometry_of(const octet_session *session,
                                   const struct oct_backend_input *input)
{
    const int width = session->facts.width, height = session->facts.height;
    if (input->frame)
        return oct_letterbox_bounded(input->frame->width, input->frame->height, width, height,
                                     session->bound_width, session->bound_height);
    return (octet_letterbox){
        .source_width = width, .source_height = height, .gain_x = 1.0, .gain_y = 1.0};
}

octet_status oct_session_set(octet_session *session, int index,
                             const struct oct_backend_input *input)
{
    octet_status status = oct_session_check_slot(session, index);
    if (status)
        return status;
    struct oct_slot *slot = &session->slots[index];
    struct oct_backend_input placed = *input;
    if (input->frame)
        status = oct_frame_check(&session->own, input->frame);
    if (!status) {
        slot->geometry = geometry_of(session, input);
        placed.letterbox = &slot->geometry;
        placed.in_host_memory = input->frame && oct_session_holds_frame(session, input->frame);
        status = session->backend->set_input(session->state, index, &placed);
    }
    slot->state = status ? OCT_SLOT_EMPTY : OCT_SLOT_SET;
    return status;
}

octet_status oct_session_clear(octet_session *session, int slot)
{
    const octet_status status = oct_session_check_slot(session, slot);
    if (!status)
        session->slots[slot].state = OCT_SLOT_EMPTY;
    return status;
}

void oct_session_observe(octet_session *session, octet_observer *observer, void *user)
{
    session->observer = observer;
    session->observer_user = user;
}

octet_status oct_session_replace(octet_session *session, const float *values)
{
    if (!session->observed)
        return oct_fail(&session->own, OCTET_INVALID_STATE,
                        "octet_session_replace: only an observer may call it");
    if (!session->backend->replace)
        return oct_fail(&session->own, OCTET_UNSUPPORTED_DEVICE,
                        "%s: outputs of layers are replaced on the CPU only",
                        session->backend->name);
    session->backend->replace(session->state, session->observed_slot, session->observed_tensor,
                              values);
    return OCTET_OK;
}

static octet_status show_layer(void *user, int slot, int layer)
{
    octet_session *session = user;
    octet_tensor_view view;
    if (!session->observer) /* it has removed itself */
        return OCTET_OK;
    const int tensor = session->engine->network.layers[layer].output;
    octet_status status = session->backend->tensor(session->state, slot, tensor, &view);
    if (status)
        return status;
    session->observed_slot = slot;
    session->observed_tensor = tensor;
    session->observed = true;
    if (session->observer(session->observer_user, slot, layer, &view))
        status = oct_fail(&session->own, OCTET_CANCELLED, "stopped by the observer");
    session->observed = false;
    return status;
}

/* Slots first .. first + count - 1, which have results if the run went well. */
static octet_status run_range(octet_session *session, int first, int count)
{
    const struct oct_backend_watch watch = {show_layer, session};
    for (int i = first; i < first + count; i++)
        session->slots[i].state = OCT_SLOT_SET;
    const octet_status status =
        session->backend->run(session->state, first, count, session->observer ? &watch : NULL);
    for (int i = first; i < first + count && !status; i++)
        session->slots[i].state = OCT_SLOT_RAN;
    return status;
}

static bool is_empty(const octet_session *session, int slot)
{
    return session->slots[slot].state == OCT_SLOT_EMPTY;
}

octet_status oct_session_run(octet_session *session)
{
    octet_status status = OCTET_OK;
    bool any = false;
    for (int first = 0, count; first < session->batch && !status; first += count) {
        count = 1;
        if (is_empty(session, first))
            continue;
        /* one at a time while they are observed: those before the one that is stopped are done */
        while (!session->observer && first + count < session->batch &&
               !is_empty(session, first + count))
            count++;
        status = run_range(session, first, count);
        any = true;
    }
    if (!any)
        status = oct_fail(&session->own, OCTET_INVALID_STATE, "no slot has a picture to run");
    return status;
}

double oct_session_device_ms(const octet_session *session)
{
    return session->backend->run_ms ? session->backend->run_ms(session->state) : -1.0;
}

double oct_session_layer_ms(const octet_session *session, int layer)
{
    if (!session->profile || layer < 0 || layer >= session->engine->network.layer_count)
        return -1.0;
    return session->backend->layer_ms(session->state, layer);
}
