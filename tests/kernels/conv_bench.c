/* SPDX-License-Identifier: Apache-2.0 */
/* Timing of the convolutions of YOLOv8, alone (hot) and one after another in an arena, against the
 * measured peak. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bfloat16.h"
#include "kernels/check.h"
#include "kernels/yolo.h"

enum { CONSTANTS = 1024 + 64 };

/* A layer's job with weights of its own. */
struct ready {
    struct oct_conv_job job;
    const struct oct_conv_kernel *kernel;
    struct check_memory packed, scratch;
    double best_s;
};

struct network {
    struct yolo yolo;
    struct check_random random;
    struct check_memory arena;
    struct oct_kernels table;
    struct ready layers[YOLO_LAYERS_MAX];
    int32_t start[CONSTANTS];
    float scale[CONSTANTS], bias[CONSTANTS];
};

double check_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiply-adds a second in the register-only loop, the best of several. */
static double peak(uint64_t (*burn)(uint64_t rounds))
{
    uint64_t rounds = 1000;
    double best = 0;
    for (int i = 0; i < 12; i++) {
        const double begin = check_now_s();
        const uint64_t done = burn(rounds);
        const double took = check_now_s() - begin;
        if ((double)done / took > best)
            best = (double)done / took;
        if (took < 4e-3)
            rounds *= 2;
    }
    return best;
}

double check_peak(const struct oct_kernels *table, enum oct_type type)
{
    uint64_t (*const burns[])(uint64_t rounds) = {[OCT_TYPE_U8] = table->burn_u8,
                                                  [OCT_TYPE_F32] = table->burn_f32,
                                                  [OCT_TYPE_BF16] = table->burn_half,
                                                  [OCT_TYPE_F16] = table->burn_half};
    return peak(burns[type]);
}

/* Weights and constants that keep activations about where they are. */
static void pack_layer(struct network *net, int index, const struct oct_conv_kernel *kernel)
{
    const struct oct_conv_shape *shape = &net->yolo.layers[index].shape;
    struct ready *ready = &net->layers[index];
    const size_t depth = (size_t)(shape->kernel * shape->kernel * shape->input_channels);
    const size_t count = depth * (size_t)shape->output_channels;
    struct check_memory codes = check_allocate(&net->random, count, 0);
    struct check_memory values = check_allocate(&net->random, count * sizeof(float), 0);
    struct check_memory bf16 = check_allocate(&net->random, count * sizeof(uint16_t), 0);
    for (size_t i = 0; i < count; i++) {
        int8_t *code = (int8_t *)codes.bytes + i;
        *code = *code == -128 ? -127 : *code;
        const float value = (float)*code * 0.01f / sqrtf((float)depth);
        ((float *)(void *)values.bytes)[i] = value;
        ((uint16_t *)(void *)bf16.bytes)[i] = oct_bf16_of(value);
    }
    const bool half = check_is_half(net->yolo.type);
    const struct oct_conv_weights weights = {
        .codes = (const int8_t *)codes.bytes,
        .bf16 = half ? (const uint16_t *)(const void *)bf16.bytes : NULL,
        .values = (const float *)(const void *)values.bytes,
        .input_channels = shape->input_channels,
        .output_channels = shape->output_channels,
    };
    check_release(&ready->packed);
    check_release(&ready->scratch);
    ready->kernel = kernel;
    ready->packed = check_allocate(&net->random, kernel->packed_bytes(shape), 0);
    ready->scratch = check_allocate(&net->random, kernel->scratch_bytes(shape), 0);
    kernel->pack(shape, &weights, ready->packed.bytes);
    ready->job.packed = ready->packed.bytes;
    check_release(&codes);
    check_release(&values);
    check_release(&bf16);
}

