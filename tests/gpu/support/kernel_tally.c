/* SPDX-License-Identifier: Apache-2.0 */
/* The names of all kernels, by the host's tables; tests/check/gpu_registers.sh compares them with
 * what nvcc compiles. */
#include "kernel_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "random_conv.h"

static void add_name(struct kernel_tally *tally, const char *family, const char *end)
{
    char *to = tally->names[tally->count];
    assert_true(tally->count < TALLY_KERNELS);
    snprintf(to, OCT_GPU_NAME_BYTES, "%s%s%s", family, *end ? "_" : "", end);
    for (int i = 0; i < tally->count; i++)
        if (strcmp(tally->names[i], to) == 0)
            return;
    tally->count++;
}

static void add_family(struct kernel_tally *tally, const struct conv_finish *finish)
{
    int count;
    const struct oct_gpu_tile *tiles =
        finish->few ? oct_gpu_tiles_few(&count) : oct_gpu_tiles(&count);
    for (int i = 0; i < count; i++)
        if (finish->rows || !tiles[i].by_rows)
            add_name(tally, finish->family, tiles[i].name);
}

static void add_pixels_kernel(struct kernel_tally *tally,
                              const struct oct_gpu_pixels_kernel *kernel)
{
    add_name(tally, kernel->name, "");
    add_name(tally, kernel->any, "");
}

void kernel_tally_init(struct kernel_tally *tally)
{
    static const char *const others[] = {
        "attention_u8_32", "attention_u8_any", "attention_f32", "attention_bf16", "conv_f32",
        "move_elements",   "pool_u8",          "pool_f32",      "pool_bf16",      "mean_u8",
        "mean_f32",        "mean_bf16",        "chain_u8",      "chain_f32",      "chain_bf16",
        "look_up",         "letterbox",        "letterbox_yuv", "planes",         "head_clear",
        "head_gather",     "head_boxes"};
    int count;
    const struct conv_finish *finishes = conv_finishes(&count);
    *tally = (struct kernel_tally){0};
    for (int i = 0; i < count; i++)
        add_family(tally, &finishes[i]);
    for (int channels = 16; channels <= 32; channels += 16)
        for (int kernel = 1; kernel <= OCT_KERNEL_MAX; kernel++)
            add_pixels_kernel(tally, oct_gpu_pixels_kernel(channels, kernel));
    const struct depthwise_kernel *kernels = depthwise_kernels(&count);
    for (int i = 0; i < count; i++)
        add_name(tally, kernels[i].name, "");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        add_name(tally, others[i], "");
}

void kernel_tally_add(struct kernel_tally *tally, const char *name)
{
    int at = 0;
    while (at < tally->count && strcmp(tally->names[at], name) != 0)
        at++;
    if (at == tally->count)
        fail_msg("an unknown kernel: %s", name);
    tally->cases[at]++;
}

/* Bytes of a name without its tile. */
static size_t family_length(const char *name)
{
    const char *last = strrchr(name, '_');
    const char *before = last;
    if (strncmp(name, "conv_", 5) != 0 || !last || last[1] != 'k')
        return strlen(name);
    while (before > name && before[-1] != '_')
        before--;
    return before > name ? (size_t)(before - 1 - name) : strlen(name);
}

bool kernel_tally_print(const struct kernel_tally *tally)
{
    int missing = 0, cases = 0;
    for (int i = 0; i < tally->count; i++) {
        const char *name = tally->names[i];
        const size_t length = family_length(name);
        const bool goes_on = i > 0 && name[length] &&
                             family_length(tally->names[i - 1]) == length &&
                             strncmp(name, tally->names[i - 1], length) == 0;
        if (!goes_on)
            printf("%s    %.*s:", i ? "\n" : "", (int)length, name);
        printf(" %s%s%d", name[length] ? name + length + 1 : "", name[length] ? " " : "",
               tally->cases[i]);
        missing += tally->cases[i] == 0;
        cases += tally->cases[i];
    }
    printf("\n    %d kernels, %d cases, %d kernels without one\n", tally->count, cases, missing);
    return missing == 0;
}
