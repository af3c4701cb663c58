/* SPDX-License-Identifier: Apache-2.0 */
/* One model under measurement on one device: its sessions, what a run took, and what it costs to
 * load. */
#ifndef TOOLS_BENCH_MODEL_H
#define TOOLS_BENCH_MODEL_H

#include <stdint.h>

#include "app/options.h"
#include "bench/bench_statistics.h"

struct bench_settings {
    int64_t warmup, iterations, batch, streams;
    struct input_size size;
    bool peak, layers, histogram;
    const char *image;   /* NULL: no pipeline */
    octet_frame frame;   /* format and size of a camera's frame; width 0: none */
    const char *devices; /* words with commas between, or NULL: the CPU alone */
};

enum { PIPELINE_STAGES = 4 };

/* A picture's way through, or a frame's, see bench_pipeline.h. */
struct pipeline {
    size_t done; /* times through; 0: not measured */
    int width, height, boxes;
    double median_ms[PIPELINE_STAGES + 1]; /* decode, letterbox, network, select; whole */
    double host_ms;                        /* work of the processor's, each time; the mean */
};

struct bench_model {
    struct app *app;
    const struct bench_settings *settings;
    const char *path, *device; /* device as octet_session_settings has it */
    octet_engine *engine;
    octet_session **sessions;   /* settings->streams of them */
    double *samples;            /* [streams][iterations], ms */
    double *device_samples;     /* likewise, by a GPU's own clock */
    double device_ms;           /* their median, after bench_summarize(); -1: none */
    size_t done;                /* iterations measured in each stream */
    double wall_ms;             /* of the measured iterations */
    double host_ms;             /* work of the processor's, all streams together */
    double load_ms, peak_bytes; /* of a process with this model alone; peak_bytes 0: unknown */
    double *layer_ms; /* with settings->layers, after bench_summarize(): medians of runs */
    struct layer_times *layers;
    struct latency latency;          /* after bench_summarize() */
    struct pipeline pipeline, frame; /* a picture's from its file, a frame's from memory */
};

/* Loads the model in a process of its own, and runs it once there, for load_ms and peak_bytes: what
 * other models take does not count. To be called before any thread was started. */
int bench_probe(struct bench_model *model);

/* Loads the model and opens its sessions, with a fixed pseudo-random picture in every slot. */
int bench_open(struct bench_model *model);

/* Runs `iterations` in every stream at once, fewer when interrupted; measured ones are kept. */
int bench_run(struct bench_model *model, size_t iterations, bool measured);

/* Fills model->latency, over the samples of all streams; sorts them. Once, after all runs. */
void bench_summarize(struct bench_model *model);

/* Where it runs, after bench_open(): "cpu", "cuda", or "cuda:N" where that was asked for. */
const char *bench_device(const struct bench_model *model);
bool bench_is_on_cpu(const struct bench_model *model);

/* Prints the model's path; where several devices are compared, with its device. */
void bench_print_name(const struct bench_model *model);

/* Multiply-adds of one run at the size and batch in use. */
double bench_multiply_adds(const struct bench_model *model);

void bench_close(struct bench_model *model);

#endif