static void make_job(struct network *net, int index)
{
    const struct yolo_layer *layer = &net->yolo.layers[index];
    struct oct_conv_job *job = &net->layers[index].job;
    job->shape = layer->shape;
    job->input = yolo_view(&net->yolo, layer->input, net->arena.bytes, layer->shape.kernel / 2);
    job->output = yolo_view(&net->yolo, layer->output, net->arena.bytes, 0);
    if (layer->residual.tensor >= 0)
        job->residual = yolo_view(&net->yolo, layer->residual, net->arena.bytes, 0);
    job->activation = layer->silu ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE;
    job->start = net->start;
    job->scale = net->scale;
    job->bias = net->bias;
}

static struct network *make_network(const struct check_bench *bench)
{
    struct network *net = calloc(1, sizeof *net);
    if (!net)
        exit(1);
    net->random = check_random_of(1);
    yolo_build(&net->yolo, bench->model[0], bench->size, bench->type);
    net->arena = check_allocate(&net->random, net->yolo.arena_bytes, 64);
    for (size_t i = 0; i < net->arena.size / 4 && bench->type == OCT_TYPE_F32; i++)
        ((float *)(void *)net->arena.bytes)[i] = check_float(&net->random, -1.0f, 2.0f);
    for (size_t i = 0; i < net->arena.size / 2 && check_is_half(bench->type); i++)
        ((uint16_t *)(void *)net->arena.bytes)[i] =
            check_half_of(bench->type, check_float(&net->random, -1.0f, 2.0f));
    oct_kernels_fill(&net->table, bench->sets);
    for (int i = 0; i < CONSTANTS; i++) {
        net->scale[i] = 2e-5f;
        net->bias[i] = check_float(&net->random, -1.0f, 1.0f);
    }
    for (int i = 0; i < net->yolo.layer_count; i++)
        make_job(net, i);
    return net;
}

static void free_network(struct network *net)
{
    for (int i = 0; i < net->yolo.layer_count; i++) {
        check_release(&net->layers[i].packed);
        check_release(&net->layers[i].scratch);
    }
    check_release(&net->arena);
    free(net);
}

static double run_layer(struct ready *ready)
{
    const struct oct_conv_range all = {0, ready->job.shape.output_height, 0,
                                       ready->job.shape.output_channels};
    const double begin = check_now_s();
    ready->kernel->run(&ready->job, &all, ready->scratch.bytes);
    return check_now_s() - begin;
}

static double network_peak(const struct network *net)
{
    return check_peak(&net->table, net->yolo.type);
}

static void print_shape(const struct yolo_layer *layer)
{
    const struct oct_conv_shape *s = &layer->shape;
    printf("%-10s %4d->%-4d %dx%d/%d %4d%s%s", layer->name, s->input_channels, s->output_channels,
           s->kernel, s->kernel, s->stride, s->output_width, layer->silu ? " silu" : "     ",
           layer->residual.tensor >= 0 ? " add" : "    ");
}

