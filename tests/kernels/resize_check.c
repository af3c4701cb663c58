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

/* Two bytes that add up to `sum`, 0 to 510. */
static void split_sum(struct check_random *random, int sum, uint8_t *first, uint8_t *second)
{
    const int part = check_int(random, sum > 255 ? sum - 255 : 0, sum < 255 ? sum : 255);
    *first = (uint8_t)part;
    *second = (uint8_t)(sum - part);
}

enum { SUMS = 511, SUM_COLUMNS = (SUMS + 2) / 3 };

/* Halving is the general blend with even weights: two rows of pixels whose neighbours add up to
 * `above` and, below, to each sum that there is. */
static bool check_half_of_sum(const struct oct_kernels *kernels, struct check_random *random,
                              int above)
{
    struct check_memory tables = check_allocate(random, oct_columns_bytes(SUM_COLUMNS), 0);
    struct check_memory rows[2], blended[2];
    for (int r = 0; r < 2; r++) {
        rows[r] = check_allocate(random, 6 * SUM_COLUMNS, 0);
        blended[r] = check_allocate(random, SUM_COLUMNS * OCT_BLEND_LANES * sizeof(int16_t), 0);
    }
    for (int i = 0; i < 3 * SUM_COLUMNS; i++) {
        const int at = i / 3 * 6 + i % 3;
        split_sum(random, above, &rows[0].bytes[at], &rows[0].bytes[at + 3]);
        split_sum(random, i % SUMS, &rows[1].bytes[at], &rows[1].bytes[at + 3]);
    }
    struct oct_columns table;
    oct_columns_init(&table, tables.bytes, 2 * SUM_COLUMNS, SUM_COLUMNS);
    for (int r = 0; r < 2; r++)
        kernels->resize.blend_columns(&table, rows[r].bytes, lanes_of(&blended[r]));
    const struct oct_row_tap tap = oct_row_tap(2, 1, 0);
    const struct oct_blended_rows general = {lanes_of(&blended[0]), lanes_of(&blended[1]),
                                             tap.first_weight,      tap.second_weight,
                                             SUM_COLUMNS,           3};
    const struct oct_halved_rows halved = {rows[0].bytes, rows[1].bytes, SUM_COLUMNS, 3};
    struct pair pair = make_pair(random, 3 * SUM_COLUMNS);
    kernels->resize.blend_rows(&general, pair.expected.bytes);
    kernels->resize.halve_rows(&halved, pair.output.bytes);
    for (int r = 0; r < 2; r++) {
        check_release(&rows[r]);
        check_release(&blended[r]);
    }
    check_release(&tables);
    return finish_pair(&pair, "halve_rows against blend_rows", SUM_COLUMNS, 3);
}

/* A sixteenth of the sums above, another one each time. */
static bool check_half_is_general(const struct oct_kernels *kernels, struct check_random *random)
{
    bool good = true;
    for (int above = check_int(random, 0, 15); above < SUMS && good; above += 16)
        good = check_half_of_sum(kernels, random, above);
    return good;
}

bool check_resize(const struct oct_kernels *kernels, struct check_random *random)
{
    bool good = check_half_is_general(kernels, random) && check_columns(kernels, random) &&
                check_widening(kernels, random);
    for (int pixel_bytes = 3; good && pixel_bytes <= 4; pixel_bytes++)
        good =
            check_rows(kernels, random, pixel_bytes) && check_halves(kernels, random, pixel_bytes);
    return good;
}
