/* SPDX-License-Identifier: Apache-2.0 */
/* INT8 and FP32 results are the same to the bit on every kernel set, number of threads and batch
 * size. */
#ifndef OCTET_TESTS_SUPPORT_SAME_BITS_H
#define OCTET_TESTS_SUPPORT_SAME_BITS_H

#include <stddef.h>

#include <octet/octet.h>

/* What a run gives: the raw output and the boxes. */
struct test_bits {
    size_t count;
    float *output;
    int box_count;
    octet_detection boxes[300];
};

/* A picture in the last slot of a session; `output` is to be freed. Fails the running test where
 * something does not work, as all calls here. */
struct test_bits test_bits_of(octet_context *ctx, const octet_engine *engine,
                              const octet_session_settings *settings, const octet_image *image);

void test_expect_bits(octet_context *ctx, const octet_engine *engine,
                      octet_session_settings settings, const octet_image *image,
                      const struct test_bits *expected);

/* The plain C kernels beside every kernel set of the machine, with one and two threads, alone and
 * in a batch of 4. */
void test_same_bits(octet_context *ctx, const octet_engine *engine, int height, int width,
                    const char *picture);

#endif
