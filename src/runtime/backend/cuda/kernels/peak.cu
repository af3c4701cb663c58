/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops in registers: the matrix products that convolutions are made of, and plain FP32, with
 * nothing between them to wait for. What they reach is what a GPU can do at most.
 */
#include "runtime/backend/cuda/kernels/device.cuh"

#define CHAINS OCT_GPU_BURN_CHAINS

/* Plain FP32, as many sums a thread as a matrix product has. */
struct Floats {
    typedef float Sum;
    static __device__ __forceinline__ void multiply(float (&c)[4], const uint32_t (&a)[4],
                                                    uint32_t b0, uint32_t b1)
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
            c[i] = __fmaf_rn(c[i], __uint_as_float(b0), __uint_as_float(b1));
    }
};

/* Numbers of which sums stay finite, and whose bits are no zeros: idle wires would need no power. */
template <class Type> __device__ __forceinline__ uint32_t operand(uint32_t random)
{
    return random;
}

template <> __device__ __forceinline__ uint32_t operand<Bfloats>(uint32_t random)
{
    return (random & 0x807f807fu) | 0x3f803f80u; /* 1 to 2, and -1 to -2 */
}

template <> __device__ __forceinline__ uint32_t operand<Floats>(uint32_t random)
{
    return (random & 0x007fffffu) | 0x3f000000u; /* 0.5 to 1 */
}

__device__ __forceinline__ uint32_t bits_of(int sum)
{
    return (uint32_t)sum;
}

__device__ __forceinline__ uint32_t bits_of(float sum)
{
    return __float_as_uint(sum);
}

__device__ __forceinline__ oct_gpu_clock now()
{
    oct_gpu_clock clock;
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(clock.cycles));
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(clock.nanoseconds));
    return clock;
}

template <class Type> __device__ __forceinline__ void burn(const oct_gpu_burn &p)
{
    typename Type::Sum sums[CHAINS][4] = {};
    uint32_t a[4], b[2], random = (threadIdx.x + 1) * 2654435761u;
#pragma unroll
    for (int i = 0; i < 6; i++) {
        random = random * 1664525u + 1013904223u;
        (i < 4 ? a[i & 3] : b[i & 1]) = operand<Type>(random);
    }
    const oct_gpu_clock begin = now();
#pragma unroll 1
    for (int round = 0; round < p.rounds; round++)
#pragma unroll
        for (int step = 0; step < OCT_GPU_BURN_STEPS; step++)
#pragma unroll
            for (int c = 0; c < CHAINS; c++)
                Type::multiply(sums[c], a, b[0], b[1]);
    const oct_gpu_clock end = now();
    if (blockIdx.x == 0 && threadIdx.x == 0)
        *(oct_gpu_clock *)p.clock = {end.cycles - begin.cycles,
                                     end.nanoseconds - begin.nanoseconds};
    if (!p.sums)
        return;
    uint32_t all = 0;
#pragma unroll
    for (int i = 0; i < 4 * CHAINS; i++)
        all ^= bits_of(sums[i / 4][i % 4]);
    ((uint32_t *)p.sums)[blockIdx.x * OCT_GPU_BURN_THREADS + threadIdx.x] = all;
}

#define BURN_KERNEL(NAME, TYPE)                                                                    \
    extern "C" __global__ void __launch_bounds__(OCT_GPU_BURN_THREADS)                             \
        NAME(PARAMETER oct_gpu_burn p)                                                             \
    {                                                                                              \
        burn<TYPE>(p);                                                                             \
    }

BURN_KERNEL(peak_u8, Codes)
BURN_KERNEL(peak_bf16, Bfloats)
BURN_KERNEL(peak_f32, Floats)
