/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the templates of this folder ask of a set of kernels: macros that a kernel's file
 * defines before it includes a template, and names that its vectors' header gives. Every template
 * includes this file.
 *
 *   template     makes                                        the file ends in
 *   conv.h       direct convolutions of any shape             DEFINE_KERNEL() lines
 *   winograd.h   3x3 convolutions by Winograd's transforms    DEFINE_WINOGRAD() lines
 *   depthwise.h  depthwise convolutions of any shape          DEFINE_DEPTHWISE() lines
 *   attention.h  attention                                    a DEFINE_ATTENTION() line
 *   finish.h     what follows the sums                        a function that calls choose_finish()
 *   measure.h    what calibration sees of floats              a function that fills its table
 *   moves.h      upsampling, conversions between types        the same
 *   means.h      mean pools                                   the same
 *
 * Numbers, known to the preprocessor. (must) has no default.
 *   OCT_CODES        (must) 1: U8 input, int32 sums, exact to the bit; 0: sums are floats
 *   OCT_GROUP        (must) input channels in the four bytes of a step: 4 (codes), 2 (codes widened
 *                    to 16 bits, or BF16) or 1 (floats)
 *   OCT_BF16         1: the input is BF16. Default: OCT_GROUP is 2 and there are no codes
 *   OCT_HALVES       conv.h, winograd.h: 1: vectors, sums, weights and the input are IEEE halves of
 *                    two bytes; OCT_GROUP is 1. Default: 0
 *   OCT_F16          1: the input is IEEE halves, whatever it is worked out in. Default: OCT_HALVES
 *   OCT_WIDEN        conv.h: 1: codes are widened to 16 bits into the scratch first, a strip of
 *                    rows at a time; 0: the input is read where it lies. Default: 0
 *   OCT_TILES_RAW    tiles.h: 1: int32 sums leave tiles as they are; 0: scaled and with the bias.
 *                    Default: 0; winograd.h and attention.h set it
 *   OCT_FINISH_RAW   finish.h: 1: it is given sums that began with zeros, and adds what they should
 *                    have begun with, scale and bias itself; 0: it is given values. Default: 0
 *
 * Names; what is said of conv.h holds for depthwise.h, whose tiles are its own.
 *   OCT_FINISH(flags)   all but finish.h: (must) the function that has the finish for FINISH_*
 *                       flags (finish_job.h), one for each type and width of vectors
 *   OCT_TILES(X)        conv.h, winograd.h, attention.h: (must) X(pixels, vectors) for every tile,
 *                       from 1 pixel to the most
 *   OCT_MOST_PIXELS     conv.h, winograd.h, attention.h: (must) an initialiser: the most pixels
 *                       of a tile, by its vectors of output channels, from 0 vectors on
 *   V_STEP(sum, x, w)   tiles.h: (must, but with OCT_TILES_USED) the statement sum += x * w of
 *                       vectors in registers, OCT_GROUP products for each lane
 *   OCT_TILES_MADE      tiles.h: the name under which other files may use this one's tiles.
 *                       Default: its own alone
 *   OCT_TILES_USED      tiles.h: the name of another file's tiles, of the same OCT_TILES,
 *                       OCT_MOST_PIXELS and OCT_CODES 0. Default: tiles of its own
 *
 * The vectors' header (vector_SET.h in an architecture's folder) gives, as types, macros and
 * functions:
 *   OCT_LANES                      (must) int32 or floats in a vector, a multiple of 4; with
 *                                  OCT_HALVES halves, and of what is below only what those
 *                                  templates ask for
 *   OCT_REGISTERS                  (must) vectors that registers hold
 *   v_float, v_int, v_words        vectors of OCT_LANES floats, int32, 2 * OCT_LANES int16
 *   v_bytes                        4 * OCT_LANES bytes: those of four vectors, in order
 *   v_opaque(a)                    statement: the compiler no longer knows what is in `a`
 * Floats:
 *   v_set(value)                   in all lanes
 *   v_load(at), v_load_aligned(at) from any address; from a multiple of the vector's size
 *   v_store(at, a)                 to a multiple of the vector's size
 *   v_stream(at, a)                as v_store(), past the caches; v_stream_end() before anybody
 *                                  reads it
 *   v_add, v_sub, v_mul, v_div (a, b), v_fma(a, b, c): rounded once, no estimates
 *   v_min(a, b), v_max(a, b)       a < b ? a : b, a > b ? a : b
 *   v_power_of_two(a)              2^n of a = n + 1.5 * 2^23, for n from -126 to 127
 *   v_keep(a, count)               0 in lanes from `count`, at most OCT_LANES - 1, on; of integers:
 *                                  v_keep_int(a, count)
 *   v_broadcast_float(at)          four bytes from any address, in all lanes
 *   v_float_of(a), v_bits(a)       of int32: converted; the same bits
 *   v_rounded(a)                   int32, to nearest even; what does not fit becomes the most
 *                                  negative one
 *   v_silu_table(v)                oct_silu() of four vectors, in place, to the bit
 *   v_gelu_table(table, v)         oct_gelu() of four vectors, in place, to the bit
 * Integers:
 *   v_load_int(at), v_load_int_aligned(at), v_broadcast_int(at)
 *   v_store_int(at, a)             to any address
 *   v_add_int, v_sub_int, v_max_int (a, b), v_mul_int(a, factor), v_shift_left(a, bits),
 *   v_shift_right(a, bits): arithmetic; all modulo 2^32
 *   v_store_halves(at, a)          to any address, as OCT_LANES int16, into which they fit
 *   v_words_of(codes)              2 * OCT_LANES bytes from any address, widened
 *   v_ints_of(a, half)             means.h: int32 of unsigned words, the lower or the upper half
 *   v_load_words(at), v_store_words(at, a): at a multiple of the vector's size;
 *   v_store_words_any(at, a)
 *   v_add_words, v_sub_words (a, b), v_shift_words(a, bits): left
 *   v_columns_of_4(at, columns)    of four runs of 4 * OCT_LANES codes: vectors 0 to 3 of lanes
 *                                  that hold one code of each
 *   v_columns_of_2(at, columns)    of two runs of 2 * OCT_LANES codes, widened: vectors 0 and 1
 *                                  (where V_STEP takes words)
 * A vector's channels that exist, `count` of them, 4 to OCT_LANES, a multiple of 4; loads take
 * nothing behind them that is not memory of the tensor:
 *   v_load_codes(at, count, zero_point)   int32: bytes less the zero point
 *   v_load_codes_4(at, zero_point, v)     values.h: the same, of four whole vectors
 *   v_load_floats(at, count), v_load_bf16(at, count)
 *   v_store_floats(at, a, count), v_store_bf16(at, a, count): as oct_bf16_of()
 *   v_load_f16(at, count), v_store_f16(at, a, count): as oct_f16_of(); where OCT_F16_STORED is 1,
 *                                  which says that tensors may be IEEE halves. Default: 0
 *   v_pack(v, zero_point)          bytes clamp(v[i] + zero_point, 0, 255) of four vectors, each at
 *                                  most 255 - zero_point
 *   v_store_4(at, a, count)        `count` of all four vectors' bytes
 *   v_store_2(at, a, pair, count)  of vectors 2 * pair and the next
 *   v_store_1(at, a, which, count) of vector `which`
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONFIG_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONFIG_H

