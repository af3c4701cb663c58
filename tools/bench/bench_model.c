/* SPDX-License-Identifier: Apache-2.0 */
/* Measures one model: what loading costs, in a process of its own, then streams of runs. */
#include "bench/bench_model.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/median.h"
#include "app/session_settings.h"
#include "app/terminal_text.h"
#include "models/model_file.h"
#include "models/noise.h"

#define LAYER_SAMPLES_MAX 1000

/* What the process of bench_probe() sends back. */
struct probe {
    int status;
    double load_ms, peak_bytes;
};

static octet_session_settings session_settings(const struct bench_model *model)
{
    const struct bench_settings *settings = model->settings;
    octet_session_settings session =
        app_session_settings(model->app, model->device, settings->size);
    session.batch = (int)settings->batch;
    if (!model->app->threads && settings->streams > 1)
        session.threads = 1;
    session.profile = settings->layers;
    return session;
}

static int fail_session(const struct bench_model *model, octet_status status,
                        octet_session *session)
{
    const char *message = session ? octet_session_message(session) : "";
    return app_fail(model->app, "%s: %s", model->path,
                    message[0] ? message : octet_status_text(status));
}

/* Layers as they are timed: the session has sums over all its runs. */
struct layer_times {
    int layers;
    size_t capacity; /* samples of a layer; later ones replace the first */
    size_t count;
    double *sums;    /* [layers] before the next run */
    double *samples; /* [layers][capacity] */
};

static struct layer_times *layer_times_new(const struct bench_model *model)
{
    octet_info info;
    octet_engine_info(model->engine, &info);
    struct layer_times *times = app_alloc(1, sizeof *times);
    size_t layers = (size_t)info.layer_count, runs = (size_t)model->settings->iterations;
    times->layers = info.layer_count;
    times->capacity = runs < LAYER_SAMPLES_MAX ? runs : LAYER_SAMPLES_MAX;
    times->sums = app_alloc(layers, sizeof(double));
    times->samples = app_alloc(layers * times->capacity, sizeof(double));
    return times;
}

static void layer_times_free(struct layer_times *times)
{
    if (!times)
        return;
    free(times->sums);
    free(times->samples);
    free(times);
}

static void read_layers(struct layer_times *times, const octet_session *session, bool keep)
{
    for (int i = 0; i < times->layers; i++) {
        double sum = octet_session_layer_ms(session, i);
        if (keep)
            times->samples[(size_t)i * times->capacity + times->count % times->capacity] =
                sum - times->sums[i];
        times->sums[i] = sum;
    }
    times->count += keep;
}

int bench_open(struct bench_model *model)
{
    struct app *app = model->app;
    size_t streams = (size_t)model->settings->streams;
    octet_session_settings settings = session_settings(model);
    int status = detector_open(app, model->path, &model->engine);
    if (status != STATUS_DONE)
        return status;
    model->sessions = app_alloc(streams, sizeof(octet_session *));
    for (size_t i = 0; i < streams; i++) {
        octet_status opened =
            octet_session_open(app->context, model->engine, &settings, &model->sessions[i]);
        if (opened != OCTET_OK)
            return app_fail(app, "%s: %s", model->path, octet_context_message(app->context));
        octet_status filled = noise_set(model->sessions[i], (int)model->settings->batch);
        if (filled != OCTET_OK)
            return fail_session(model, filled, model->sessions[i]);
    }
    octet_info info;
    octet_engine_info(model->engine, &info);
    model->samples = app_alloc(streams * (size_t)model->settings->iterations, sizeof(double));
    model->device_samples =
        app_alloc(streams * (size_t)model->settings->iterations, sizeof(double));
    model->layer_ms = app_alloc((size_t)info.layer_count, sizeof(double));
    if (model->settings->layers)
        model->layers = layer_times_new(model);
    return STATUS_DONE;
}

/* VmHWM: the most memory this process ever held; 0 when the system does not say. */
static double peak_memory_bytes(void)
{
    char line[256];
    long long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lld kB", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return (double)kilobytes * 1024;
}

static struct probe probe_here(struct bench_model *model)
{
    struct probe probe = {0};
    double start_ms = app_now_ms();
    probe.status = bench_open(model);
    probe.load_ms = app_now_ms() - start_ms;
    for (size_t i = 0; probe.status == STATUS_DONE && i < (size_t)model->settings->streams; i++) {
        octet_status status = octet_session_run(model->sessions[i]);
        if (status != OCTET_OK)
            probe.status = fail_session(model, status, model->sessions[i]);
    }
    probe.peak_bytes = peak_memory_bytes();
    return probe;
}

int bench_probe(struct bench_model *model)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
        return app_fail(model->app, "no pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return app_fail(model->app, "no process: %s", strerror(errno));
    }
    if (child == 0) {
        app_signals_in_child();
        struct probe probe = probe_here(model);
        ssize_t sent = write(ends[1], &probe, sizeof probe);
        _exit(sent == (ssize_t)sizeof probe ? STATUS_DONE : STATUS_FAILED);
    }
    struct probe probe = {0};
    int how = 0;
    close(ends[1]);
    ssize_t got;
    do
        got = read(ends[0], &probe, sizeof probe);
    while (got < 0 && errno == EINTR);
    close(ends[0]);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    if (got != (ssize_t)sizeof probe && WIFSIGNALED(how))
        return app_fail(model->app, "%s: loading it ended by signal %d", model->path,
                        WTERMSIG(how));
    if (got != (ssize_t)sizeof probe) /* the child said why */
        return STATUS_FAILED;
    model->load_ms = probe.load_ms;
    model->peak_bytes = probe.peak_bytes;
    return probe.status;
}

