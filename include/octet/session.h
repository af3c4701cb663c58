/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_SESSION_H
#define OCTET_SESSION_H

#include <octet/engine.h>
#include <octet/frame.h>
#include <octet/image.h>

OCTET_BEGIN_DECLARATIONS

/** A session runs an engine at one input size. It owns one arena that is sized when it opens:
 * running allocates nothing. Use a session from one thread at a time; for throughput open one
 * session per core, with one thread each: they share the engine's packed weights. */
typedef struct octet_session octet_session;

/** Settings of a session. Fill with octet_session_defaults(). */
typedef struct octet_session_settings {
    int height, width; /**< pixels, multiples of 32, 32 to 8192; 0: the engine's default size */
    int batch;         /**< pictures a run, 1 to 256; default 1. Results do not depend on it */
    /** 1 or more; 0 (default): physical cores (big.LITTLE: big ones) that this process may use,
     * fewer where a CPU quota (docker --cpus) does not pay for them */
    int threads;
    /** highest kernel set to use: "ref", "avx2", "avx512vnni", ... or "max" (default, also NULL) */
    const char *cpu;
    int profile; /**< 1: time every layer, see octet_session_layer_ms(); default 0 */
    /** where it runs: "cpu" (default, also NULL); "cuda" or "cuda:N" (0 to 63), an NVIDIA GPU, by
     * liboctet-cuda; "auto": GPU 0 where octet can run on it, else the CPU */
    const char *device;
    /** Folder in which what a GPU's kernels are tried out for is kept, so that the next session of
     * the same sizes opens at once; it must be there. NULL (default): nothing is kept. */
    const char *cache;
    /** pixels; pictures that fit then are scaled as into this, octet_letterbox_rect(); 0: or not */
    int bound_height, bound_width;
    size_t reserved[5];
} octet_session_settings;

OCTET_API void octet_session_defaults(octet_session_settings *settings);

/** Opens a session: chooses kernels, packs weights for them, plans memory. `settings` may be NULL.
 * The context is used for the allocator and, on failure, the message. Errors:
 * OCTET_INVALID_ARGUMENT (sizes, unknown devices), OCTET_UNSUPPORTED_CPU (unknown or absent kernel
 * set), OCTET_UNSUPPORTED_DEVICE (no such GPU, or nothing to run on it), OCTET_OUT_OF_MEMORY. The
 * engine must outlive the session. */
OCTET_API octet_status octet_session_open(octet_context *context, const octet_engine *engine,
                                          const octet_session_settings *settings,
                                          octet_session **session);

/** The line about the session's last failed call. */
OCTET_API const char *octet_session_message(const octet_session *session);

OCTET_API int octet_session_height(const octet_session *session);
OCTET_API int octet_session_width(const octet_session *session);
OCTET_API int octet_session_threads(const octet_session *session);
/** Bytes of the arena and of the packed weights, shared ones counted in each session. */
OCTET_API size_t octet_session_memory_bytes(const octet_session *session);
/** Where it runs: "cpu" or "cuda". Static text. */
OCTET_API const char *octet_session_device(const octet_session *session);
/** The kernels in use: the CPU's set, e.g. "avx512vnni", or a word for a GPU's. Static text. */
OCTET_API const char *octet_session_cpu(const octet_session *session);

/** Letterboxes a picture into slot `index` (0 to batch - 1). The picture is not kept. What the last
 * run made of the slot is gone then, also when this fails; results are to be taken first. On a GPU
 * a picture that is larger than those before may take memory. */
OCTET_API octet_status octet_session_set_image(octet_session *session, int index,
                                               const octet_image *image);

/** As octet_session_set_image(), of a camera's frame: resized as its pixels' RGB would be (see
 * docs/numerics.md), to the same bytes on every device. The frame is not kept: its memory may be
 * written again on return. OCTET_INVALID_ARGUMENT for an unknown format, matrix or range, sizes out
 * of bounds, a plane that is NULL and a stride that is too small. */
OCTET_API octet_status octet_session_set_frame(octet_session *session, int index,
                                               const octet_frame *frame);

/** Fills `*frame` with planes for the caller to write to, in memory that the session's device reads
 * fastest: a discrete GPU copies from it at once, an integrated one reads it in place; on the CPU
 * it is any. Strides are multiples of 64; matrix and range are BT.601, limited, and may be changed.
 * The frame is the session's: octet_session_free_frame() or octet_session_close() ends it. On
 * failure (OCTET_INVALID_ARGUMENT, OCTET_OUT_OF_MEMORY) it is zeroed. */
OCTET_API octet_status octet_session_allocate_frame(octet_session *session,
                                                    octet_pixel_format format, int width,
                                                    int height, octet_frame *frame);

/** Gives such a frame's planes back and zeroes it; any other frame is left as it is. */
OCTET_API void octet_session_free_frame(octet_session *session, octet_frame *frame);

/** Copies pixels that are letterboxed already: height x width x 3 RGB bytes. Boxes then are in
 * input pixels. */
OCTET_API octet_status octet_session_set_pixels(octet_session *session, int index,
                                                const uint8_t *rgb);

/** Copies a float tensor of shape [3][height][width] (RGB planes, 0 to 1). An INT8 engine takes
 * rint(255 x), clamped. */
OCTET_API octet_status octet_session_set_tensor(octet_session *session, int index,
                                                const float *planes);

