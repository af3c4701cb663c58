# SPDX-License-Identifier: Apache-2.0
# Flags of everything of ours, and of single kernel files.
include(CheckCCompilerFlag)

# No -ffast-math and no contraction: results are the same to the bit on every kernel set.
add_library(octet_flags INTERFACE)
target_compile_options(octet_flags INTERFACE
    -Wall -Wextra -ffp-contract=off $<$<BOOL:${OCTET_WERROR}>:-Werror>)
target_compile_definitions(octet_flags INTERFACE _GNU_SOURCE)
if(OCTET_SANITIZE)
    target_compile_options(octet_flags INTERFACE
        -fsanitize=${OCTET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(octet_flags INTERFACE -fsanitize=${OCTET_SANITIZE})
endif()

# ./dev fuzz says which lines its fuzzers reached.
if(OCTET_BUILD_FUZZERS)
    target_compile_options(octet_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(octet_flags INTERFACE -fprofile-instr-generate)
endif()

set(octet_avx2 -mavx2 -mfma -mf16c)
set(octet_avxvnni ${octet_avx2} -mavxvnni)
set(octet_avx512 ${octet_avx2} -mavx512f -mavx512bw -mavx512vl -mavx512dq)
set(octet_avx512vnni ${octet_avx512} -mavx512vnni)
set(octet_avx512bf16 ${octet_avx512vnni} -mavx512bf16)
# Not AVX-512 BF16: its conversion takes denormal numbers as zeros, and U8 kernels agree to the bit.
set(octet_amx ${octet_avx512vnni} -mamx-tile -mamx-int8 -mamx-bf16)
set(octet_amxbf16 ${octet_amx} -mavx512bf16) # two sets together
set(octet_neon "")
set(octet_fp16 -march=armv8.2-a+fp16)
set(octet_dotprod -march=armv8.2-a+dotprod)
set(octet_i8mm -march=armv8.2-a+dotprod+i8mm)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(OCTET_KERNEL_FOLDER x86)
    set(OCTET_KERNEL_SETS avx2 avxvnni avx512 avx512vnni avx512bf16 amx amxbf16)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(OCTET_KERNEL_FOLDER arm)
    set(OCTET_KERNEL_SETS neon fp16 dotprod i8mm)
else()
    set(OCTET_KERNEL_FOLDER "")
    set(OCTET_KERNEL_SETS "")
endif()

foreach(set IN LISTS OCTET_KERNEL_SETS)
    if(octet_${set})
        string(REPLACE ";" " " flags "${octet_${set}}")
        check_c_compiler_flag("${flags}" OCTET_COMPILER_HAS_${set})
        if(NOT OCTET_COMPILER_HAS_${set})
            message(FATAL_ERROR "the compiler does not take ${flags}: octet needs gcc 11 or clang 14, or newer")
        endif()
    endif()
endforeach()

# octet_kernel_flags(TARGET FILE...): -O3 for kernels, and for NAME_SET.c what its set needs, for that file alone.
function(octet_kernel_flags target)
    foreach(file IN LISTS ARGN)
        set(flags -O3 -fno-math-errno)
        if(file MATCHES "/train/") # loops with conditions become vectors; no result changes
            list(APPEND flags -fno-trapping-math)
        endif()
        if(file MATCHES "/kernels/${OCTET_KERNEL_FOLDER}/.*_([a-z0-9]+)\\.c$")
            list(APPEND flags ${octet_${CMAKE_MATCH_1}})
        endif()
        if(CMAKE_BUILD_TYPE STREQUAL "Debug")
            list(REMOVE_ITEM flags -O3)
        endif()
        # Kernels read no files: fuzzers count nothing there, and leave undefined behaviour to ./dev sanitize.
        if(OCTET_BUILD_FUZZERS)
            list(REMOVE_ITEM flags -O3)
            list(APPEND flags -O1 -fno-sanitize=undefined -fno-profile-instr-generate -fno-coverage-mapping)
        endif()
        set_source_files_properties(${file} TARGET_DIRECTORY ${target}
                                    PROPERTIES COMPILE_OPTIONS "${flags}")
    endforeach()
endfunction()
