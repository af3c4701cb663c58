# SPDX-License-Identifier: Apache-2.0
# Tests of a build for 64-bit ARM on another machine, by qemu-user. Plain names run on a processor with all sets, as
# the toolchain file says; NAME_on_PROCESSOR on
#   cortex-a72   plain NEON: Raspberry Pi 4, Graviton
#   cortex-a76   dot products and half precision: Raspberry Pi 5, as Jetson Orin's A78AE and Graviton 2's N1
#   max          i8mm and bfloat16: Graviton 3, Grace
# Label arm64 is what ./dev check runs, and the target arm64_short what it builds.
include(emulated.cmake)

# qemu before 7.1 (Ubuntu 22.04's) has no Cortex-A76: its kernel sets are then all that is tested of it.
execute_process(COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} --version OUTPUT_VARIABLE said)
string(REGEX MATCH "version ([0-9.]+)" said "${said}")
set(octet_a76 -cpu cortex-a76)
set(octet_a76_sets "")
if(CMAKE_MATCH_1 VERSION_LESS 7.1)
    message(STATUS "qemu ${CMAKE_MATCH_1} has no Cortex-A76: its tests run on a processor with more, with its kernel sets")
    set(octet_a76 -cpu max)
    set(octet_a76_sets OCTET_TEST_CPU=neon,fp16,dotprod)
endif()

set(octet_arm_cortex-a72 -cpu cortex-a72)
set(octet_arm_cortex-a76 ${octet_a76})
set(octet_arm_max -cpu max)
set(octet_arm_short test_arm_sets test_cores test_cpu_backend test_letterbox test_quantized test_session)
list(REMOVE_ITEM octet_emulated_tests ${octet_arm_short})
list(APPEND octet_emulated_tests ${octet_golden_tests})
add_custom_target(arm64_short DEPENDS octet_program kernel_check ${octet_arm_short})
# Not the case draw_without_fonts: qemu 7.2 ends a process that starts a thread and was forked off one with threads, as
# the one that draws names is ("plugins/core.c: assertion failed"): names are drawn in the built-in font then.
foreach(processor cortex-a72 cortex-a76 max)
    set(emulator qemu-aarch64 ${octet_arm_${processor}} -L ${CMAKE_SYSROOT})
    if(NOT processor STREQUAL max)
        octet_tests_on(${processor} ${emulator})
    endif()
    octet_cases_on(${processor}
        "bench;build;detect;draw;export;inspect;missing;npy;sources;truncated;usage;wrong_kind" ${emulator})

    set(short)
    foreach(name IN LISTS octet_arm_short)
        octet_test(${name}_as_${processor} arm64 ${emulator} $<TARGET_FILE:${name}>)
        list(APPEND short ${name}_as_${processor})
    endforeach()
    octet_test(kernel_check_as_${processor} arm64 ${emulator} $<TARGET_FILE:kernel_check> --rounds 2)
    octet_test(cli_as_${processor} arm64 bash ${cli_runner} ${octet_on_${processor}} cpu doctor help)
    octet_test(same_as_${processor} arm64 bash ${CMAKE_CURRENT_SOURCE_DIR}/arm64/same.sh ${octet_on_${processor}}
               ${PROJECT_SOURCE_DIR})
    list(APPEND short kernel_check_as_${processor} cli_as_${processor} same_as_${processor})
    if(processor STREQUAL cortex-a76)
        set_property(TEST ${short} APPEND PROPERTY ENVIRONMENT ${octet_a76_sets})
    endif()
    set_property(TEST ${short} APPEND PROPERTY ENVIRONMENT OCTET_TEST_CASE_SECONDS=1200)
endforeach()

# What ./dev bench arm counts with.
octet_test(counts arm64 bash ${CMAKE_CURRENT_SOURCE_DIR}/arm64/counts.sh ${CMAKE_C_COMPILER} qemu-aarch64 -cpu max
           -L ${CMAKE_SYSROOT})
set_property(TEST counts APPEND PROPERTY ENVIRONMENT SYSROOT=${CMAKE_SYSROOT})
