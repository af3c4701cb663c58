/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chosen tiles in a file: text, a line a problem, its tile's name and the groups of a chunk; then
 * the line "end". The first line says what the file is. Its name has the digest of all that the
 * choice depends on. What does not fit the plan word by word is not used: choices are made anew.
 */
#include <stdio.h>
#include <string.h>

#include "base/output.h"
#include "base/sha256.h"
#include "base/text.h"
#include "runtime/backend/cuda/gpu_tune.h"

#define FIRST_LINE "octet tiles 1\n"
#define DIGITS 32
#define FILE_BYTES_MOST ((size_t)1 << 20)

static void add_text(struct oct_sha256 *sha, const char *text)
{
    oct_sha256_update(sha, text, strlen(text) + 1);
}

static void add_step(struct oct_sha256 *sha, const struct oct_gpu_step *step)
{
    const struct oct_gpu_conv *conv = &step->of.conv;
    const int numbers[] = {step->channels,     conv->groups,        conv->kernel,
                           conv->stride,       conv->padding,       conv->height,
                           conv->width,        conv->images,        conv->source_count,
                           conv->output.pixel, conv->residual.pixel};
    add_text(sha, step->family);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        oct_sha256_add_int(sha, numbers[i]);
    for (int i = 0; i < conv->source_count; i++) {
        oct_sha256_add_int(sha, conv->sources[i].pixel);
        oct_sha256_add_int(sha, conv->sources[i].shift);
    }
}

/* FOLDER/cuda-DIGITS.tiles, in the context's memory; NULL when out of memory. */
static char *path_of(octet_context *ctx, const char *folder, const struct oct_gpu_facts *facts,
                     const struct oct_gpu_plan *plan)
{
    struct oct_sha256 sha;
    uint8_t digest[32];
    int tile_count;
    const struct oct_gpu_tile *tiles = oct_gpu_tiles(&tile_count);
    const size_t size = strlen(folder) + DIGITS + 16;
    char *path = oct_malloc(ctx, size, 1);
    oct_sha256_init(&sha);
    add_text(&sha, facts->name);
    oct_sha256_add_int(&sha, 10 * facts->major + facts->minor);
    oct_sha256_add_int(&sha, facts->multiprocessors);
    oct_sha256_add_int(&sha, facts->driver_version);
    for (int i = 0; i < tile_count; i++)
        add_text(&sha, tiles[i].name);
    for (int i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == OCT_GPU_CONV)
            add_step(&sha, &plan->steps[i]);
    oct_sha256_final(&sha, digest);
    if (!path)
        return NULL;
    int length = snprintf(path, size, "%s/cuda-", folder);
    for (int i = 0; i < DIGITS / 2; i++)
        length += snprintf(path + length, size - (size_t)length, "%02x", digest[i]);
    snprintf(path + length, size - (size_t)length, ".tiles");
    return path;
}

/* ---- reading ---- */

static const struct oct_gpu_tile *find_tile(const char *name, size_t length)
{
    int count;
    const struct oct_gpu_tile *tiles = oct_gpu_tiles(&count);
    for (int i = 0; i < count; i++)
        if (strlen(tiles[i].name) == length && memcmp(tiles[i].name, name, length) == 0)
            return &tiles[i];
    return NULL;
}

/* A line "TILE GROUPS\n" from `*at` on. */
static bool read_choice(const char **at, const char *end, struct oct_gpu_choice *choice)
{
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    const char *line_end = memchr(*at, '\n', (size_t)(end - *at));
    if (!space || !line_end || space > line_end || line_end - space > 6)
        return false;
    choice->tile = find_tile(*at, (size_t)(space - *at));
    choice->chunk_groups = 0;
    for (const char *digit = space + 1; digit < line_end; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        choice->chunk_groups = choice->chunk_groups * 10 + (*digit - '0');
    }
    *at = line_end + 1;
    return choice->tile && choice->chunk_groups > 0;
}

