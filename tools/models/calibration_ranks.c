/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of ranks, joined along a tree: log2 of their number steps. */
#include "models/calibration_ranks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ranks/ranks_library.h"

/* What a rank hands on: how it went, and then a statistics file's bytes or, where something failed,
 * the numbers of the ranks that did: "1, 3". */
struct handed_on {
    int64_t failed_ranks, used, left_out;
    double seconds;
    char run[24]; /* struct calibration_result's */
};

int ranks_start(struct app *app, struct calibration_ranks *ranks,
                struct calibration_request *request)
{
    ranks->library = ranks_library_open(app);
    if (!ranks->library)
        return STATUS_FAILED;
    if (!ranks->library->start(&ranks->rank, &ranks->count))
        return app_fail(app, "MPI could not be started");
    if (ranks->count > SHARDS_MAX)
        return app_fail(app, "%d ranks: at most %d can share a calibration", ranks->count,
                        SHARDS_MAX);
    if (ranks->count > 1)
        request->shard = (struct shard){ranks->rank + 1, ranks->count};
    request->output = NULL; /* no FILE.partial, which all would write */
    return STATUS_DONE;
}

bool ranks_leads(const struct calibration_ranks *ranks)
{
    return ranks->rank == 0;
}

void ranks_end(struct calibration_ranks *ranks)
{
    if (ranks->count)
        ranks->library->end();
    *ranks = (struct calibration_ranks){0};
}

/* A file in a folder of its own, for statistics go in and out by paths. */
struct passage {
    char *folder, *file;
};

static int passage_open(struct app *app, struct passage *passage)
{
    const char *parent = getenv("TMPDIR");
    passage->folder = app_printf("%s/octet-rank-XXXXXX", parent && *parent ? parent : "/tmp");
    passage->file = NULL;
    if (!mkdtemp(passage->folder))
        return app_fail(app, "%s: %s", passage->folder, strerror(errno));
    passage->file = app_printf("%s/rank.stats", passage->folder);
    return STATUS_DONE;
}

static void passage_close(struct passage *passage)
{
    if (passage->file) {
        unlink(passage->file);
        rmdir(passage->folder);
    }
    free(passage->file);
    free(passage->folder);
}

static int read_whole(struct app *app, const char *path, char **bytes, size_t *size)
{
    struct stat entry;
    FILE *file = fopen(path, "re");
    if (!file)
        return app_fail_open(app, path);
    *size = fstat(fileno(file), &entry) == 0 ? (size_t)entry.st_size : 0;
    *bytes = app_alloc(*size, 1);
    const bool whole = fread(*bytes, 1, *size, file) == *size;
    fclose(file);
    return whole ? STATUS_DONE : app_fail(app, "%s: cannot be read", path);
}

static int bytes_of(struct app *app, const octet_statistics *statistics, char **bytes, size_t *size)
{
    struct passage passage;
    int status = passage_open(app, &passage);
    if (status == STATUS_DONE &&
        octet_statistics_save(app->context, statistics, passage.file) != OCTET_OK)
        status = app_fail(app, "%s", octet_context_message(app->context));
    if (status == STATUS_DONE)
        status = read_whole(app, passage.file, bytes, size);
    passage_close(&passage);
    return status;
}

static int statistics_of(struct app *app, const char *bytes, size_t size,
                         octet_statistics **statistics)
{
    struct passage passage;
    int status = passage_open(app, &passage);
    FILE *file = status == STATUS_DONE ? fopen(passage.file, "wxe") : NULL;
    if (file) {
        const bool whole = fwrite(bytes, 1, size, file) == size;
        if (fclose(file) != 0 || !whole)
            status = app_fail(app, "%s: cannot be written", passage.file);
        else if (octet_statistics_load(app->context, passage.file, statistics) != OCTET_OK)
            status = app_fail(app, "%s", octet_context_message(app->context));
    } else if (status == STATUS_DONE) {
        status = app_fail_open(app, passage.file);
    }
    passage_close(&passage);
    return status;
}

/* All that is to be handed on, and what it is added to. */
struct joining {
    struct app *app;
    const struct calibration_ranks *ranks;
    struct calibration_result *result;
    char *failed; /* the list of ranks, or NULL */
    int64_t failed_count;
};

