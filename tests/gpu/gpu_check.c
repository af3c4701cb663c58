/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On a machine with a GPU: gpu_check ENGINE [HEIGHTxWIDTH [BATCH]]. Runs an engine on the CPU and
 * on the GPU, on the same random pictures, and compares every tensor that a layer writes, the
 * undecided output and the boxes: codes and what is made of codes alone to the bit, floats of float
 * layers by their relative difference; and to the bit what frames become in the network's input.
 * Prints one line; exit status 1 where something differs.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <octet/octet.h>

#include "frame_check.h"

#define BOXES_MOST 300
#define FLOAT_TOLERANCE 0.02 /* bfloat16: norm of the difference to the norm */

struct tensors {
    int layers, batch;
    unsigned char **bytes; /* [batch][layers], compact */
    size_t *sizes;
    octet_element_type *types;
};

struct comparison {
    struct tensors *wanted;
    const char *const *names;
    long long compared, different;
    int worst_layer;
    double worst;
};

static void *zeros(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fprintf(stderr, "gpu_check: out of memory\n");
        exit(1);
    }
    return memory;
}

static void require(octet_status status, const char *what, const char *message)
{
    if (status == OCTET_OK)
        return;
    fprintf(stderr, "gpu_check: %s: %s\n", what, message);
    exit(1);
}

static size_t element_bytes(octet_element_type type)
{
    return type == OCTET_ELEMENT_U8 ? 1 : type == OCTET_ELEMENT_BF16 ? 2 : 4;
}

static unsigned char *compact(const octet_tensor_view *view, size_t *size)
{
    const size_t element = element_bytes(view->type), pixel = (size_t)view->channels * element;
    *size = (size_t)view->height * (size_t)view->width * pixel;
    unsigned char *bytes = zeros(*size, 1), *to = bytes;
    for (int y = 0; y < view->height; y++)
        for (int x = 0; x < view->width; x++, to += pixel)
            memcpy(to,
                   (const unsigned char *)view->data +
                       ((size_t)y * view->row_elements + (size_t)x * view->pixel_elements) *
                           element,
                   pixel);
    return bytes;
}

static int keep(void *user, int slot, int layer, const octet_tensor_view *view)
{
    struct tensors *tensors = user;
    const int at = slot * tensors->layers + layer;
    tensors->bytes[at] = compact(view, &tensors->sizes[at]);
    tensors->types[at] = view->type;
    return 0;
}

static double value_of(const unsigned char *bytes, octet_element_type type, size_t index)
{
    float value;
    unsigned upper;
    unsigned short half;
    switch (type) {
    case OCTET_ELEMENT_U8:
        return bytes[index];
    case OCTET_ELEMENT_BF16:
        memcpy(&half, bytes + 2 * index, 2);
        upper = (unsigned)half << 16;
        memcpy(&value, &upper, 4);
        return (double)value;
    default:
        memcpy(&value, bytes + 4 * index, 4);
        return (double)value;
    }
}

/* The norm of the difference, to the norm. */
static double difference(const unsigned char *is, octet_element_type is_type,
                         const unsigned char *wanted, octet_element_type type, size_t count)
{
    double off = 0.0, all = 1e-30;
    for (size_t i = 0; i < count; i++) {
        const double a = value_of(is, is_type, i), b = value_of(wanted, type, i);
        off += (a - b) * (a - b);
        all += b * b;
    }
    return sqrt(off / all);
}

static int compare(void *user, int slot, int layer, const octet_tensor_view *view)
{
    struct comparison *comparison = user;
    const struct tensors *wanted = comparison->wanted;
    const int at = slot * wanted->layers + layer;
    size_t size;
    unsigned char *bytes = compact(view, &size);
    const size_t count = size / element_bytes(view->type);
    comparison->compared++;
    if (count != wanted->sizes[at] / element_bytes(wanted->types[at]) ||
        view->type != wanted->types[at] || memcmp(bytes, wanted->bytes[at], size) != 0) {
        const double off =
            difference(bytes, view->type, wanted->bytes[at], wanted->types[at], count);
        if (comparison->different++ == 0 && getenv("VERBOSE"))
            printf("  slot %d layer %d %s: first difference, %g\n", slot, layer, view->name, off);
        if (off > comparison->worst || isnan(off)) {
            comparison->worst = off;
            comparison->worst_layer = layer;
        }
    }
    free(bytes);
    return 0;
}

static octet_session *open_session(octet_context *context, const octet_engine *engine,
                                   const char *device, int height, int width, int batch)
{
    octet_session_settings settings;
    octet_session *session;
    octet_session_defaults(&settings);
    settings.device = device;
    settings.cache = getenv("OCTET_CHECK_CACHE");
    settings.height = height;
    settings.width = width;
    settings.batch = batch;
    require(octet_session_open(context, engine, &settings, &session), device,
            octet_context_message(context));
    return session;
}

static void set_noise(octet_session *session, int batch)
{
    const size_t bytes =
        3 * (size_t)octet_session_height(session) * (size_t)octet_session_width(session);
    unsigned char *rgb = zeros(bytes, 1);
    unsigned state = 12345;
    for (int slot = 0; slot < batch; slot++) {
        for (size_t i = 0; i < bytes; i++) {
            state = state * 1664525u + 1013904223u;
            rgb[i] = (unsigned char)(state >> 24);
        }
        require(octet_session_set_pixels(session, slot, rgb), "pixels",
                octet_session_message(session));
    }
    free(rgb);
}

static void run(octet_session *session)
{
    require(octet_session_run(session), "run", octet_session_message(session));
}

