/* SPDX-License-Identifier: Apache-2.0 */
/* Times the kernels of peak.cu, by events. */
#include "runtime/backend/cuda/gpu_burn.h"

#define BLOCKS_A_MULTIPROCESSOR 4 /* one after another: it may be that not all can be used */
#define FIRST_ROUNDS 64
#define ROUNDS_MOST (1 << 24)
#define LAUNCHES_MOST 40 /* until the clock has risen */
#define LOOP_MS 10.0f
#define WARM_UP_MS 40.0f
#define GROWTH 8 /* at most, from loop to loop */

static const struct {
    const char *kernel;
    double multiply_adds; /* of a warp's product */
} kinds[] = {
    [OCT_GPU_BURN_U8] = {"peak_u8", 16 * 8 * 32},
    [OCT_GPU_BURN_BF16] = {"peak_bf16", 16 * 8 * 16},
    [OCT_GPU_BURN_F32] = {"peak_f32", 32 * 4},
};

static octet_status check(const struct oct_gpu_burner *burner, oct_cuda_result result,
                          const char *what)
{
    return oct_cuda_check(burner->device->ctx, &burner->device->driver, result, what);
}

octet_status oct_gpu_burner_open(struct oct_gpu_device *device, struct oct_gpu_burner *burner)
{
    const struct oct_cuda_driver *driver = &device->driver;
    *burner = (struct oct_gpu_burner){.device = device};
    octet_status status =
        check(burner, driver->create_stream(&burner->stream, OCT_CUDA_STREAM_NON_BLOCKING),
              "making a stream");
    if (!status)
        status = check(burner, driver->create_event(&burner->begin, 0), "making an event");
    if (!status)
        status = check(burner, driver->create_event(&burner->end, 0), "making an event");
    if (!status)
        status = check(burner, driver->allocate(&burner->clock, sizeof(struct oct_gpu_clock)),
                       "memory for a clock");
    return status;
}

void oct_gpu_burner_close(struct oct_gpu_burner *burner)
{
    const struct oct_cuda_driver *driver = &burner->device->driver;
    if (burner->clock)
        driver->release(burner->clock);
    if (burner->end)
        driver->destroy_event(burner->end);
    if (burner->begin)
        driver->destroy_event(burner->begin);
    if (burner->stream)
        driver->destroy_stream(burner->stream);
    *burner = (struct oct_gpu_burner){0};
}

octet_status oct_gpu_burner_go_on(struct oct_gpu_burner *burner)
{
    struct oct_gpu_burn burn = {.clock = burner->clock, .rounds = burner->rounds};
    void *parameters[] = {&burn};
    return check(burner,
                 burner->device->driver.launch(burner->function, burner->blocks, 1, 1,
                                               OCT_GPU_BURN_THREADS, 1, 1, 0, burner->stream,
                                               parameters, NULL),
                 "launching a loop");
}

octet_status oct_gpu_burner_wait(struct oct_gpu_burner *burner)
{
    return check(burner, burner->device->driver.wait_stream(burner->stream), "waiting for a loop");
}

/* One loop, from its beginning to its end by the GPU's events. */
static octet_status run_loop(struct oct_gpu_burner *burner, float *ms)
{
    const struct oct_cuda_driver *driver = &burner->device->driver;
    octet_status status =
        check(burner, driver->record_event(burner->begin, burner->stream), "recording an event");
    if (!status)
        status = oct_gpu_burner_go_on(burner);
    if (!status)
        status =
            check(burner, driver->record_event(burner->end, burner->stream), "recording an event");
    /* Also after a failure: what was launched writes to memory that is given back. */
    const octet_status waited = oct_gpu_burner_wait(burner);
    status = status ? status : waited;
    return status
               ? status
               : check(burner, driver->elapsed_ms(ms, burner->begin, burner->end), "timing a loop");
}

/* As many rounds as take the time of a loop, and the GPU out of its sleep. */
static octet_status warm_up(struct oct_gpu_burner *burner)
{
    float ms = 0, sum = 0;
    octet_status status = OCTET_OK;
    burner->rounds = FIRST_ROUNDS;
    for (int i = 0; i < LAUNCHES_MOST && sum < WARM_UP_MS && !status; i++) {
        status = run_loop(burner, &ms);
        sum += ms;
        const double factor = ms > LOOP_MS / GROWTH ? (double)(LOOP_MS / ms) : GROWTH;
        const double wanted = burner->rounds * factor;
        burner->rounds = wanted < 1 ? 1 : wanted > ROUNDS_MOST ? ROUNDS_MOST : (int)wanted;
    }
    return status;
}

/* The clock that the last loop's first block had; 0 where its time is too short to tell. */
static octet_status read_clock(const struct oct_gpu_burner *burner, double *khz)
{
    const struct oct_cuda_driver *driver = &burner->device->driver;
    struct oct_gpu_clock clock = {0};
    octet_status status =
        check(burner, driver->copy_out(&clock, burner->clock, sizeof clock, burner->stream),
              "reading a clock");
    const octet_status waited =
        check(burner, driver->wait_stream(burner->stream), "reading a clock");
    status = status ? status : waited;
    *khz = clock.nanoseconds ? (double)clock.cycles * 1e6 / (double)clock.nanoseconds : 0;
    return status;
}

octet_status oct_gpu_burn(struct oct_gpu_burner *burner, enum oct_gpu_burn_kind kind, int tries,
                          struct oct_gpu_burnt *burnt)
{
    *burnt = (struct oct_gpu_burnt){0};
    burner->blocks = (unsigned)burner->device->facts.multiprocessors * BLOCKS_A_MULTIPROCESSOR;
    octet_status status =
        oct_gpu_device_kernel(burner->device, kinds[kind].kernel, 0, &burner->function);
    if (!status)
        status = warm_up(burner);
    const double products = (double)OCT_GPU_BURN_STEPS * OCT_GPU_BURN_CHAINS *
                            (OCT_GPU_BURN_THREADS / 32) * burner->blocks * burner->rounds;
    for (int i = 0; i < tries && !status; i++) {
        float ms = 0;
        double khz = 0;
        status = run_loop(burner, &ms);
        if (!status)
            status = read_clock(burner, &khz);
        const double gmacs = ms > 0 ? products * kinds[kind].multiply_adds / (ms * 1e6) : 0;
        if (!status && gmacs > burnt->gmacs)
            *burnt = (struct oct_gpu_burnt){gmacs, khz};
    }
    return status;
}
