/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_stress ENGINE ENGINE [RUNS [OPENS [HEIGHTxWIDTH]]]: sessions of two engines on four threads
 * at once on one GPU, `RUNS` runs each, whose outputs and boxes must be those that the engines give
 * alone; then sessions that are opened and closed `OPENS` times, with no more memory taken at the
 * end than at the start, of the GPU's or the process'. Exit status 1 where it is otherwise.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <octet/octet.h>

#include "gpu/support/stand_in_driver.h"

enum { ENGINES = 2, THREADS = 4, PICTURES = 3, BOXES_MOST = 300 };
/* What drivers and the C library keep for later. */
#define DEVICE_BYTES_MOST ((size_t)8 << 20)
#define PROCESS_BYTES_MOST ((size_t)32 << 20)

static int runs = 200, opens = 50, height, width;

/* What an engine makes of a picture. */
struct result {
    float *output;
    size_t floats;
    octet_detection boxes[BOXES_MOST];
    int box_count;
};

static struct subject {
    octet_engine *engine;
    unsigned char *pictures[PICTURES];
    struct result wanted[PICTURES];
} subjects[ENGINES];

static void fail(const char *what, const char *message)
{
    fprintf(stderr, "gpu_stress: %s: %s\n", what, message);
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory)
        fail("memory", "there is none");
    return memory;
}

/* ---- sessions ---- */

static octet_session *open_session(octet_context *context, const struct subject *subject, int batch)
{
    octet_session_settings settings;
    octet_session *session;
    octet_session_defaults(&settings);
    settings.device = "cuda";
    settings.cache = getenv("OCTET_CHECK_CACHE");
    settings.height = height;
    settings.width = width;
    settings.batch = batch;
    if (octet_session_open(context, subject->engine, &settings, &session))
        fail("opening", octet_context_message(context));
    return session;
}

static size_t count_floats(const octet_session *session, const octet_engine *engine)
{
    octet_info info;
    octet_engine_info(engine, &info);
    return ((size_t)info.class_count + 4) * (size_t)octet_session_anchor_count(session);
}

/* Slot i gets picture (first + i) % PICTURES. */
static void run(octet_session *session, const struct subject *subject, int batch, int first)
{
    for (int slot = 0; slot < batch; slot++)
        if (octet_session_set_pixels(session, slot, subject->pictures[(first + slot) % PICTURES]))
            fail("pixels", octet_session_message(session));
    if (octet_session_run(session))
        fail("running", octet_session_message(session));
}

/* `result->output` has room. */
static void take(octet_session *session, int slot, struct result *result)
{
    if (octet_session_output(session, slot, result->output) ||
        octet_session_detect(session, slot, NULL, result->boxes, BOXES_MOST, &result->box_count))
        fail("results", octet_session_message(session));
}

static bool is_same(const struct result *is, const struct result *wanted)
{
    return is->box_count == wanted->box_count &&
           memcmp(is->boxes, wanted->boxes, sizeof *is->boxes * (size_t)is->box_count) == 0 &&
           memcmp(is->output, wanted->output, wanted->floats * sizeof *is->output) == 0;
}

static void make_subject(octet_context *context, struct subject *subject, const char *path)
{
    unsigned state = 1;
    if (octet_engine_load(context, path, &subject->engine))
        fail(path, octet_context_message(context));
    octet_session *session = open_session(context, subject, 1);
    const size_t bytes =
        3 * (size_t)octet_session_height(session) * (size_t)octet_session_width(session);
    for (int i = 0; i < PICTURES; i++) {
        subject->pictures[i] = allocate(bytes);
        for (size_t k = 0; k < bytes; k++) {
            state = state * 1664525u + 1013904223u;
            subject->pictures[i][k] = (unsigned char)(state >> 24);
        }
        struct result *wanted = &subject->wanted[i];
        wanted->floats = count_floats(session, subject->engine);
        wanted->output = allocate(wanted->floats * sizeof *wanted->output);
        run(session, subject, 1, i);
        take(session, 0, wanted);
    }
    octet_session_close(&session);
}

static void free_subject(struct subject *subject)
{
    for (int i = 0; i < PICTURES; i++) {
        free(subject->pictures[i]);
        free(subject->wanted[i].output);
    }
    octet_engine_free(&subject->engine);
}

/* ---- at once ---- */

struct work {
    int number, different;
};

static void *run_thread(void *user)
{
    struct work *work = user;
    const struct subject *subject = &subjects[work->number % ENGINES];
    const int batch = 1 + work->number / ENGINES;
    octet_context *context;
    if (octet_context_create(NULL, &context))
        fail("context", "out of memory");
    octet_session *session = open_session(context, subject, batch);
    struct result is = {.output = allocate(subject->wanted[0].floats * sizeof(float))};
    for (int i = 0; i < runs; i++) {
        run(session, subject, batch, i);
        for (int slot = 0; slot < batch; slot++) {
            take(session, slot, &is);
            work->different += !is_same(&is, &subject->wanted[(i + slot) % PICTURES]);
        }
    }
    free(is.output);
    octet_session_close(&session);
    octet_context_free(&context);
    return NULL;
}