/* Confidences from all too many boxes to hardly any, every class or the best, all or some; the last
 * one is what later runs search for. */
enum { SEARCHES = 8 };

static octet_detect_settings search_of(int index, int class_count)
{
    static const double confidences[SEARCHES] = {0.0, 1e-6, 1e-4, 1e-3, 0.01, 0.01, 0.1, 0.001};
    static const int classes[] = {0, 1};
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = confidences[index];
    settings.multi_label = index % 2;
    if (index % 4 == 1) {
        settings.classes = classes;
        settings.class_count = class_count < 2 ? 1 : 2;
    }
    return settings;
}

static bool boxes_differ(octet_session *cpu, octet_session *gpu, int slot,
                         const octet_detect_settings *settings)
{
    octet_detection a[BOXES_MOST], b[BOXES_MOST];
    int a_count, b_count;
    require(octet_session_detect(cpu, slot, settings, a, BOXES_MOST, &a_count), "detect",
            octet_session_message(cpu));
    require(octet_session_detect(gpu, slot, settings, b, BOXES_MOST, &b_count), "detect",
            octet_session_message(gpu));
    return a_count != b_count || memcmp(a, b, sizeof *a * (size_t)a_count) != 0;
}

/* The largest relative difference of the undecided outputs; selections that differ are counted. */
static double compare_results(octet_session *cpu, octet_session *gpu, const octet_engine *engine,
                              int batch, int *boxes)
{
    octet_info info;
    octet_engine_info(engine, &info);
    const size_t count = ((size_t)info.class_count + 4) * (size_t)octet_session_anchor_count(cpu);
    float *wanted = zeros(count, sizeof *wanted), *is = zeros(count, sizeof *is);
    double worst = 0.0;
    for (int slot = 0; slot < batch; slot++) {
        require(octet_session_output(cpu, slot, wanted), "output", octet_session_message(cpu));
        require(octet_session_output(gpu, slot, is), "output", octet_session_message(gpu));
        if (memcmp(is, wanted, count * sizeof *is) != 0)
            worst = fmax(worst, difference((unsigned char *)is, OCTET_ELEMENT_F32,
                                           (unsigned char *)wanted, OCTET_ELEMENT_F32, count));
        *boxes += boxes_differ(cpu, gpu, slot, NULL);
        for (int i = 0; i < SEARCHES; i++) {
            const octet_detect_settings settings = search_of(i, info.class_count);
            *boxes += boxes_differ(cpu, gpu, slot, &settings);
        }
    }
    free(wanted);
    free(is);
    return worst;
}

int main(int argc, char **argv)
{
    int height = 0, width = 0, boxes = 0, frames_off = 0;
    const int batch = argc > 3 ? atoi(argv[3]) : 1;
    if (argc < 2 || (argc > 2 && sscanf(argv[2], "%dx%d", &height, &width) != 2) || batch < 1) {
        fprintf(stderr, "usage: gpu_check ENGINE [HEIGHTxWIDTH [BATCH]]\n");
        return 2;
    }
    octet_context *context;
    octet_engine *engine;
    octet_info info;
    require(octet_context_create(NULL, &context), "context", "");
    require(octet_engine_load(context, argv[1], &engine), argv[1], octet_context_message(context));
    octet_engine_info(engine, &info);
    octet_session *cpu = open_session(context, engine, "cpu", height, width, batch);
    octet_session *gpu = open_session(context, engine, "cuda", height, width, batch);
    struct tensors wanted = {.layers = info.layer_count, .batch = batch};
    const size_t all = (size_t)info.layer_count * (size_t)batch;
    wanted.bytes = zeros(all, sizeof *wanted.bytes);
    wanted.sizes = zeros(all, sizeof *wanted.sizes);
    wanted.types = zeros(all, sizeof *wanted.types);
    struct comparison comparison = {.wanted = &wanted};
    set_noise(cpu, batch);
    octet_session_observe(cpu, keep, &wanted);
    run(cpu);
    set_noise(gpu, batch);
    run(gpu); /* as a graph, whose results are compared first */
    const double graph = compare_results(cpu, gpu, engine, batch, &boxes);
    run(gpu); /* the search of the last selection is the graph's now */
    const octet_detect_settings last = search_of(SEARCHES - 1, info.class_count);
    for (int slot = 0; slot < batch; slot++)
        boxes += boxes_differ(cpu, gpu, slot, &last);
    octet_session_observe(gpu, compare, &comparison);
    run(gpu);
    octet_session_observe(cpu, NULL, NULL);
    const int frames = check_frames(cpu, gpu, &frames_off);
    const bool exact = comparison.different == 0 && graph == 0.0 && boxes == 0 && frames_off == 0;
    const bool close = frames_off == 0 && info.precision != OCTET_PRECISION_INT8 &&
                       comparison.worst < FLOAT_TOLERANCE && graph < FLOAT_TOLERANCE;
    printf("%s %dx%d batch %d: %lld tensors, %lld differ (worst %.3g, layer %d), output %.3g, %d "
           "selections, %d of %d frames: %s\n",
           argv[1], octet_session_height(gpu), octet_session_width(gpu), batch, comparison.compared,
           comparison.different, comparison.worst, comparison.worst_layer, graph, boxes, frames_off,
           frames,
           exact   ? "the same"
           : close ? "close"
                   : "DIFFERENT");
    for (size_t i = 0; i < all; i++)
        free(wanted.bytes[i]);
    free(wanted.bytes);
    free(wanted.sizes);
    free(wanted.types);
    octet_session_close(&gpu);
    octet_session_close(&cpu);
    octet_engine_free(&engine);
    octet_context_free(&context);
    return exact || close ? 0 : 1;
}
