/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrates: pictures are letterboxed here, run in float, and every layer's output is added to the
 * statistics. */
#include <string.h>

#include "compiler/calibrate/calibration.h"

#define WAITING_BYTES ((size_t)24 << 20) /* that pictures may take, of all sizes together */
#define WAITING_MOST 32

octet_status oct_calibration_open(octet_context *ctx, octet_calibration *c,
                                  struct oct_calibration_view *view)
{
    octet_session_settings settings = c->session;
    settings.height = view->height;
    settings.width = view->width;
    const octet_status status =
        oct_session_open(ctx, c->backend, c->device, c->engine, &settings, &view->session);
    if (status)
        return status;
    view->height = oct_session_facts(view->session)->height;
    view->width = oct_session_facts(view->session)->width;
    return OCTET_OK;
}

static size_t picture_bytes(const struct oct_calibration_view *view)
{
    return (size_t)view->height * (size_t)view->width * 3;
}

octet_status oct_calibration_make_room(octet_context *ctx, octet_calibration *c)
{
    size_t all = 0;
    for (int v = 0; v < c->view_count; v++) {
        const size_t bytes = oct_letterbox_scratch_bytes(c->views[v].width);
        c->letterbox.bytes = bytes > c->letterbox.bytes ? bytes : c->letterbox.bytes;
        all += picture_bytes(&c->views[v]);
    }
    const size_t fit = WAITING_BYTES / all;
    c->room = !c->one_at_a_time || fit < 1 ? 1 : fit > WAITING_MOST ? WAITING_MOST : (int)fit;
    c->letterbox.memory = oct_malloc(ctx, c->letterbox.bytes, 1);
    bool done = c->letterbox.memory != NULL;
    for (int v = 0; v < c->view_count && done; v++) {
        struct oct_calibration_view *view = &c->views[v];
        view->rgb = oct_malloc(ctx, (size_t)c->room, picture_bytes(view));
        view->geometries = oct_arena_calloc(&c->arena, (size_t)c->room, sizeof *view->geometries);
        done = view->rgb && view->geometries;
    }
    return done ? OCTET_OK : oct_fail_memory(ctx, "calibration");
}

static int observe_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    octet_calibration *c = user;
    const struct oct_region whole = {0, view->height, 0, view->width};
    const struct oct_region region =
        c->statistics->include_padding ? whole : oct_picture_region(view, c->geometry);
    (void)index;
    if (!oct_observe(view, &region, c->threads, c->scratch, &c->current->part->tensors[layer]))
        c->not_finite = view->name;
    oct_threads_rest(c->threads); /* the session's go on */
    return c->not_finite != NULL;
}

static octet_status run(octet_calibration *c, struct oct_calibration_view *view, int picture)
{
    const struct oct_backend_input input = {.rgb =
                                                view->rgb + (size_t)picture * picture_bytes(view)};
    octet_status status = oct_session_set(view->session, 0, &input);
    c->not_finite = NULL;
    c->current = view;
    c->geometry = &view->geometries[picture];
    oct_session_observe(view->session, observe_layer, c);
    if (!status)
        status = oct_session_run(view->session);
    if (c->not_finite)
        return oct_fail(&c->own, OCTET_UNSUPPORTED_MODEL,
                        "tensor \"%s\" is not finite in the float model: it cannot be quantised",
                        c->not_finite);
    return status ? oct_fail(&c->own, status, "%s", oct_session_message(view->session)) : OCTET_OK;
}

static void count_image(const struct oct_calibration_view *view, int picture)
{
    const octet_letterbox *g = &view->geometries[picture];
    const uint8_t *rgb = view->rgb + (size_t)picture * picture_bytes(view);
    const size_t row_bytes = 3 * (size_t)view->width;
    const struct oct_seen seen = {rgb + (size_t)g->pad_top * row_bytes + 3 * (size_t)g->pad_left,
                                  row_bytes, g->resized_width, g->resized_height};
    oct_part_count_image(view->part, &seen);
}

static octet_status run_view(octet_calibration *c, struct oct_calibration_view *view)
{
    octet_status status = view->session ? OCTET_OK : oct_calibration_open(&c->own, c, view);
    for (int i = 0; i < c->waiting && !status; i++) {
        status = run(c, view, i);
        if (!status)
            count_image(view, i);
    }
    if (c->one_at_a_time) {
        oct_session_close(view->session);
        view->session = NULL;
    }
    return status;
}

static octet_status refuse(octet_calibration *c)
{
    return oct_fail(&c->own, OCTET_INVALID_STATE,
                    "the calibration failed before: the statistics are not whole");
}

octet_status oct_calibration_flush(octet_calibration *c)
{
    octet_status status = c->failed ? refuse(c) : OCTET_OK;
    for (int v = 0; v < c->view_count && !status && c->waiting; v++) {
        status = run_view(c, &c->views[v]);
        c->failed = status != OCTET_OK;
    }
    c->waiting = 0;
    return status;
}

void oct_calibration_restart(octet_calibration *c)
{
    oct_statistics_empty(c->statistics);
    c->waiting = 0;
    c->failed = false;
}

/* Those that wait are counted in. */
static octet_status check_room(octet_calibration *c)
{
    for (int v = 0; v < c->view_count; v++)
        if (!oct_part_has_room(c->views[v].part, c->statistics->tensor_count, c->waiting))
            return oct_fail(&c->own, OCTET_INVALID_STATE,
                            "the statistics hold as many values as can be counted");
    return OCTET_OK;
}

static octet_status letterbox(octet_calibration *c, const octet_image *image,
                              struct oct_calibration_view *view)
{
    octet_letterbox *geometry = &view->geometries[c->waiting];
    const struct oct_pixels target = {view->rgb + (size_t)c->waiting * picture_bytes(view),
                                      3 * (size_t)view->width, 3};
    *geometry = oct_letterbox_geometry(image->width, image->height, view->width, view->height);
    return oct_letterbox_into(&c->own, &c->resize, image, geometry, &target, &c->letterbox);
}

octet_status oct_calibration_add(octet_calibration *c, const octet_image *image)
{
    octet_status status = c->failed ? refuse(c) : check_room(c);
    for (int v = 0; v < c->view_count && !status; v++)
        status = letterbox(c, image, &c->views[v]);
    if (status)
        return status;
    return ++c->waiting == c->room ? oct_calibration_flush(c) : OCTET_OK;
}
