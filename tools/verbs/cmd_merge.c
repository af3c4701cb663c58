/* SPDX-License-Identifier: Apache-2.0 */
/* octet merge: statistics that were gathered apart become those of one run, to the bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/output_file.h"
#include "app/table.h"
#include "models/checkpoint.h"
#include "models/statistics_parts.h"
#include "pictures/inputs.h"

/* A part of a file that was merged, to tell when another one has the same pictures. */
struct seen_part {
    const char *file;
    char *key; /* size, number of pictures, fingerprint */
};

struct merging {
    struct app *app;
    const struct operands *files;
    const char *output;
    bool partial;
    octet_statistics *all;
    struct seen_part *seen;
    size_t seen_count;
};

static int by_key(const void *a, const void *b)
{
    const struct seen_part *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static void note_parts(struct merging *m, const char *file, const octet_statistics *statistics)
{
    octet_part_statistics part;
    for (int i = 0; octet_statistics_part(statistics, i, &part) == OCTET_OK; i++) {
        m->seen = app_resize(m->seen, m->seen_count + 1, sizeof *m->seen);
        m->seen[m->seen_count++] = (struct seen_part){
            file, app_printf("%dx%d %lld %s", part.height, part.width, (long long)part.image_count,
                             part.images_fingerprint)};
    }
}

/* The same pictures in two files, whatever their sources are called, would count twice. */
static int check_seen(struct merging *m)
{
    if (m->seen_count)
        qsort(m->seen, m->seen_count, sizeof *m->seen, by_key);
    for (size_t i = 1; i < m->seen_count; i++)
        if (strcmp(m->seen[i - 1].key, m->seen[i].key) == 0)
            return app_fail(m->app,
                            "%s: the same pictures, at the same size, as %s: they would count "
                            "twice",
                            m->seen[i].file, m->seen[i - 1].file);
    return STATUS_DONE;
}

static int load(struct merging *m, const char *path, octet_statistics **statistics)
{
    octet_statistics_info info;
    const octet_status status = octet_statistics_load(m->app->context, path, statistics);
    if (status != OCTET_OK)
        return app_fail_library(m->app, status, octet_context_message(m->app->context));
    octet_statistics_info_get(*statistics, &info);
    if (checkpoint_is_note(info.note))
        return app_fail(m->app,
                        "%s: of a calibration that was interrupted: let it come to its end, with "
                        "--resume",
                        path);
    note_parts(m, path, *statistics);
    return STATUS_DONE;
}

static int add(struct merging *m, const char *path)
{
    octet_statistics *one = NULL;
    int status = load(m, path, &one);
    if (status == STATUS_DONE && !m->all) {
        m->all = one;
        return STATUS_DONE;
    }
    if (status == STATUS_DONE && octet_statistics_merge(m->all, one) != OCTET_OK)
        status = app_fail(m->app, "%s: %s", path, octet_statistics_message(m->all));
    octet_statistics_free(&one);
    return status;
}

static const char *shard_words(const char *shards)
{
    return strchr(shards, ' ') ? "shards" : "shard";
}

static int check_whole(const struct merging *m)
{
    octet_statistics_info info;
    octet_statistics_info_get(m->all, &info);
    if (!*info.shards_missing)
        return STATUS_DONE;
    if (!m->partial)
        return app_fail(m->app,
                        "missing: %s %s; nothing was written (--partial keeps what is here)",
                        shard_words(info.shards_missing), info.shards_missing);
    app_say(m->app, "warning: missing: %s %s; these are the statistics of %s alone",
            shard_words(info.shards_missing), info.shards_missing, info.shards);
    return STATUS_DONE;
}

static int print_summary(const struct merging *m)
{
    octet_statistics_info info;
    struct stat entry;
    const double bytes = stat(m->output, &entry) == 0 ? (double)entry.st_size : 0;
    octet_statistics_info_get(m->all, &info);
    if (m->app->json) {
        json_t *root = json_new_object();
        json_put(root, "file", json_text(m->output));
        json_put(root, "bytes", json_integer((json_int_t)bytes));
        json_put(root, "files", json_integer(m->files->count));
        json_put(root, "images", json_integer((json_int_t)info.image_count));
        json_put(root, "tensors", json_integer(info.tensor_count));
        json_put(root, "model_hash", json_text(info.model_hash));
        json_put(root, "images_fingerprint", json_text(info.images_fingerprint));
        json_put(root, "shards", json_text(info.shards));
        json_put(root, "shards_missing", json_text(info.shards_missing));
        json_put(root, "parts", statistics_parts_json(m->all));
        return json_print(m->app, root);
    }
    char size[SIZE_TEXT_BYTES];
    print_clean(m->output);
    printf(": %d file%s, %lld picture%s, %d tensors, %s\n", m->files->count,
           m->files->count == 1 ? "" : "s", (long long)info.image_count,
           info.image_count == 1 ? "" : "s", info.tensor_count, size_text(bytes, size));
    statistics_print_parts(m->all);
    return STATUS_DONE;
}

static int save(const struct merging *m)
{
    octet_status status = octet_statistics_set_note(m->all, "");
    if (status == OCTET_OK) {
        app_hold_signals();
        status = octet_statistics_save(m->app->context, m->all, m->output);
        app_release_signals();
    }
    return status == OCTET_OK
               ? STATUS_DONE
               : app_fail_library(m->app, status, octet_context_message(m->app->context));
}

static int merge(struct merging *m)
{
    struct inputs inputs = {0};
    for (int i = 0; i < m->files->count; i++)
        inputs_add(&inputs, m->files->text[i]);
    int status = output_check(m->app, m->output);
    if (status == STATUS_DONE)
        status = inputs_protect(m->app, &inputs, NULL, m->output);
    inputs_free(&inputs);
    for (int i = 0; i < m->files->count && status == STATUS_DONE && !app_interrupted(); i++)
        status = add(m, m->files->text[i]);
    if (status == STATUS_DONE && app_interrupted())
        status = app_fail(m->app, "interrupted: nothing was written");
    if (status == STATUS_DONE)
        status = check_seen(m);
    if (status == STATUS_DONE)
        status = check_whole(m);
    if (status == STATUS_DONE)
        status = save(m);
    return status == STATUS_DONE ? print_summary(m) : status;
}

int cmd_merge(struct app *app, int argc, char **argv)
{
    struct merging m = {.app = app};
    struct operands operands;
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, "FILE", "the statistics file to write (needed)", &m.output, 0,
         0, NULL},
        {.name = "partial", .help = "also where shards of a run are missing", .target = &m.partial},
    };
    const struct command command = {
        .name = "merge",
        .operands = "FILE.stats...",
        .summary = "join statistics of shards, cameras and sizes, exactly",
        .notes = "See octet-merge(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = -1,
    };
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    if (!m.output)
        return app_usage(app, "-o FILE is missing: where the statistics go");
    m.files = &operands;
    status = merge(&m);
    for (size_t i = 0; i < m.seen_count; i++)
        free(m.seen[i].key);
    free(m.seen);
    octet_statistics_free(&m.all);
    return status;
}
