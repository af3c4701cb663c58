/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between a session and what runs its network: a backend is one const table of
 * functions. open() makes a *state*: an engine's network ready for one input size, with room for a
 * batch of pictures, its *slots*. The session gives a slot its input, has slots run, and reads
 * tensors; it keeps which slots hold a picture and which have results, and never asks for what is
 * not there.
 *
 * Who may call: one thread at a time for a state; several states may be at work at the same time,
 * on one engine, which nobody changes but for what states share (struct oct_engine_shared). They
 * are opened and closed on any threads, too. A backend may have threads and devices of its own
 * behind these calls, but calls back (a watch) on the thread that called it.
 *
 * Failure: a status, and its line in the context that open() was given. A state stays usable after
 * any failure; what a failed call says is lost is set and run anew. Reading and running allocate
 * nothing. Nothing here is asked with an argument out of range.
 */
#ifndef OCTET_RUNTIME_BACKEND_BACKEND_H
#define OCTET_RUNTIME_BACKEND_BACKEND_H

#include <octet/session.h>

#include <stdbool.h>

#include "runtime/engine/engine_contents.h"

/* What a state is opened for. The struct and its text need not outlive the call, the engine must
 * outlive the state. Slots are the numbers 0 to batch - 1. */
struct oct_backend_request {
    const octet_engine *engine; /* its network is verified */
    int height, width;          /* of the input, pixels: multiples of oct_network_stride() */
    int batch;                  /* 1 to 256 */
    int threads;                /* as in octet_session_settings, unchecked */
    const char *cpu;            /* likewise: kernel sets, or NULL */
    int device;                 /* GPU number; 0 where there is one kind only */
    const char *cache;          /* folder for what was tried out, or NULL */
    bool profile;               /* layer_ms() will be asked */
};

/* A slot's input: exactly one of `frame`, `rgb` and `planes`. Nothing is kept after the call. */
struct oct_backend_input {
    /* of any size, checked; to be letterboxed, to the byte as oct_letterbox_frame() does it */
    const octet_frame *frame;
    const octet_letterbox *letterbox; /* with frame: where it goes in the input */
    bool in_host_memory;              /* with frame: its planes lie in memory of allocate_host() */
    const uint8_t *rgb;               /* the input's own pixels, [height][width][3] */
    /* [3][height][width], 0 to 1; where the network takes codes: rint(255 x), clamped, NaN as 0 */
    const float *planes;
};

/* Called after each layer of each picture, in order, while that layer's output can be read by
 * tensor(). Anything but OCTET_OK ends the run, which then returns just that. */
struct oct_backend_watch {
    octet_status (*after_layer)(void *user, int slot, int layer);
    void *user;
};

/* What is told of a state; it does not change. */
struct oct_backend_facts {
    const char *kernels; /* what octet_session_cpu() says: static text */
    int threads;         /* 1 or more, the caller's among them */
    size_t memory_bytes; /* activations, packed weights, scratch: wherever they are */
};

struct oct_backend {
    const char *name; /* what octet_session_device() says: "cpu", "cuda" */

    /* Makes a state: checks `threads` and `cpu`, chooses kernels, packs weights, takes all memory.
     * `ctx` outlives the state and takes its messages. On failure *state is NULL. Fails with
     * OCTET_OUT_OF_MEMORY, OCTET_INVALID_ARGUMENT (threads), OCTET_UNSUPPORTED_CPU (kernel sets),
     * OCTET_UNSUPPORTED_DEVICE (a device that is not there, a network that it does not run),
     * OCTET_BAD_SHAPE. */
    octet_status (*open)(octet_context *ctx, const struct oct_backend_request *request,
                         void **state);

    /* Memory of the host that the device reads fastest, aligned to OCT_ALIGNMENT; given back before
     * close(). Both NULL: any memory is as good. Fails with OCTET_OUT_OF_MEMORY and what a device
     * says. */
    octet_status (*allocate_host)(void *state, size_t bytes, void **memory);
    void (*release_host)(void *state, void *memory);

    /* Gives a slot its input. Results of the slot are lost, and on failure its input too; those of
     * other slots stay. */
    octet_status (*set_input)(void *state, int slot, const struct oct_backend_input *input);

    /* Runs the slots first .. first + count - 1, all of which have an input, and keeps these
     * inputs: they can be run again. A picture's results do not depend on the others of the run. On
     * return the results are there to be read. On failure none of these slots has results; others
     * keep theirs. `watch` may be NULL; with one, slots and layers are run one after another. */
    octet_status (*run)(void *state, int first, int count, const struct oct_backend_watch *watch);

    /* A tensor of a slot, channels-last, in memory that the caller can read. Between a run of the
     * slot and its next input or run: the tensors that the head reads, stored as float. In a watch:
     * also the output of the layer that was just run, in the type it is kept in. The view holds for
     * as long as that; reading another tensor or slot does not end it. Outside of a watch, of a
     * slot that has an input: that, tensor 0, until the next call. May fail where it is fetched
     * from a device. */
    octet_status (*tensor)(void *state, int slot, int tensor, octet_tensor_view *view);

    /* In a watch: puts `values`, [height][width][channels], in place of the output of the layer
     * that was just run, rounded to the type it is kept in. NULL: tensors are not written to. */
    void (*replace)(void *state, int slot, int tensor, const float *values);

    /* The boxes of a slot that was run, as the head's kind selects them: in input pixels, at most
     * `most`, best first, `*count` of them. For backends that decode and select where the tensors
     * are; NULL: the session does it with what tensor() gives. */
    octet_status (*select)(void *state, int slot, const octet_detect_settings *settings,
                           octet_detection *detections, int most, int *count);

    void (*describe)(const void *state, struct oct_backend_facts *facts);

    /* The time of the last run as the device's own clock has it, ms, from the first kernel's
     * beginning to the last one's end; NULL: there is none but the caller's. */
    double (*run_ms)(const void *state);

    /* With `profile`: the time of a layer summed over all runs so far, ms. */
    double (*layer_ms)(const void *state, int layer);

    /* Ends a state and frees all of it; NULL is allowed. */
    void (*close)(void *state);
};

#endif
