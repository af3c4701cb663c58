/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of octet/session.h: arguments are checked here,
 * sessions (runtime/session) do the rest. */
#include <octet/session.h>

#include <string.h>

#include "runtime/engine/engine_contents.h"
#include "runtime/image/frame_planes.h"
#include "runtime/session/find_backend.h"
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
    const struct oct_backend *backend;
    int device;
    if (session)
        *session = NULL;
    if (!context || !engine || !session)
        return oct_fail_null(context, __func__, "engine and session");
    if (!settings) {
        octet_session_defaults(&defaults);
        settings = &defaults;
    }
    const octet_status status = oct_backend_find(context, settings->device, &backend, &device);
    return status ? status : oct_session_open(context, backend, device, engine, settings, session);
}

const char *octet_session_message(const octet_session *session)
{
    return session ? oct_session_message(session) : "";
}

int octet_session_height(const octet_session *session)
{
    return session ? oct_session_facts(session)->height : 0;
}

int octet_session_width(const octet_session *session)
{
    return session ? oct_session_facts(session)->width : 0;
}

int octet_session_threads(const octet_session *session)
{
    return session ? oct_session_facts(session)->backend.threads : 0;
}

size_t octet_session_memory_bytes(const octet_session *session)
{
    return session ? oct_session_facts(session)->backend.memory_bytes : 0;
}

const char *octet_session_device(const octet_session *session)
{
    return session ? oct_session_facts(session)->device : "";
}

const char *octet_session_cpu(const octet_session *session)
{
    return session ? oct_session_facts(session)->backend.kernels : "";
}

int octet_session_anchor_count(const octet_session *session)
{
    return session ? oct_session_facts(session)->anchors : 0;
}

/* What every call on a slot asks first. `call` is its name, `what` the argument `data`. */
static octet_status check(octet_session *session, const void *data, const char *call,
                          const char *what)
{
    if (!session)
        return OCTET_INVALID_ARGUMENT;
    const octet_status status = oct_session_enter(session, call);
    if (!status && !data)
        return oct_fail_null(oct_session_context(session), call, what);
    return status;
}

octet_status octet_session_set_image(octet_session *session, int index, const octet_image *image)
{
    const octet_status status = check(session, image, __func__, "image");
    if (status)
        return status;
    const octet_frame frame = oct_frame_of_image(image);
    return oct_session_set(session, index, &(struct oct_backend_input){.frame = &frame});
}

octet_status octet_session_set_frame(octet_session *session, int index, const octet_frame *frame)
{
    const octet_status status = check(session, frame, __func__, "frame");
    const struct oct_backend_input input = {.frame = frame};
    return status ? status : oct_session_set(session, index, &input);
}

octet_status octet_session_allocate_frame(octet_session *session, octet_pixel_format format,
                                          int width, int height, octet_frame *frame)
{
    if (frame)
        *frame = (octet_frame){0};
    if (!session || !frame)
        return oct_fail_null(session ? oct_session_context(session) : NULL, __func__, "frame");
    return oct_session_allocate_frame(session, format, width, height, frame);
}

void octet_session_free_frame(octet_session *session, octet_frame *frame)
{
    if (session && frame)
        oct_session_free_frame(session, frame);
}

octet_status octet_session_set_pixels(octet_session *session, int index, const uint8_t *rgb)
{
    const octet_status status = check(session, rgb, __func__, "rgb");
    const struct oct_backend_input input = {.rgb = rgb};
    return status ? status : oct_session_set(session, index, &input);
}

octet_status octet_session_set_tensor(octet_session *session, int index, const float *planes)
{
    const octet_status status = check(session, planes, __func__, "planes");
    const struct oct_backend_input input = {.planes = planes};
    return status ? status : oct_session_set(session, index, &input);
}

octet_status octet_session_clear(octet_session *session, int index)
{
    const octet_status status = check(session, session, __func__, "session");
    return status ? status : oct_session_clear(session, index);
}

octet_status octet_session_run(octet_session *session)
{
    const octet_status status = check(session, session, __func__, "session");
    return status ? status : oct_session_run(session);
}

octet_status octet_session_output(octet_session *session, int index, float *output)
{
    const octet_status status = check(session, output, __func__, "output");
    return status ? status : oct_session_output(session, index, output);
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

octet_status octet_session_detect(octet_session *session, int index,
                                  const octet_detect_settings *settings,
                                  octet_detection *detections, int capacity, int *count)
{
    if (count)
        *count = 0;
    if (!session || !count)
        return oct_fail_null(session ? oct_session_context(session) : NULL, __func__, "count");
    const octet_status status = check(session, detections, __func__, "detections");
    return status ? status
                  : oct_session_detect(session, index, settings, detections, capacity, count);
}

void octet_session_observe(octet_session *session, octet_observer *observer, void *user)
{
    if (session)
        oct_session_observe(session, observer, user);
}

octet_status octet_session_replace(octet_session *session, const float *values)
{
    if (!session)
        return OCTET_INVALID_ARGUMENT;
    if (!values)
        return oct_fail_null(oct_session_context(session), __func__, "values");
    return oct_session_replace(session, values);
}

double octet_session_device_ms(const octet_session *session)
{
    return session ? oct_session_device_ms(session) : -1.0;
}

double octet_session_layer_ms(const octet_session *session, int layer)
{
    return session ? oct_session_layer_ms(session, layer) : -1.0;
}

void octet_session_close(octet_session **session)
{
    if (!session)
        return;
    oct_session_close(*session);
    *session = NULL;
}