static void note_failed(struct joining *j, const char *list, int64_t count)
{
    char *longer = app_printf("%s%s%s", j->failed ? j->failed : "", j->failed ? ", " : "", list);
    free(j->failed);
    j->failed = longer;
    j->failed_count += count;
}

static void note_own_failure(struct joining *j)
{
    char number[16];
    snprintf(number, sizeof number, "%d", j->ranks->rank);
    note_failed(j, number, 1);
}

static void hand_on(struct joining *j, int to)
{
    const struct calibration_result *result = j->result;
    char *bytes = NULL;
    size_t size = 0;
    if (!j->failed && bytes_of(j->app, result->statistics, &bytes, &size) != STATUS_DONE)
        note_own_failure(j);
    struct handed_on head = {j->failed_count, (int64_t)result->used, (int64_t)result->failed,
                             result->seconds, ""};
    memcpy(head.run, result->run, sizeof head.run);
    j->ranks->library->send(to, &head, sizeof head);
    if (j->failed)
        j->ranks->library->send(to, j->failed, strlen(j->failed) + 1);
    else
        j->ranks->library->send(to, bytes, size);
    free(bytes);
}

/* Fails where the statistics of another rank cannot be added, for they are of another model or list
 * of pictures. */
static int add(struct joining *j, int from, const char *bytes, size_t size)
{
    octet_statistics *other = NULL;
    int status = statistics_of(j->app, bytes, size, &other);
    if (status == STATUS_DONE && octet_statistics_merge(j->result->statistics, other) != OCTET_OK)
        status =
            app_fail(j->app, "rank %d: %s", from, octet_statistics_message(j->result->statistics));
    octet_statistics_free(&other);
    return status;
}

/* Folders differ from machine to machine, where they are no shared ones. */
static int check_run(struct joining *j, int from, const struct handed_on *head)
{
    if (memcmp(head->run, j->result->run, sizeof head->run) == 0)
        return STATUS_DONE;
    return app_fail(j->app, "rank %d has another list of pictures, or other sizes, than rank %d",
                    from, j->ranks->rank);
}

static void take_over(struct joining *j, int from)
{
    const struct ranks_library *library = j->ranks->library;
    struct handed_on head = {0};
    if (library->size_from(from) != sizeof head) { /* never of one build */
        note_own_failure(j);
        return;
    }
    library->receive(from, &head, sizeof head);
    const size_t size = library->size_from(from);
    char *bytes = app_alloc(size + 1, 1);
    library->receive(from, bytes, size);
    if (head.failed_ranks)
        note_failed(j, bytes, head.failed_ranks);
    else if (!j->failed &&
             (check_run(j, from, &head) != STATUS_DONE || add(j, from, bytes, size) != STATUS_DONE))
        note_own_failure(j);
    free(bytes);
    j->result->used += (size_t)head.used;
    j->result->failed += (size_t)head.left_out;
    if (head.seconds > j->result->seconds)
        j->result->seconds = head.seconds;
}

/* That nobody is missing: the statistics say themselves which shards they are of. */
static int check_whole(struct joining *j)
{
    octet_statistics_info info;
    if (j->failed)
        return app_fail(j->app, "rank%s %s of %d failed: nothing was written",
                        j->failed_count == 1 ? "" : "s", j->failed, j->ranks->count);
    octet_statistics_info_get(j->result->statistics, &info);
    if (*info.shards_missing)
        return app_fail(j->app, "missing: %s: nothing was written", info.shards_missing);
    return STATUS_DONE;
}

int ranks_join(struct app *app, const struct calibration_ranks *ranks, int status,
               struct calibration_result *result)
{
    struct joining j = {.app = app, .ranks = ranks, .result = result};
    const int rank = ranks->rank, count = ranks->count;
    int step = 1;
    if (count < 2)
        return status;
    if (status != STATUS_DONE)
        note_own_failure(&j);
    for (; step < count && rank % (2 * step) == 0; step *= 2)
        if (rank + step < count)
            take_over(&j, rank + step);
    if (rank > 0)
        hand_on(&j, rank - step);
    else if (check_whole(&j) != STATUS_DONE)
        status = STATUS_FAILED;
    if (j.failed)
        status = STATUS_FAILED;
    free(j.failed);
    return status;
}