/* One stream's part of a block. */
struct stream {
    octet_session *session;
    double *samples; /* NULL: not kept */
    double *device_samples;
    struct layer_times *layers; /* NULL: not kept */
    size_t iterations, done;    /* asked for, and those that came to an end */
    bool without_thread;        /* the system gave none */
    double start_ms, end_ms;
    octet_status status;
};

static void *run_stream(void *argument)
{
    struct stream *stream = argument;
    stream->start_ms = stream->end_ms = app_now_ms();
    for (size_t i = 0; i < stream->iterations && !app_interrupted(); i++) {
        double before_ms = stream->end_ms;
        stream->status = octet_session_run(stream->session);
        if (stream->status != OCTET_OK)
            break;
        stream->end_ms = app_now_ms();
        stream->done++;
        if (stream->samples) {
            stream->samples[i] = stream->end_ms - before_ms;
            stream->device_samples[i] = octet_session_device_ms(stream->session);
        }
        if (stream->layers) {
            read_layers(stream->layers, stream->session, true);
            stream->end_ms = app_now_ms();
        }
    }
    return NULL;
}

static void run_streams(struct stream *streams, size_t count)
{
    pthread_t *threads = app_alloc(count, sizeof *threads);
    bool *started = app_alloc(count, sizeof *started);
    for (size_t i = 1; i < count; i++)
        started[i] = pthread_create(&threads[i], NULL, run_stream, &streams[i]) == 0;
    run_stream(&streams[0]);
    for (size_t i = 1; i < count; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        else
            streams[i].without_thread = true;
    }
    free(started);
    free(threads);
}

int bench_run(struct bench_model *model, size_t iterations, bool measured)
{
    size_t count = (size_t)model->settings->streams, capacity = (size_t)model->settings->iterations;
    struct stream *streams = app_alloc(count, sizeof *streams);
    for (size_t i = 0; i < count; i++)
        streams[i] = (struct stream){
            .session = model->sessions[i],
            .samples = measured ? model->samples + i * capacity + model->done : NULL,
            .device_samples = measured ? model->device_samples + i * capacity + model->done : NULL,
            .iterations = iterations};
    if (measured && model->layers) {
        read_layers(model->layers, model->sessions[0], false);
        streams[0].layers = model->layers;
    }
    const double host_ms = app_cpu_ms();
    run_streams(streams, count);
    const double worked_ms = app_cpu_ms() - host_ms;
    double start_ms = streams[0].start_ms, end_ms = streams[0].end_ms;
    size_t done = iterations; /* by every stream: an interruption catches them at different ones */
    int status = STATUS_DONE;
    for (size_t i = 0; i < count; i++) {
        done = streams[i].done < done ? streams[i].done : done;
        start_ms = fmin(start_ms, streams[i].start_ms);
        end_ms = fmax(end_ms, streams[i].end_ms);
        if (streams[i].without_thread && status == STATUS_DONE)
            status = app_fail(model->app, "%s: the system gives no thread for stream %zu of %zu",
                              model->path, i + 1, count);
        if (streams[i].status != OCTET_OK && status == STATUS_DONE)
            status = fail_session(model, streams[i].status, streams[i].session);
    }
    if (measured && done) {
        model->wall_ms += end_ms - start_ms;
        model->host_ms += worked_ms;
        model->done += done;
    }
    free(streams);
    return status;
}

void bench_summarize(struct bench_model *model)
{
    model->latency = latency_of(model->samples, (size_t)model->settings->streams,
                                (size_t)model->settings->iterations, model->done);
    model->device_ms = median_of(model->device_samples, model->done);
    for (int i = 0; model->layers && i < model->layers->layers; i++) {
        const struct layer_times *times = model->layers;
        model->layer_ms[i] =
            median_of(times->samples + (size_t)i * times->capacity,
                      times->count < times->capacity ? times->count : times->capacity);
    }
}

bool bench_is_on_cpu(const struct bench_model *model)
{
    return strcmp(octet_session_device(model->sessions[0]), "cpu") == 0;
}

const char *bench_device(const struct bench_model *model)
{
    return strchr(model->device, ':') ? model->device : octet_session_device(model->sessions[0]);
}

void bench_print_name(const struct bench_model *model)
{
    print_clean(model->path);
    if (model->settings->devices && strchr(model->settings->devices, ','))
        printf(" on %s", bench_device(model));
}

double bench_multiply_adds(const struct bench_model *model)
{
    octet_info info;
    octet_engine_info(model->engine, &info);
    double pixels = (double)octet_session_height(model->sessions[0]) *
                    (double)octet_session_width(model->sessions[0]);
    double default_pixels = (double)info.input_height * (double)info.input_width;
    return (double)info.multiply_adds * pixels / default_pixels * (double)model->settings->batch;
}

void bench_close(struct bench_model *model)
{
    for (size_t i = 0; model->sessions && i < (size_t)model->settings->streams; i++)
        octet_session_close(&model->sessions[i]);
    octet_engine_free(&model->engine);
    free(model->sessions);
    free(model->samples);
    free(model->device_samples);
    free(model->layer_ms);
    layer_times_free(model->layers);
}
