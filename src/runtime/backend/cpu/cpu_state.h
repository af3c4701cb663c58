/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU backend's state: a network as a list of steps whose kernels, weights and views are all
 * settled when it opens. Private to this folder. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_CPU_STATE_H
#define OCTET_RUNTIME_BACKEND_CPU_CPU_STATE_H

#include "base/threads.h"
#include "runtime/backend/backend.h"
#include "runtime/backend/cpu/layout.h"
#include "runtime/backend/cpu/shared_weights.h"
#include "runtime/image/letterbox.h"

/* UPSAMPLE, COPY and DEPTH_TO_SPACE. */
struct oct_move_job {
    struct oct_view input, output; /* from the first channel that is moved */
    /* COPY within a type, DEPTH_TO_SPACE: channels that have a source, the output's
     * padding included where the input's is known to be numbers */
    int copied;
    int cleared; /* channels behind them, which pad the output */
};

/* A step's work on one picture, or on any where it touches only what pictures share. */
struct oct_step_job {
    struct oct_view output;
    union {
        struct oct_conv_job conv;
        struct oct_pool_job pool;
        struct oct_table_job table;
        struct oct_attention_job attention;
        struct oct_move_job move;
    };
};

/* One layer, prepared. Its work is cut into items, which the threads share: `row_items` ranges of
 * rows, for each range of channels. */
struct oct_step {
    const struct oct_layer *layer;
    const struct oct_conv_kernel *kernel;         /* CONVOLUTION */
    struct oct_pack_block *block;                 /* CONVOLUTION: held; its packed weights' */
    const struct oct_attention_kernel *attention; /* ATTENTION */
    /* MAX_POOL, WINDOW_MAX, WINDOW_MEAN */
    void (*pool)(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
    int height, width, channels;  /* of the output; stored channels */
    int border;                   /* of the output's buffer, pixels */
    int row_chunk, channel_chunk; /* output rows and channels of one item */
    int row_items, items;
    int jobs_a_slot;           /* 0: one job for all slots */
    struct oct_step_job *jobs; /* of slot s: jobs[s * jobs_a_slot] */
    double total_ms;           /* with profile */
};

struct oct_cpu {
    octet_context *ctx;                /* the session's */
    const struct oct_network *network; /* with the set of scales of the input's size */
    int set, set_count;
    struct oct_engine_shared *engine_shared;
    struct oct_cpu_weights *weights; /* in it; held */
    struct oct_arena arena;
    struct oct_kernels kernels;
    struct oct_threads *threads;
    int height, width, batch, thread_count;
    bool profile;
    struct oct_layout layout;
    struct oct_view *views; /* [tensors]: slot 0's, see oct_cpu_view() */
    struct oct_step *steps; /* [layers] */
    size_t packed_bytes;    /* of all packed weights, shared ones as well */
    size_t scratch_bytes;   /* of each thread */
    char *pictures;         /* [batch][layout.picture_bytes] */
    size_t pictures_bytes;
    char *shared;    /* [layout.shared_bytes] */
    char *scratch;   /* [thread_count][scratch_bytes] */
    uint8_t *pixels; /* F32 or BF16 input: letterboxed RGB0, before conversion */
    struct oct_letterbox_scratch letterbox;
};

/* cpu_memory.c: activations and their views, once there is a layout; what runs work in, once there
 * are steps. */
octet_status oct_cpu_allocate_tensors(struct oct_cpu *cpu);
octet_status oct_cpu_allocate_scratch(struct oct_cpu *cpu);
/* A tensor of a slot: data at pixel (0, 0), see oct_layout_view(). */
struct oct_view oct_cpu_view(const struct oct_cpu *cpu, int slot, int tensor);

/* prepare.c: makes the steps. Memory of activations is there, that of scratch is not. */
octet_status oct_cpu_prepare(struct oct_cpu *cpu);

/* conv_constants.c: those of a convolution, in `arena`; false when out of memory. */
bool oct_conv_constants_make(struct oct_arena *arena, const struct oct_network *network,
                             const struct oct_layer *layer, struct oct_conv_constants *constants);

/* pack_weights.c: gives a convolution its constants, chooses the kernel, and adds what its packed
 * weights take to cpu->packed_bytes. */
octet_status oct_cpu_choose_kernel(struct oct_cpu *cpu, struct oct_step *step,
                                   struct oct_conv_job *job);
/* Packed weights of a step whose kernel is chosen: how many bytes, a multiple of OCT_ALIGNMENT; and
 * these. */
size_t oct_cpu_packed_bytes(const struct oct_step *step);
octet_status oct_cpu_pack_weights(struct oct_cpu *cpu, const struct oct_step *step, void *packed);

/* shared_weights.c: holds what the engine's sessions share, made by the first of them; then packed
 * weights for all steps, whose kernels are chosen. After either's failure, too, all that is held is
 * given back by the last call. */
octet_status oct_cpu_hold_weights(struct oct_cpu *cpu);
octet_status oct_cpu_hold_packs(struct oct_cpu *cpu);
void oct_cpu_release_weights(struct oct_cpu *cpu);

/* divide_work.c: cuts a step into items for `threads`. */
void oct_cpu_divide_work(struct oct_step *step, int threads);

/* input.c and execute.c: struct oct_backend's set_input, replace and run. */
octet_status oct_cpu_set_input(void *state, int slot, const struct oct_backend_input *input);
void oct_cpu_replace(void *state, int slot, int tensor, const float *values);
octet_status oct_cpu_run(void *state, int first, int count, const struct oct_backend_watch *watch);

#endif
