/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels share: division by constants, copies into shared memory, matrix products. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_DEVICE_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_DEVICE_CUH

#include <stdint.h>

#include "runtime/backend/cuda/kernels/parameters.h"

#if defined(__CUDACC_VER_MAJOR__) &&                                                               \
    (__CUDACC_VER_MAJOR__ > 11 || (__CUDACC_VER_MAJOR__ == 11 && __CUDACC_VER_MINOR__ >= 7))
#define PARAMETER const __grid_constant__
#else
#define PARAMETER const
#endif

/*
 * Kernels overlap (compute capability 9.0 and newer): where the graph says so, a kernel starts once
 * every block of the one before has let it, or ended. Then, before it reads or writes what is not
 * constant, it waits for that one's end.
 */
__device__ __forceinline__ void await_kernel_before()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ __forceinline__ void let_next_kernel_start()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

__device__ __forceinline__ int divide(int x, const oct_gpu_divisor &by)
{
    return by.multiplier ? (int)(__umulhi((uint32_t)x, by.multiplier) >> by.shift) : x;
}

__device__ __forceinline__ uint32_t shared_address(const void *pointer)
{
    return (uint32_t)__cvta_generic_to_shared(pointer);
}

__device__ __forceinline__ void copy16(uint32_t to, const void *from)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
}

__device__ __forceinline__ void commit_copies()
{
    asm volatile("cp.async.commit_group;");
}

template <int pending> __device__ __forceinline__ void await_copies()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

__device__ __forceinline__ void store16(uint32_t to, uint4 value)
{
    asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(value.x), "r"(value.y),
                 "r"(value.z), "r"(value.w)
                 : "memory");
}

__device__ __forceinline__ uint4 load16(uint32_t from)
{
    uint4 value;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(from));
    return value;
}

/* 16 rows of 32 bytes: lanes 0 to 15 name the rows' first halves, the others their second ones. */
__device__ __forceinline__ void load_rows(uint32_t (&a)[4], uint32_t address)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
                 : "r"(address));
}

/* What a convolution multiplies: 16 x 8 sums, 32 bytes deep. */
struct Codes {
    typedef int Sum;
    static const bool is_codes = true;
    static __device__ __forceinline__ void multiply(int (&c)[4], const uint32_t (&a)[4],
                                                    uint32_t b0, uint32_t b1)
    {
        asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 "
                     "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
};

struct Bfloats {
    typedef float Sum;
    static const bool is_codes = false;
    static __device__ __forceinline__ void multiply(float (&c)[4], const uint32_t (&a)[4],
                                                    uint32_t b0, uint32_t b1)
    {
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
};

#endif