#ifndef OCT_CODES
#error "OCT_CODES must be 1 (U8 input) or 0 (floats)"
#endif
#ifndef OCT_GROUP
#error "OCT_GROUP must be the input channels in four bytes: 4, 2 or 1"
#endif
#if !defined(OCT_LANES) || !defined(OCT_REGISTERS)
#error "the vectors' header, which gives OCT_LANES and OCT_REGISTERS, must come before"
#endif

#ifndef OCT_BF16
#define OCT_BF16 (!OCT_CODES && OCT_GROUP == 2)
#endif
#ifndef OCT_HALVES
#define OCT_HALVES 0
#endif
#ifndef OCT_F16
#define OCT_F16 OCT_HALVES
#endif
#ifndef OCT_F16_STORED
#define OCT_F16_STORED 0
#endif
#ifndef OCT_WIDEN
#define OCT_WIDEN 0
#endif
#ifndef OCT_TILES_RAW
#define OCT_TILES_RAW 0
#endif
#ifndef OCT_FINISH_RAW
#define OCT_FINISH_RAW 0
#endif

#if OCT_CODES + OCT_BF16 + OCT_F16 > 1
#error "OCT_CODES, OCT_BF16 and OCT_F16: the input is one of them"
#endif
#if OCT_HALVES && OCT_GROUP != 1
#error "OCT_HALVES: a step is one input channel"
#endif
#if OCT_WIDEN && !(OCT_CODES && OCT_GROUP == 2)
#error "OCT_WIDEN: widened codes are two to a step"
#endif

enum {
    STEP_BYTES = OCT_HALVES ? 2 : 4,       /* of a pixel's input, multiplied at a time */
    VECTOR_BYTES = STEP_BYTES * OCT_LANES, /* of sums */
    LINE_BYTES = 64                        /* of the caches; a multiple of every vector's size */
};

/* In front of a loop that must leave no loop behind. */
#if defined(__clang__)
#define OCT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define OCT_UNROLL _Pragma("GCC unroll 32")
#endif

#define OCT_INLINE static inline __attribute__((always_inline))

#endif
