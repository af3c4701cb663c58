/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMX' tile instructions in plain C, for kernels compiled with OCTET_AMX_EMULATION: what amx.h
 * asks for, and an abort where the processor would fault.
 */
#ifndef OCTET_TESTS_KERNELS_AMX_EMULATION_H
#define OCTET_TESTS_KERNELS_AMX_EMULATION_H

#include <stdlib.h>
#include <string.h>

#include "base/bfloat16.h"

static _Thread_local struct {
    struct amx_config config; /* palette 0: no tiles */
    uint8_t bytes[8][AMX_ROWS][AMX_ROW_BYTES];
} amx;

static inline void amx_insist(int condition)
{
    if (!condition)
        abort();
}

static inline void amx_configure(const struct amx_config *config)
{
    amx_insist(config->palette == 1 && config->start_row == 0);
    for (int i = 0; i < 16; i++) {
        amx_insist(i < 8 || (config->rows[i] == 0 && config->row_bytes[i] == 0));
        amx_insist(config->rows[i] <= AMX_ROWS && config->row_bytes[i] <= AMX_ROW_BYTES);
        amx_insist((config->rows[i] == 0) == (config->row_bytes[i] == 0));
    }
    memset(&amx, 0, sizeof amx);
    amx.config = *config;
}

static inline void amx_zero(int tile)
{
    amx_insist(amx.config.palette == 1 && amx.config.rows[tile] > 0);
    memset(amx.bytes[tile], 0, sizeof amx.bytes[tile]);
}

static inline void amx_load(int tile, const void *at, size_t stride)
{
    amx_insist(amx.config.palette == 1 && amx.config.rows[tile] > 0);
    memset(amx.bytes[tile], 0, sizeof amx.bytes[tile]);
    for (int row = 0; row < amx.config.rows[tile]; row++)
        memcpy(amx.bytes[tile][row], (const uint8_t *)at + (size_t)row * stride,
               amx.config.row_bytes[tile]);
}

static inline void amx_store(int tile, void *at, size_t stride)
{
    amx_insist(amx.config.palette == 1 && amx.config.rows[tile] > 0);
    for (int row = 0; row < amx.config.rows[tile]; row++)
        memcpy((uint8_t *)at + (size_t)row * stride, amx.bytes[tile][row],
               amx.config.row_bytes[tile]);
}

/* The shapes that a product insists on. */
static inline const struct amx_config *amx_product_config(int sum, int a, int b)
{
    const struct amx_config *config = &amx.config;
    amx_insist(config->palette == 1 && sum != a && sum != b && a != b);
    amx_insist(config->rows[sum] == config->rows[a] &&
               config->row_bytes[sum] == config->row_bytes[b]);
    amx_insist(config->row_bytes[a] == config->rows[b] * 4);
    return config;
}

static inline void amx_multiply_u8_s8(int sum, int a, int b)
{
    const struct amx_config *config = amx_product_config(sum, a, b);
    for (int m = 0; m < config->rows[sum]; m++) {
        int32_t sums[AMX_ROW_BYTES / 4];
        memcpy(sums, amx.bytes[sum][m], sizeof sums);
        for (int k = 0; k < config->row_bytes[a]; k++) {
            for (int n = 0; n < config->row_bytes[sum] / 4; n++)
                sums[n] += amx.bytes[a][m][k] * (int8_t)amx.bytes[b][k / 4][n * 4 + k % 4];
        }
        memcpy(amx.bytes[sum][m], sums, sizeof sums);
    }
}

static inline float amx_bf16(const uint8_t *at)
{
    uint16_t half;
    memcpy(&half, at, sizeof half);
    return oct_bf16_value(half);
}

static inline void amx_multiply_bf16(int sum, int a, int b)
{
    const struct amx_config *config = amx_product_config(sum, a, b);
    for (int m = 0; m < config->rows[sum]; m++) {
        float sums[AMX_ROW_BYTES / 4];
        memcpy(sums, amx.bytes[sum][m], sizeof sums);
        for (int k = 0; k < config->row_bytes[a]; k += 2) {
            const float value = amx_bf16(&amx.bytes[a][m][k]);
            for (int n = 0; n < config->row_bytes[sum] / 4; n++)
                sums[n] += value * amx_bf16(&amx.bytes[b][k / 4][n * 4 + k % 4]);
        }
        memcpy(amx.bytes[sum][m], sums, sizeof sums);
    }
}

#define AMX_CONFIGURE(given) amx_configure(&(given))
#define AMX_ZERO(tile) amx_zero(tile)
#define AMX_RELEASE() memset(&amx, 0, sizeof amx)
#define AMX_LOAD(tile, at, stride) amx_load(tile, at, stride)
#define AMX_STORE(tile, at, stride) amx_store(tile, at, stride)
#define AMX_MULTIPLY_U8_S8(sum, a, b) amx_multiply_u8_s8(sum, a, b)
#define AMX_MULTIPLY_BF16(sum, a, b) amx_multiply_bf16(sum, a, b)

#endif
