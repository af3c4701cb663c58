/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel harness' shared parts: random numbers, guarded memory, the reports. */
#ifndef OCTET_TESTS_KERNELS_CHECK_H
#define OCTET_TESTS_KERNELS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/view_elements.h"

/* A stream of random numbers (xorshift64*); the same seed gives the same stream everywhere. */
struct check_random {
    uint64_t state;
};

struct check_random check_random_of(uint64_t seed);
uint32_t check_bits(struct check_random *random);
/* Uniform in [low, high]. */
int check_int(struct check_random *random, int low, int high);
float check_float(struct check_random *random, float low, float high);

/* Memory with a page behind it that faults, and a canary before it. `bytes` begins on a multiple
 * of 64. */
struct check_memory {
    uint8_t *bytes;
    size_t size;
    void *map;
    size_t map_size;
};

/* `slack` bytes behind the `size` ones may be touched (they hold the canary); the fault begins at
 * most 63 bytes later. Filled with random bytes. */
struct check_memory check_allocate(struct check_random *random, size_t size, size_t slack);
/* Whether the canaries before and behind are whole. */
bool check_whole(const struct check_memory *memory);
void check_release(struct check_memory *memory);

/* Writes the reason of the current case's failure; returns false. */
bool check_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A convolution's weights as an engine stores them, of a random part of the channels. */
struct check_weights {
    struct oct_conv_weights weights;
    struct check_memory codes, bf16, values, inputs;
};

/* packing_check.c: stores dense weights, [output channels][taps][input channels] of `shape`, for a
 * kernel whose input is of `type`; those of channels left out become zeros. */
void check_store_weights(struct check_random *random, const struct oct_conv_shape *shape,
                         enum oct_type type, int8_t *codes, float *values,
                         struct check_weights *stored);
void check_release_weights(struct check_weights *stored);
/* Whether a kernel packed dense weights, codes or (codes NULL) values, as its file states. */
bool check_packing(const struct oct_conv_kernel *kernel, const struct oct_conv_shape *shape,
                   const int8_t *codes, const float *values, const uint8_t *packed);

/* One random case; false after check_failed().
 * `turn` counts the cases from 0 and picks their kind. */
bool check_conv(const struct oct_conv_kernel *kernel, enum oct_type type,
                struct check_random *random, int turn);
bool check_pool(const struct oct_kernels *kernels, enum oct_type type, struct check_random *random);
bool check_mean(const struct oct_kernels *kernels, struct check_random *random);
bool check_attention(const struct oct_kernels *kernels, enum oct_type type,
                     struct check_random *random);
/* softmax.h's weights against the real function. */
bool check_softmax(void);
bool check_upsample(const struct oct_kernels *kernels, struct check_random *random);
bool check_convert(const struct oct_kernels *kernels, struct check_random *random);
bool check_pixels(const struct oct_kernels *kernels, struct check_random *random);
bool check_resize(const struct oct_kernels *kernels, struct check_random *random);
bool check_yuv(const struct oct_kernels *kernels, struct check_random *random);
bool check_measure(const struct oct_kernels *kernels, struct check_random *random);
bool check_burn(const struct oct_kernels *kernels);
bool check_choice(const struct oct_kernels *kernels, struct check_random *random);
/* The scalar definitions of requantize.h against the real functions. */
bool check_silu(void);
bool check_activations(void);
bool check_requantize(void);
bool check_cpu_parse(void);

/* The types that an architecture's kernels know: those up to BF16, and on ARM F16. */
#if defined(__aarch64__)
enum { CHECK_TYPES = OCT_TYPE_F16 + 1 };
#else
enum { CHECK_TYPES = OCT_TYPE_BF16 + 1 };
#endif

static inline bool check_is_half(enum oct_type type)
{
    return type == OCT_TYPE_BF16 || type == OCT_TYPE_F16;
}

static inline uint16_t check_half_of(enum oct_type type, float value)
{
    return type == OCT_TYPE_F16 ? oct_f16_of(value) : oct_bf16_of(value);
}

static inline float check_half_value(enum oct_type type, uint16_t code)
{
    return type == OCT_TYPE_F16 ? oct_f16_value(code) : oct_bf16_value(code);
}

/* The type of a table's halves, which the plain C kernels have, too, that no session runs. */
enum oct_type check_half_type(const struct oct_kernels *kernels);
/* The kernels of a list, or a table's choice, for inputs of a type; NULL: none. */
const struct oct_conv_kernel *const *check_kernels(const struct oct_kernel_list *list,
                                                   enum oct_type type, int *count);
const struct oct_conv_kernel *check_chosen(const struct oct_kernels *kernels, enum oct_type type,
                                           const struct oct_conv_shape *shape);

#if defined(__x86_64__)
/* AMX' kernels with the tile instructions in plain C (amx_emulation.h), for machines without
 * them; the rest of them is AVX-512 VNNI's. */
extern const struct oct_conv_kernel *const check_conv_u8_amx[];
extern const struct oct_conv_kernel *const check_conv_bf16_amx[];
enum { CHECK_AMX_KERNELS = 1 };
#endif

/* Timing; see conv_bench.c. */
struct check_bench {
    unsigned sets;      /* kernels of these sets */
    const char *filter; /* part of a kernel's name, or NULL */
    const char *model;  /* "n" or "s" */
    bool verbose;
    enum oct_type type;
    int size; /* of the picture, pixels */
};
void check_bench_kernels(const struct check_bench *bench);
void check_bench_network(const struct check_bench *bench);
void check_bench_loops(const struct check_bench *bench); /* loop_bench.c */
/* Multiply-adds a second in the register-only loop of the table's set, the best of several. */
double check_peak(const struct oct_kernels *table, enum oct_type type);
double check_now_s(void);

#endif
