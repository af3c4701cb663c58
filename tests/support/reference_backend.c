/* SPDX-License-Identifier: Apache-2.0 */
/* Behind backend.h: a test_run for each slot, and copies of the tensors that are asked for. */
#include "reference_backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "reference.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/letterbox.h"

struct slot {
    struct test_run run;
    void **copies; /* [tensors]: channels-last, of those that were read */
};

struct reference {
    octet_context *ctx;
    const struct oct_network *network;
    int height, width, batch;
    struct slot *slots;
    double *layer_ms; /* [layers] */
};

static void *zeros(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        fail_msg("out of memory");
    return memory;
}

static octet_status open_reference(octet_context *ctx, const struct oct_backend_request *request,
                                   void **state)
{
    const struct oct_network *network = &request->engine->network;
    *state = NULL;
    if (request->threads < 0 || request->threads > 1024)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%d threads", request->threads);
    if (request->cpu)
        return oct_fail(ctx, OCTET_UNSUPPORTED_CPU, "kernel set \"%s\"", request->cpu);
    struct reference *r = zeros(1, sizeof *r);
    *r = (struct reference){.ctx = ctx,
                            .network = network,
                            .height = request->height,
                            .width = request->width,
                            .batch = request->batch,
                            .slots = zeros((size_t)request->batch, sizeof *r->slots),
                            .layer_ms = zeros((size_t)network->layer_count, sizeof(double))};
    for (int i = 0; i < r->batch; i++) {
        test_run_open(&r->slots[i].run, network, r->height, r->width);
        r->slots[i].copies = zeros((size_t)network->tensor_count, sizeof(void *));
    }
    *state = r;
    return OCTET_OK;
}

static void close_reference(void *state)
{
    struct reference *r = state;
    if (!r)
        return;
    for (int i = 0; i < r->batch; i++) {
        for (int t = 0; t < r->network->tensor_count; t++)
            free(r->slots[i].copies[t]);
        free(r->slots[i].copies);
        test_run_free(&r->slots[i].run);
    }
    free(r->slots);
    free(r->layer_ms);
    free(r);
}

static octet_status letterbox(struct reference *r, const struct oct_backend_input *input,
                              uint8_t *rgb)
{
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, OCT_CPU_REF);
    const struct oct_pixels target = {rgb, 3 * (size_t)r->width, 3};
    struct oct_letterbox_scratch scratch = {
        NULL, oct_letterbox_frame_scratch_bytes(r->width, input->frame->width)};
    scratch.memory = aligned_alloc(OCT_ALIGNMENT, oct_align(scratch.bytes, OCT_ALIGNMENT));
    if (!scratch.memory)
        fail_msg("out of memory");
    const octet_status status = oct_letterbox_frame(r->ctx, &kernels.resize, input->frame,
                                                    input->letterbox, &target, &scratch);
    free(scratch.memory);
    return status;
}

static octet_status set_input(void *state, int slot, const struct oct_backend_input *input)
{
    struct reference *r = state;
    struct test_run *run = &r->slots[slot].run;
    assert_int_equal(!!input->frame + !!input->rgb + !!input->planes, 1);
    octet_status status = OCTET_OK;
    if (input->frame) {
        uint8_t *rgb = zeros((size_t)r->height * (size_t)r->width, 3);
        status = letterbox(r, input, rgb);
        if (!status)
            test_run_set_pixels(run, rgb);
        free(rgb);
    } else if (input->rgb) {
        test_run_set_pixels(run, input->rgb);
    } else {
        test_run_set_planes(run, input->planes);
    }
    return status;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static octet_status run(void *state, int first, int count, const struct oct_backend_watch *watch)
{
    struct reference *r = state;
    octet_status status = OCTET_OK;
    assert_true(first >= 0 && count >= 1 && first + count <= r->batch);
    for (int slot = first; slot < first + count && !status; slot++) {
        for (int layer = 0; layer < r->network->layer_count && !status; layer++) {
            const double start = now_ms();
            test_run_layer(&r->slots[slot].run, layer);
            r->layer_ms[layer] += now_ms() - start;
            if (watch)
                status = watch->after_layer(watch->user, slot, layer);
        }
    }
    return status;
}

static octet_status tensor(void *state, int slot, int index, octet_tensor_view *view)
{
    struct reference *r = state;
    const struct oct_tensor *t = &r->network->tensors[index];
    const struct test_tensor *from = test_run_tensor(&r->slots[slot].run, index);
    const bool codes = from->planes[0].codes != NULL;
    const size_t channels = (size_t)t->channels;
    const size_t pixels = (size_t)from->height * (size_t)from->width;
    void **copy = &r->slots[slot].copies[index];
    if (!*copy)
        *copy = zeros(pixels * channels, codes ? 1 : sizeof(float));
    for (size_t c = 0; c < channels; c++)
        for (size_t at = 0; at < pixels; at++) {
            if (codes)
                ((uint8_t *)*copy)[at * channels + c] = from->planes[c].codes[at];
            else
                ((float *)*copy)[at * channels + c] = from->planes[c].values[at];
        }
    *view = (octet_tensor_view){
        .name = t->name,
        .channels = t->channels,
        .height = from->height,
        .width = from->width,
        .type = codes ? OCTET_ELEMENT_U8 : OCTET_ELEMENT_F32,
        .scale = from->planes[0].scale,
        .zero_point = from->planes[0].zero_point,
        .data = *copy,
        .row_elements = (size_t)from->width * channels,
        .pixel_elements = channels,
    };
    return OCTET_OK;
}

static void describe(const void *state, struct oct_backend_facts *facts)
{
    const struct reference *r = state;
    *facts = (struct oct_backend_facts){
        .kernels = "plain", .threads = 1, .memory_bytes = (size_t)r->batch * sizeof *r->slots};
}

static double layer_ms(const void *state, int layer)
{
    return ((const struct reference *)state)->layer_ms[layer];
}

const struct oct_backend test_reference_backend = {
    .name = "reference",
    .open = open_reference,
    .set_input = set_input,
    .run = run,
    .tensor = tensor,
    .describe = describe,
    .layer_ms = layer_ms,
    .close = close_reference,
};