/* Whether a step comes in the tile: some kinds have only a few. */
static bool has_tile(const struct oct_gpu_step *step, const struct oct_gpu_tile *tile)
{
    int count;
    const struct oct_gpu_tile *few = oct_gpu_tiles_few(&count);
    bool found = !step->few;
    for (int i = 0; i < count && !found; i++)
        found = strcmp(few[i].name, tile->name) == 0;
    return found;
}

static bool read_choices(const struct oct_file *file, struct oct_gpu_choice *choices, int count)
{
    const char *at = (const char *)file->bytes, *end = at + file->size;
    if (file->size > FILE_BYTES_MOST || file->size < strlen(FIRST_LINE) ||
        memcmp(at, FIRST_LINE, strlen(FIRST_LINE)) != 0)
        return false;
    at += strlen(FIRST_LINE);
    for (int i = 0; i < count; i++)
        if (!read_choice(&at, end, &choices[i]))
            return false;
    return end - at == 4 && memcmp(at, "end\n", 4) == 0;
}

/* All steps or none. */
static bool apply(struct oct_gpu_plan *plan, const int *problems,
                  const struct oct_gpu_choice *choices)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < plan->step_count; i++) {
            struct oct_gpu_step trial = plan->steps[i];
            if (problems[i] < 0)
                continue;
            if (!has_tile(&trial, choices[problems[i]].tile) ||
                !oct_gpu_choose(plan, pass ? &plan->steps[i] : &trial, &choices[problems[i]]))
                return false;
        }
    return true;
}

bool oct_gpu_tiles_read(octet_context *ctx, const char *folder, const struct oct_gpu_facts *facts,
                        struct oct_gpu_plan *plan)
{
    struct octet_context quiet;
    struct oct_file file = {0};
    oct_context_inherit(&quiet, ctx); /* that there is no file is no failure */
    char *path = path_of(&quiet, folder, facts, plan);
    const size_t steps = (size_t)plan->step_count;
    int *problems = oct_calloc(&quiet, steps, sizeof *problems);
    struct oct_gpu_choice *choices = oct_calloc(&quiet, steps, sizeof *choices);
    bool done = path && problems && choices && !oct_file_open(&quiet, path, &file);
    if (done) {
        const int count = oct_gpu_problems(plan, problems);
        done = read_choices(&file, choices, count) && apply(plan, problems, choices);
        if (!done)
            oct_log(ctx, OCTET_LOG_WARNING,
                    "%s: damaged, or of other kernels: tiles are tried anew", path);
    }
    oct_file_close(&quiet, &file);
    oct_free(&quiet, path);
    oct_free(&quiet, problems);
    oct_free(&quiet, choices);
    return done;
}

/* ---- writing ---- */

static void add_choices(const struct oct_gpu_plan *plan, const int *problems, struct oct_text *text)
{
    int next = 0;
    oct_text_printf(text, FIRST_LINE);
    for (int i = 0; i < plan->step_count; i++)
        if (problems[i] == next) {
            oct_text_printf(text, "%s %d\n", plan->steps[i].tile->name,
                            (int)plan->steps[i].of.conv.chunk_groups);
            next++;
        }
    oct_text_printf(text, "end\n");
}

void oct_gpu_tiles_write(octet_context *ctx, const char *folder, const struct oct_gpu_facts *facts,
                         const struct oct_gpu_plan *plan)
{
    struct octet_context quiet;
    oct_context_inherit(&quiet, ctx);
    char *path = path_of(&quiet, folder, facts, plan);
    int *problems = oct_calloc(&quiet, (size_t)plan->step_count, sizeof *problems);
    struct oct_text text;
    oct_text_init(&text, &quiet);
    if (path && problems) {
        oct_gpu_problems(plan, problems);
        add_choices(plan, problems, &text);
        if (text.failed || oct_output_file(&quiet, path, text.bytes, text.length))
            oct_log(ctx, OCTET_LOG_INFO, "tiles are not kept: %s", quiet.message);
    }
    oct_text_free(&text);
    oct_free(&quiet, path);
    oct_free(&quiet, problems);
}