/** Takes the picture out of slot `index`, which is not run until it has another. */
OCTET_API octet_status octet_session_clear(octet_session *session, int index);

/** Runs the network on all slots that hold a picture, whether it was run before or not. Allocates
 * nothing. OCTET_INVALID_STATE when no slot holds one; OCTET_CANCELLED when an observer stopped it:
 * slots that it did not come to have no results then. */
OCTET_API octet_status octet_session_run(octet_session *session);

/** Anchors of the head for this size: sum of (height / s) * (width / s) over the strides s. */
OCTET_API int octet_session_anchor_count(const octet_session *session);

/** After a run (else OCTET_INVALID_STATE), writes slot `index`' undecided output as the ONNX model
 * gives it: [4 + classes][anchors] floats, rows centre x, centre y, width, height in input pixels,
 * then class scores after the sigmoid. */
OCTET_API octet_status octet_session_output(octet_session *session, int index, float *output);

/** One detection. The box is in pixels of the source picture (as given to set_image), clipped to
 * it. */
typedef struct octet_detection {
    float x1, y1, x2, y2;
    float score; /**< confidence, 0 to 1 */
    int class_id;
} octet_detection;

/** Settings of box selection. Fill with octet_detect_defaults(). */
typedef struct octet_detect_settings {
    double confidence; /**< keep scores above it; 0 to 1, default 0.25 */
    /** suppress a box that overlaps a better one of its class by more;
     * default 0.7; 1: none is suppressed */
    double iou;
    int max_detections; /**< 1 to 30000, default 300 */
    /** 0 (default): best class of an anchor only; 1: every class above the confidence */
    int multi_label;
    int class_agnostic; /**< 1: suppression ignores classes; default 0 */
    const int *classes; /**< only these, or NULL (default) for all */
    int class_count;    /**< entries of `classes`, 0 or more */
    int max_per_class;  /**< most boxes of one class; 0 (default): no limit of its own */
    size_t reserved[8];
} octet_detect_settings;

OCTET_API void octet_detect_defaults(octet_detect_settings *settings);

/** Fills the settings that the engine's model brings: ONNX files may select boxes themselves, by
 * non-maximum suppression with limits of their own, or by taking the best without suppression
 * (one-to-one heads: iou is 1). Returns 1 then, and 0 where it brings none: the defaults are
 * filled in. Limits that the file does not have are the defaults, too. */
OCTET_API int octet_engine_detect_settings(const octet_engine *engine,
                                           octet_detect_settings *settings);

/** After a run (else OCTET_INVALID_STATE), decodes slot `index`: anchors above the confidence,
 * class-wise non-maximum suppression (greedy, in descending score; ties in the order of anchors,
 * then classes), at most max_detections, best first. Writes at most `capacity` detections and their
 * number to `*count`. `settings` may be NULL: those of octet_engine_detect_settings(). */
OCTET_API octet_status octet_session_detect(octet_session *session, int index,
                                            const octet_detect_settings *settings,
                                            octet_detection *detections, int capacity, int *count);

/** How a tensor's elements are stored. */
typedef enum octet_element_type {
    OCTET_ELEMENT_U8 = 0,   /**< uint8_t codes, real = scale * (code - zero_point) */
    OCTET_ELEMENT_F32 = 1,  /**< float */
    OCTET_ELEMENT_BF16 = 2, /**< uint16_t, the upper halves of floats */
    OCTET_ELEMENT_F16 = 3   /**< uint16_t, IEEE 754 half precision */
} octet_element_type;

/** A layer's output as it stands in the arena while an observer looks at it. */
typedef struct octet_tensor_view {
    const char *name; /**< the ONNX tensor's name */
    int channels, height, width;
    octet_element_type type; /**< of `data` */
    float scale;             /**< of codes */
    int zero_point;
    const void *data; /**< element (c, y, x) stands at y * row_elements + x * pixel_elements + c */
    size_t row_elements, pixel_elements;
} octet_tensor_view;

/** Called after each layer of each slot, on the calling thread. A return other than 0 stops the
 * run: OCTET_CANCELLED. It must not close the session; calls that set, run or read slots fail with
 * OCTET_INVALID_STATE while it is running. */
typedef int octet_observer(void *user, int index, int layer, const octet_tensor_view *view);

/** Sets or, with NULL, removes the observer. */
OCTET_API void octet_session_observe(octet_session *session, octet_observer *observer, void *user);

/** Called by an observer (else OCTET_INVALID_STATE), puts `values` ([height][width][channels]) in
 * place of the output that it is shown, as the layer would keep them: codes are rint(value / scale)
 * + zero_point, clamped. The view then shows them, and the layers that follow read them: so each
 * layer can be looked at with inputs that another engine made. On a GPU it is
 * OCTET_UNSUPPORTED_DEVICE. */
OCTET_API octet_status octet_session_replace(octet_session *session, const float *values);

/** The time of the last run in ms as a GPU's own clock has it, from its first kernel to its last;
 * -1 on the CPU and before a run. */
OCTET_API double octet_session_device_ms(const octet_session *session);

/** With profile = 1: the time of layer `layer` summed over all runs, in ms; -1 when out of range or
 * not profiling. */
OCTET_API double octet_session_layer_ms(const octet_session *session, int layer);

OCTET_API void octet_session_close(octet_session **session);

OCTET_END_DECLARATIONS
#endif
