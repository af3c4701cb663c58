/* SPDX-License-Identifier: Apache-2.0 */
/* The resizing kernels against the reference. */
#include <string.h>

#include "kernels/check.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/image/resize.h"

/* Outputs of `size` bytes, equal before, one for the reference. */
struct pair {
    struct check_memory expected, output;
};

static struct pair make_pair(struct check_random *random, size_t size)
{
    struct pair pair = {check_allocate(random, size, 0), check_allocate(random, size, 0)};
    memcpy(pair.expected.bytes, pair.output.bytes, size);
    return pair;
}

static bool finish_pair(struct pair *pair, const char *what, int columns, int pixel_bytes)
{
    const bool whole = check_whole(&pair->output);
    const bool same = memcmp(pair->expected.bytes, pair->output.bytes, pair->output.size) == 0;
    check_release(&pair->expected);
    check_release(&pair->output);
    if (!whole)
        return check_failed("%s of %d columns, %d bytes a pixel: wrote outside", what, columns,
                            pixel_bytes);
    return same || check_failed("%s of %d columns, %d bytes a pixel: differs from the reference",
                                what, columns, pixel_bytes);
}

static int16_t *lanes_of(struct check_memory *memory)
{
    return (int16_t *)(void *)memory->bytes;
}

static bool check_columns(const struct oct_kernels *kernels, struct check_random *random)
{
    const int columns = check_int(random, 1, 90);
    const int width = check_int(random, 1, check_int(random, 0, 3) ? 300 : 4);
    struct check_memory tables = check_allocate(random, oct_columns_bytes(columns), 0);
    struct check_memory source = check_allocate(random, 3 * (size_t)width, 0);
    struct pair pair = make_pair(random, (size_t)columns * OCT_BLEND_LANES * sizeof(int16_t));
    struct oct_columns table;
    oct_columns_init(&table, tables.bytes, width, columns);
    oct_blend_columns_ref(&table, source.bytes, lanes_of(&pair.expected));
    kernels->resize.blend_columns(&table, source.bytes, lanes_of(&pair.output));
    check_release(&tables);
    check_release(&source);
    return finish_pair(&pair, "blend_columns", columns, 4);
}

static bool check_rows(const struct oct_kernels *kernels, struct check_random *random,
                       int pixel_bytes)
{
    const int columns = check_int(random, 1, 90), a = check_int(random, 0, 2048);
    const size_t lanes = (size_t)columns * OCT_BLEND_LANES;
    struct check_memory inputs[2];
    for (int i = 0; i < 2; i++) {
        inputs[i] = check_allocate(random, lanes * sizeof(int16_t), 0);
        for (size_t k = 0; k < lanes; k++)
            lanes_of(&inputs[i])[k] =
                (int16_t)(k % OCT_BLEND_LANES == 3 ? 0 : check_int(random, 0, 255 * 128));
    }
    const struct oct_blended_rows rows = {
        lanes_of(&inputs[0]), lanes_of(&inputs[1]), (int16_t)a, (int16_t)(2048 - a), columns,
        pixel_bytes};
    struct pair pair = make_pair(random, (size_t)columns * (size_t)pixel_bytes);
    oct_blend_rows_ref(&rows, pair.expected.bytes);
    kernels->resize.blend_rows(&rows, pair.output.bytes);
    for (int i = 0; i < 2; i++)
        check_release(&inputs[i]);
    return finish_pair(&pair, "blend_rows", columns, pixel_bytes);
}

static bool check_halves(const struct oct_kernels *kernels, struct check_random *random,
                         int pixel_bytes)
{
    const int columns = check_int(random, 1, 90);
    struct check_memory first = check_allocate(random, 6 * (size_t)columns, 0);
    struct check_memory second = check_allocate(random, 6 * (size_t)columns, 0);
    struct pair pair = make_pair(random, (size_t)columns * (size_t)pixel_bytes);
    const struct oct_halved_rows rows = {first.bytes, second.bytes, columns, pixel_bytes};
    oct_halve_rows_ref(&rows, pair.expected.bytes);
    kernels->resize.halve_rows(&rows, pair.output.bytes);
    check_release(&first);
    check_release(&second);
    return finish_pair(&pair, "halve_rows", columns, pixel_bytes);
}

static bool check_widening(const struct oct_kernels *kernels, struct check_random *random)
{
    const int columns = check_int(random, 1, 90);
    struct check_memory source = check_allocate(random, 3 * (size_t)columns, 0);
    struct pair pair = make_pair(random, 4 * (size_t)columns);
    oct_widen_pixels_ref(source.bytes, pair.expected.bytes, columns);
    kernels->resize.widen_pixels(source.bytes, pair.output.bytes, columns);
    check_release(&source);
    return finish_pair(&pair, "widen_pixels", columns, 4);
}

/* Halving is the general arithmetic, at every sum of two bytes above and below. */
static bool check_half_is_general(void)
{
    for (int first = 0; first <= 510; first++)
        for (int second = 0; second <= 510; second++) {
            const int above = first * 1024 >> 4, below = second * 1024 >> 4;
            const int general = ((above * 1024 >> 16) + (below * 1024 >> 16) + 2) >> 2;
            if (general != (first + second + 2) >> 2)
                return check_failed("halving %d and %d", first, second);
        }
    return true;
}

bool check_resize(const struct oct_kernels *kernels, struct check_random *random)
{
    bool good = check_half_is_general() && check_columns(kernels, random) &&
                check_widening(kernels, random);
    for (int pixel_bytes = 3; good && pixel_bytes <= 4; pixel_bytes++)
        good =
            check_rows(kernels, random, pixel_bytes) && check_halves(kernels, random, pixel_bytes);
    return good;
}
