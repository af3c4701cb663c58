/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: an engine opened on a backend, for one input size and batch. It keeps what each slot
 * of the batch holds, tells an observer of layers, and finds boxes; the backend does the rest.
 * Calls on a slot that the batch does not have are OCTET_INVALID_ARGUMENT.
 */
#ifndef OCTET_RUNTIME_SESSION_OPEN_SESSION_H
#define OCTET_RUNTIME_SESSION_OPEN_SESSION_H

#include "runtime/backend/backend.h"

/* What is told of a session; it does not change. */
struct oct_session_facts {
    int height, width, anchors;
    const char *device; /* static text */
    struct oct_backend_facts backend;
};

/* As octet_session_open(), on a backend and the device of that number, wherever the settings ask
 * for. Settings are not NULL. */
octet_status oct_session_open(octet_context *ctx, const struct oct_backend *backend, int device,
                              const octet_engine *engine, const octet_session_settings *settings,
                              octet_session **session);
void oct_session_close(octet_session *session);

/* Whose message is the line about the session's last failed call. */
octet_context *oct_session_context(octet_session *session);
const char *oct_session_message(const octet_session *session);

const struct oct_session_facts *oct_session_facts(const octet_session *session);

/* OCTET_INVALID_STATE while an observer is being called: no call that sets, runs or reads slots
 * fits in then. `call` is that call's name. */
octet_status oct_session_enter(octet_session *session, const char *call);

/* Gives a slot its picture. A frame is checked, and its letterbox worked out, here. */
octet_status oct_session_set(octet_session *session, int slot,
                             const struct oct_backend_input *input);

/* As octet_session_clear(). */
octet_status oct_session_clear(octet_session *session, int slot);

/* As octet_session_allocate_frame() and octet_session_free_frame(). */
octet_status oct_session_allocate_frame(octet_session *session, octet_pixel_format format,
                                        int width, int height, octet_frame *frame);
void oct_session_free_frame(octet_session *session, octet_frame *frame);

/* As octet_session_run(), octet_session_observe(), octet_session_replace(),
 * octet_session_device_ms() and octet_session_layer_ms(). */
octet_status oct_session_run(octet_session *session);
void oct_session_observe(octet_session *session, octet_observer *observer, void *user);
octet_status oct_session_replace(octet_session *session, const float *values);
double oct_session_device_ms(const octet_session *session);
double oct_session_layer_ms(const octet_session *session, int layer);

/* As octet_session_output() and octet_session_detect(). */
octet_status oct_session_output(octet_session *session, int slot, float *output);
octet_status oct_session_detect(octet_session *session, int slot,
                                const octet_detect_settings *settings, octet_detection *detections,
                                int capacity, int *count);

#endif