void check_bench_network(const struct check_bench *bench)
{
    struct network *net = make_network(bench);
    double total_macs = 0, best = 1e9;
    for (int i = 0; i < net->yolo.layer_count; i++) {
        const struct oct_conv_shape *shape = &net->yolo.layers[i].shape;
        pack_layer(net, i, check_chosen(&net->table, bench->type, shape));
        net->layers[i].best_s = 1e9;
        total_macs += yolo_multiply_adds(&net->yolo.layers[i]);
    }
    double limit = network_peak(net);
    const double begin = check_now_s();
    int runs = 0;
    for (; runs < 3 || (runs < 400 && check_now_s() - begin < 4.0); runs++) {
        double sum = 0;
        for (int i = 0; i < net->yolo.layer_count; i++) {
            const double took = run_layer(&net->layers[i]);
            sum += took;
            if (took < net->layers[i].best_s)
                net->layers[i].best_s = took;
        }
        if (sum < best)
            best = sum;
    }
    const double again = network_peak(net);
    limit = again > limit ? again : limit;
    double floor_s = 0;
    for (int i = 0; i < net->yolo.layer_count; i++) {
        struct ready *ready = &net->layers[i];
        floor_s += ready->best_s;
        if (!bench->verbose)
            continue;
        print_shape(&net->yolo.layers[i]);
        const double macs = yolo_multiply_adds(&net->yolo.layers[i]);
        printf(" %7.3f ms %6.1f G/s %4.0f %%  lost %.3f  %s\n", 1e3 * ready->best_s,
               1e-9 * macs / ready->best_s, 100 * macs / ready->best_s / limit,
               1e3 * (ready->best_s - macs / limit), ready->kernel->name);
    }
    printf("yolov8%c %d %s %s: %.3f G multiply-adds, peak %.1f G/s; best run %.3f ms, %.1f %% of "
           "peak; "
           "sum of every layer's best %.3f ms, %.1f %%; arena %.1f MB\n",
           bench->model[0], bench->size, oct_type_name(bench->type),
           check_is_half(bench->type) ? net->table.half_set : net->table.set, 1e-9 * total_macs,
           1e-9 * limit, 1e3 * best, 100 * total_macs / best / limit, 1e3 * floor_s,
           100 * total_macs / floor_s / limit, 1e-6 * (double)net->arena.size);
    free_network(net);
}

static bool same_work(const struct yolo_layer *a, const struct yolo_layer *b)
{
    return memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 && a->silu == b->silu &&
           (a->residual.tensor >= 0) == (b->residual.tensor >= 0);
}

static double best_of_layer(struct ready *ready)
{
    double best = 1e9;
    const double begin = check_now_s();
    for (int i = 0; i < 2 || (i < 200 && check_now_s() - begin < 0.05); i++) {
        const double took = run_layer(ready);
        best = took < best ? took : best;
    }
    return best;
}

/* Kernels of the lists that the sets allow and whose name has the filter; the reference first. */
static int take_kernels(const struct check_bench *bench, const struct oct_conv_kernel *kernels[64])
{
    int lists, count = 0;
    const struct oct_kernel_list *list = oct_kernels_list(&lists);
    for (int i = 0; i < lists; i++) {
        if ((bench->sets & list[i].sets) != list[i].sets)
            continue;
        int many;
        const struct oct_conv_kernel *const *all = check_kernels(&list[i], bench->type, &many);
        for (int k = 0; k < many && count < 64; k++) {
            const struct oct_conv_kernel *kernel = all[k];
            if (list[i].sets == OCT_CPU_REF || !bench->filter ||
                strstr(kernel->name, bench->filter))
                kernels[count++] = kernel;
        }
    }
    return count;
}

void check_bench_kernels(const struct check_bench *bench)
{
    struct network *net = make_network(bench);
    const struct oct_conv_kernel *kernels[64];
    const int count = take_kernels(bench, kernels);
    const double limit = network_peak(net);
    printf("peak of %s: %.1f G multiply-adds a second; below: %% of it (times the reference's "
           "speed)\n",
           net->table.set, 1e-9 * limit);
    for (int k = 1; k < count; k++)
        printf("%d: %s\n", k, kernels[k]->name);
    for (int i = 0; i < net->yolo.layer_count; i++) {
        const struct yolo_layer *layer = &net->yolo.layers[i];
        bool seen = false;
        for (int j = 0; j < i && !seen; j++)
            seen = same_work(layer, &net->yolo.layers[j]);
        if (seen)
            continue;
        print_shape(layer);
        double reference = 0;
        for (int k = 0; k < count; k++) {
            pack_layer(net, i, kernels[k]);
            const double took = best_of_layer(&net->layers[i]);
            reference = k ? reference : took;
            if (k)
                printf("  %3.0f (%3.0f)", 100 * yolo_multiply_adds(layer) / took / limit,
                       reference / took);
        }
        printf("\n");
        fflush(stdout);
    }
    free_network(net);
}
