/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the ARM kernels use the 32 vector registers, as text for inline assembly: compilers copy and
 * spill sums around loads of several registers.
 *
 *   v0 to v6     inputs: one register a pixel, or two pixels
 *   v7 to v10    weights: what one load of four registers brings
 *   v11          a product before it is added
 *   v12 to v31   sums: of each of up to five inputs with each of the four weights
 *
 * A tap's text is made of macros that take the inputs P, 1 to 5, and the register of the first.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_BLOCK_REGISTERS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_BLOCK_REGISTERS_H

enum { BLOCK_INPUTS = 5, BLOCK_WEIGHTS = 4, REGISTER_BYTES = 16 };

#define R_TEXT(x) R_TEXT_(x)
#define R_TEXT_(x) #x

/* R_SUM(input, weight) */
#define R_SUM(m, n) R_TEXT(R_SUM_##m##_##n)
#define R_SUM_0_0 v12
#define R_SUM_0_1 v13
#define R_SUM_0_2 v14
#define R_SUM_0_3 v15
#define R_SUM_1_0 v16
#define R_SUM_1_1 v17
#define R_SUM_1_2 v18
#define R_SUM_1_3 v19
#define R_SUM_2_0 v20
#define R_SUM_2_1 v21
#define R_SUM_2_2 v22
#define R_SUM_2_3 v23
#define R_SUM_3_0 v24
#define R_SUM_3_1 v25
#define R_SUM_3_2 v26
#define R_SUM_3_3 v27
#define R_SUM_4_0 v28
#define R_SUM_4_1 v29
#define R_SUM_4_2 v30
#define R_SUM_4_3 v31

#define R_WEIGHT(n) R_TEXT(R_WEIGHT_##n)
#define R_WEIGHT_0 v7
#define R_WEIGHT_1 v8
#define R_WEIGHT_2 v9
#define R_WEIGHT_3 v10

/* R_INPUT(first, input) */
#define R_INPUT(f, m) R_TEXT(R_INPUT_##f##_##m)
#define R_INPUT_0_0 v0
#define R_INPUT_0_1 v1
#define R_INPUT_0_2 v2
#define R_INPUT_0_3 v3
#define R_INPUT_0_4 v4
#define R_INPUT_1_0 v1
#define R_INPUT_1_1 v2
#define R_INPUT_1_2 v3
#define R_INPUT_1_3 v4
#define R_INPUT_1_4 v5
#define R_INPUT_2_0 v2
#define R_INPUT_2_1 v3
#define R_INPUT_2_2 v4
#define R_INPUT_2_3 v5
#define R_INPUT_2_4 v6

/* M(argument..., input) of each of P inputs. */
#define R_EACH_1(M, a, b, c) M(a, b, c, 0)
#define R_EACH_2(M, a, b, c) R_EACH_1(M, a, b, c) M(a, b, c, 1)
#define R_EACH_3(M, a, b, c) R_EACH_2(M, a, b, c) M(a, b, c, 2)
#define R_EACH_4(M, a, b, c) R_EACH_3(M, a, b, c) M(a, b, c, 3)
#define R_EACH_5(M, a, b, c) R_EACH_4(M, a, b, c) M(a, b, c, 4)

/* Four vectors of weights, and sums of each of P inputs from register `f` on with each of them:
 * M(first, weight, lane, input). */
#define R_BLOCK(P, M, f, lane)                                                                     \
    "ld1 {v7.16b-v10.16b}, [%[weights]], #64\n\t" R_EACH_##P(M, f, 0, lane)                        \
        R_EACH_##P(M, f, 1, lane) R_EACH_##P(M, f, 2, lane) R_EACH_##P(M, f, 3, lane)

/* Loads inputs into v0 and the next from %[at], which moves on by the register %[then], less the 64
 * bytes that it has gone by itself where there are more than four. */
#define R_LOAD_1(then) "ld1 {v0.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_2(then) "ld1 {v0.16b-v1.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_3(then) "ld1 {v0.16b-v2.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_4(then) "ld1 {v0.16b-v3.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_5(then)                                                                             \
    "ld1 {v0.16b-v3.16b}, [%[at]], #64\n\tld1 {v4.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_6(then)                                                                             \
    "ld1 {v0.16b-v3.16b}, [%[at]], #64\n\tld1 {v4.16b-v5.16b}, [%[at]], %[" #then "]\n\t"
#define R_LOAD_7(then)                                                                             \
    "ld1 {v0.16b-v3.16b}, [%[at]], #64\n\tld1 {v4.16b-v6.16b}, [%[at]], %[" #then "]\n\t"

#define R_PLUS_1_1 2
#define R_PLUS_1_2 3
#define R_PLUS_1_3 4
#define R_PLUS_1_4 5
#define R_PLUS_1_5 6
#define R_PLUS_2_1 3
#define R_PLUS_2_2 4
#define R_PLUS_2_3 5
#define R_PLUS_2_4 6
#define R_PLUS_2_5 7
#define R_LOAD(count, then) R_LOAD_(count, then)
#define R_LOAD_(count, then) R_LOAD_##count(then)
/* `more` inputs more than P. */
#define R_LOAD_MORE(more, P, then) R_LOAD(R_PLUS_##more##_##P, then)

/* The sums of P inputs begin with the four vectors at %[start]. */
#define R_START_1 "ld1 {v12.4s-v15.4s}, [%[start]]\n\t"
#define R_START_2 R_START_1 "ld1 {v16.4s-v19.4s}, [%[start]]\n\t"
#define R_START_3 R_START_2 "ld1 {v20.4s-v23.4s}, [%[start]]\n\t"
#define R_START_4 R_START_3 "ld1 {v24.4s-v27.4s}, [%[start]]\n\t"
#define R_START_5 R_START_4 "ld1 {v28.4s-v31.4s}, [%[start]]\n\t"

#define R_CLOBBERS                                                                                 \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", \
        "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", \
        "v28", "v29", "v30", "v31"

#endif
