/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of all of a layer's weights. */
#ifndef OCTET_NETWORK_SCAN_WEIGHTS_H
#define OCTET_NETWORK_SCAN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool oct_all_finite(const float *values, size_t count);
bool oct_all_finite_bf16(const uint16_t *bf16, size_t count);

/* INT8_MAX when there are none. */
int8_t oct_lowest_code(const int8_t *codes, size_t count);

/* 0 when there are none. */
int oct_largest_magnitude(const int8_t *codes, size_t count);

/* The sum of codes, and of their magnitudes. */
struct oct_code_sums {
    int64_t sum, magnitude;
};
struct oct_code_sums oct_sum_codes(const int8_t *codes, size_t count);

#endif
