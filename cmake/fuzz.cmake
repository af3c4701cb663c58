# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/NAME.c -> build-fuzz/fuzz/NAME. Everything else has coverage for libFuzzer by way of OCTET_SANITIZE.
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "OCTET_BUILD_FUZZERS needs clang")
endif()
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*.c)
foreach(file IN LISTS fuzz_sources)
    get_filename_component(name ${file} NAME_WE)
    add_executable(fuzz_${name} ${file})
    set_target_properties(fuzz_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_include_directories(fuzz_${name} SYSTEM PRIVATE
        ${PROJECT_BINARY_DIR}/generated ${OCTET_PROTOBUF_INCLUDE_DIRS} ${OCTET_RUNTIME_INCLUDES})
    target_link_libraries(fuzz_${name} PRIVATE octet_tools)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endforeach()
