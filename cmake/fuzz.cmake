# SPDX-License-Identifier: Apache-2.0
# octet_fuzzer(FILE NAME): tests/fuzz/NAME.c as a program, built below for libFuzzer, by tests/ as a test over its seeds.
function(octet_fuzzer file name)
    add_executable(${name} ${file})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_include_directories(${name} SYSTEM PRIVATE
        ${PROJECT_BINARY_DIR}/generated ${OCTET_PROTOBUF_INCLUDE_DIRS} ${OCTET_RUNTIME_INCLUDES})
    target_link_libraries(${name} PRIVATE octet_tools)
endfunction()

# Everything else has coverage for libFuzzer by way of OCTET_SANITIZE.
if(OCTET_BUILD_FUZZERS)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "OCTET_BUILD_FUZZERS needs clang")
    endif()
    file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*.c)
    foreach(file IN LISTS fuzz_sources)
        get_filename_component(name ${file} NAME_WE)
        octet_fuzzer(${file} ${name})
        set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
endif()