static bool run_at_once(void)
{
    pthread_t threads[THREADS];
    struct work works[THREADS];
    int different = 0;
    for (int i = 0; i < THREADS; i++) {
        works[i] = (struct work){i, 0};
        if (pthread_create(&threads[i], NULL, run_thread, &works[i]))
            fail("threads", "cannot be started");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        different += works[i].different;
    }
    printf("%d threads of %d runs each: %d results differ\n", THREADS, runs, different);
    return different == 0;
}

/* ---- one after another ---- */

/* The driver, as far as octet does not ask for it. The stand-in is kept: it counts what is left. A
 * GPU's own is not, so that what loads and unloads it is octet. */
static void *stand_in;

static void find(void *library, const char *symbol, void *member)
{
    void *found = dlsym(library, symbol);
    memcpy(member, &found, sizeof found);
}

static void *open_driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail("libcuda.so.1", "it is not here");
    return library;
}

static size_t ask_device_bytes(void *library)
{
    int (*init)(unsigned), (*get_device)(int *, int), (*retain)(void **, int), (*release)(int);
    int (*push)(void *), (*pop)(void **), (*get_info)(size_t *, size_t *);
    size_t left = 0, all = 0;
    void *context;
    int device;
    find(library, "cuInit", &init);
    find(library, "cuDeviceGet", &get_device);
    find(library, "cuDevicePrimaryCtxRetain", &retain);
    find(library, "cuDevicePrimaryCtxRelease_v2", &release);
    find(library, "cuCtxPushCurrent_v2", &push);
    find(library, "cuCtxPopCurrent_v2", &pop);
    find(library, "cuMemGetInfo_v2", &get_info);
    if (init(0) || get_device(&device, 0) || retain(&context, device) || push(context) ||
        get_info(&left, &all) || pop(&context) || release(device))
        fail("the GPU's memory", "it cannot be asked for");
    return all - left;
}

/* Bytes of the GPU's memory that are taken, by whomever; 0 of the stand-in, which does not tell. */
static size_t device_bytes(void)
{
    if (stand_in)
        return 0;
    void *library = open_driver();
    const size_t bytes = ask_device_bytes(library);
    dlclose(library);
    return bytes;
}

static size_t process_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &all, &resident) != 2)
        fail("/proc/self/statm", "cannot be read");
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static bool open_and_close(octet_context *context)
{
    size_t device = 0, process = 0;
    int different = 0;
    for (int i = 0; i < opens; i++) {
        const struct subject *subject = &subjects[i % ENGINES];
        struct result is = {.output = allocate(subject->wanted[0].floats * sizeof(float))};
        octet_session *session = open_session(context, subject, 1);
        run(session, subject, 1, i);
        take(session, 0, &is);
        different += !is_same(&is, &subject->wanted[i % PICTURES]);
        octet_session_close(&session);
        free(is.output);
        if (i == opens / 5) { /* all that is made once is there */
            device = device_bytes();
            process = process_bytes();
        }
    }
    const size_t device_end = device_bytes(), process_end = process_bytes();
    printf("%d sessions one after another: %d results differ, %.1f MB of the GPU's memory and %.1f "
           "of the process' more at the end\n",
           opens, different, 1e-6 * ((double)device_end - (double)device),
           1e-6 * ((double)process_end - (double)process));
    return different == 0 && device_end <= device + DEVICE_BYTES_MOST &&
           process_end <= process + PROCESS_BYTES_MOST;
}

static void find_stand_in(void)
{
    void *library = open_driver();
    if (dlsym(library, STAND_IN_DRIVER_SYMBOL))
        stand_in = library;
    else
        dlclose(library);
}

/* The stand-in counts what is left, and complains of what is wrong. */
static bool is_stand_in_clean(void)
{
    struct stand_in_counts counts;
    if (!stand_in)
        return true;
    const struct stand_in_driver *driver = dlsym(stand_in, STAND_IN_DRIVER_SYMBOL);
    driver->get_counts(&counts);
    printf("the stand-in: %d allocations, %d contexts, %d things left behind; \"%s\"\n",
           counts.allocations + counts.host_allocations, counts.retained, counts.leaked,
           driver->complaint());
    return counts.allocations + counts.host_allocations + counts.retained + counts.leaked == 0 &&
           !driver->complaint()[0];
}

int main(int argc, char **argv)
{
    octet_context *context;
    runs = argc > 3 ? atoi(argv[3]) : runs;
    opens = argc > 4 ? atoi(argv[4]) : opens;
    if (argc < 3 || runs < 1 || opens < 1 ||
        (argc > 5 && sscanf(argv[5], "%dx%d", &height, &width) != 2)) {
        fprintf(stderr, "usage: gpu_stress ENGINE ENGINE [RUNS [OPENS [HEIGHTxWIDTH]]]\n");
        return 2;
    }
    find_stand_in();
    if (octet_context_create(NULL, &context))
        fail("context", "out of memory");
    for (int i = 0; i < ENGINES; i++)
        make_subject(context, &subjects[i], argv[1 + i]);
    bool good = run_at_once();
    good = open_and_close(context) && good;
    for (int i = 0; i < ENGINES; i++)
        free_subject(&subjects[i]);
    octet_context_free(&context);
    good = is_stand_in_clean() && good;
    return good ? 0 : 1;
}
