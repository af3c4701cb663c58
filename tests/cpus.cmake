# SPDX-License-Identifier: Apache-2.0
# Tests of label cpus. NAME_as_SET runs as if on a processor with these sets and no others (support/cpu_mask.h), named
# for the highest; NAME_on_PROCESSOR runs under emulation.
set(octet_as_ref ref)                                 # x86-64 before 2013: Nehalem
set(octet_as_avx2 avx2)                               # Haswell, Zen to Zen 3
set(octet_as_avxvnni avx2,avxvnni)                    # Alder Lake
set(octet_as_avx512 avx2,avx512)                      # Skylake-SP
set(octet_as_avx512vnni avx2,avx512,avx512vnni)       # Cascade Lake, Ice Lake
set(octet_as_avx512bf16 avx2,avx512,avx512vnni,avx512bf16) # Zen 4
set(octet_as_amx avx2,avxvnni,avx512,avx512vnni,avx512bf16,amx) # Sapphire Rapids; emulated where it is absent
set(octet_as_neon neon)                               # Raspberry Pi 4
set(octet_as_fp16 neon,fp16)                          # Cortex-A75, Jetson Xavier
set(octet_as_dotprod neon,fp16,dotprod)               # Raspberry Pi 5, Jetson Orin
set(octet_as_i8mm neon,fp16,dotprod,i8mm)             # Graviton 3, Grace
set(octet_sets_x86 ref avx2 avxvnni avx512 avx512vnni avx512bf16 amx)
set(octet_sets_arm ref neon fp16 dotprod i8mm)
set(octet_sets ${octet_sets_${OCTET_KERNEL_FOLDER}})

# octet_test_as(SET NAME COMMAND...): skipped where the machine lacks a set.
function(octet_test_as set name)
    octet_test(${name}_as_${set} cpus ${ARGN})
    set_tests_properties(${name}_as_${set} PROPERTIES TIMEOUT 3600)
    set_property(TEST ${name}_as_${set} APPEND PROPERTY ENVIRONMENT OCTET_TEST_CPU=${octet_as_${set}})
    octet_environment_of(${name} ${name}_as_${set})
endfunction()

foreach(set IN LISTS octet_sets)
    foreach(name test_bf16 test_letterbox test_quantized test_backends test_cpu_backend test_session)
        octet_test_as(${set} ${name} ${name})
    endforeach()
    octet_test_as(${set} kernel_check kernel_check --rounds 20)
    if(TARGET octet_masked)
        octet_test_as(${set} cli bash ${cli_runner} $<TARGET_FILE:octet_masked> bench cpu doctor)
    endif()
endforeach()

# The long tier, for ctest -C cpus (./dev cpus): every unit test and the whole command line as if on each processor, and
# both under emulators of x86 processors that lack what this machine has, where a forbidden instruction ends the program.
foreach(set IN LISTS octet_sets)
    foreach(name IN LISTS octet_unit_tests)
        if(NOT TEST ${name}_as_${set})
            octet_test_as(${set} ${name} ${name} CONFIGURATIONS cpus)
        endif()
    endforeach()
    if(TARGET octet_masked)
        octet_test_as(${set} whole_cli bash ${cli_runner} $<TARGET_FILE:octet_masked> CONFIGURATIONS cpus)
    endif()
endforeach()

if(NOT OCTET_KERNEL_FOLDER STREQUAL x86)
    return()
endif()
include(emulated.cmake)
foreach(processor Nehalem Haswell EPYC)
    set(emulator qemu-x86_64 -cpu ${processor},check=off)
    octet_tests_on(${processor} ${emulator})
    if(TARGET octet_program)
        octet_cases_on(${processor} "bench;build;cpu;doctor;draw;export;help;inspect;missing;npy;sources;truncated;usage;wrong_kind"
                       ${emulator})
    endif()
endforeach()
