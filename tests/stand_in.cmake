# SPDX-License-Identifier: Apache-2.0
# Stand-ins for the library of the CUDA backend, each in a folder of its own, where LD_LIBRARY_PATH or a program's search
# path finds it: one that works, and one for each reason to refuse it.
function(octet_stand_in name folder)
    add_library(${name} MODULE ${CMAKE_CURRENT_SOURCE_DIR}/stand_in/stand_in.c)
    set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${folder})
    # Under its name by a link: two rules that make a liboctet-cuda.so.0 are one too many for ninja.
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -E create_symlink ${name}.so ${folder}/liboctet-cuda.so.0)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${OCTET_SOURCE})
    target_compile_definitions(${name} PRIVATE OCTET_VERSION="${PROJECT_VERSION}" ${ARGN})
    # Its copy of the runtime is its own.
    target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL)
    target_link_libraries(${name} PRIVATE octet_runtime_static octet_flags)
endfunction()

set(OCTET_STAND_IN ${CMAKE_CURRENT_BINARY_DIR}/stand_in)
octet_stand_in(stand_in ${OCTET_STAND_IN})
octet_stand_in(stand_in_layout ${OCTET_STAND_IN}/layout STAND_IN_LAYOUT=1)
octet_stand_in(stand_in_version ${OCTET_STAND_IN}/version STAND_IN_VERSION="0.0.1")
octet_stand_in(stand_in_symbol ${OCTET_STAND_IN}/symbol STAND_IN_SYMBOL=other_library)
octet_stand_in(stand_in_no_gpu ${OCTET_STAND_IN}/no_gpu STAND_IN_WITHOUT_GPU)
