/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as COCO annotations and, after the first NUL, as results of a detector: an error, or
 * figures of 0 to 1, the same ones once the results were saved and read again; never a crash, a
 * leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "evaluate/coco_json.h"
#include "evaluate/evaluation.h"
#include "fuzz.h"
#include "models/eval_coco.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static octet_detections *read_detections(octet_context *ctx, const void *bytes, size_t size)
{
    octet_detections *detections = NULL;
    const octet_status status =
        oct_coco_read_detections(ctx, bytes, size, "fuzz.json", &detections);
    if ((status == OCTET_OK) != (detections != NULL) || (status && !ctx->message[0]))
        abort();
    return detections;
}

static bool evaluate(octet_context *ctx, const octet_truth *truth, const octet_detections *found,
                     octet_evaluation *all)
{
    octet_class_evaluation *classes = oct_calloc(ctx, truth->class_count, sizeof *classes);
    const bool done = classes && octet_evaluate(truth, found, NULL, all, classes) == OCTET_OK;
    const double figures[] = {all->ap,        all->ap50,     all->ap75,      all->ap_small,
                              all->ap_medium, all->ap_large, all->ar_1,      all->ar_10,
                              all->ar_100,    all->ar_small, all->ar_medium, all->ar_large};
    for (size_t i = 0; done && i < sizeof figures / sizeof *figures; i++)
        if (figures[i] != -1.0 && !(figures[i] >= 0.0 && figures[i] <= 1.0))
            abort();
    oct_free(ctx, classes);
    return done;
}

static void score(octet_context *ctx, const octet_truth *truth, const octet_detections *found)
{
    octet_evaluation first = {0}, second = {0};
    struct oct_file file;
    if (!evaluate(ctx, truth, found, &first))
        return;
    if (oct_coco_write_detections(found, "saved.json") != OCTET_OK)
        return;
    if (oct_file_open(ctx, "saved.json", &file) != OCTET_OK)
        abort();
    octet_detections *again = read_detections(ctx, file.bytes, file.size);
    oct_file_close(ctx, &file);
    if (again && evaluate(ctx, truth, again, &second) && memcmp(&first, &second, sizeof first) != 0)
        abort();
    oct_detections_free(again);
}

/* As octet eval takes the file: which pictures are there. */
static void find_pictures(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    struct eval_set set = {.max_bad = 1};
    if (!app.context && app_open(&app) != STATUS_DONE)
        abort();
    fuzz_write_file("truth.json", data, size);
    if (eval_set_open_coco(&app, "truth.json", "set", &set) == STATUS_DONE &&
        set.pictures.count + set.bad != set.total)
        abort();
    eval_set_free(&set);
}

static void make_pictures(void)
{
    fuzz_enter_folder();
    if (mkdir("set", 0777) != 0)
        return;
    mkdir("set/a", 0777);
    fuzz_write_picture("set/1.pgm");
    fuzz_write_picture("set/a/1.pgm");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    const uint8_t *nul = memchr(data, '\0', size);
    const size_t first = nul ? (size_t)(nul - data) : size;
    octet_truth *truth = NULL;
    make_pictures();
    const octet_status status = oct_coco_read_truth(&ctx, data, first, "fuzz.json", &truth);
    if ((status == OCTET_OK) != (truth != NULL) || (status && !ctx.message[0]))
        abort();
    octet_detections *found = nul ? read_detections(&ctx, nul + 1, size - first - 1) : NULL;
    if (truth && found)
        score(&ctx, truth, found);
    if (truth)
        find_pictures(data, first);
    oct_truth_free(truth);
    oct_detections_free(found);
    if (pool.live)
        abort();
    return 0;
}
