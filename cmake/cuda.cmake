# SPDX-License-Identifier: Apache-2.0
# The CUDA backend: liboctet-cuda.so.0, where nvcc is. Its C needs no CUDA and is always compiled, for the tests; the
# kernels become one "fat binary" a .cu file, machine code for every GPU that nvcc knows of those below, which lies in
# the library as data.
set(OCTET_CUDA AUTO CACHE STRING "Build liboctet-cuda: ON, OFF, or AUTO (where nvcc is)")
set(OCTET_CUDA_ARCHITECTURES "80;86;87;89;90;100;120" CACHE STRING
    "Compute capabilities that kernels are compiled for; newer GPUs compile the lowest's PTX when they load them")

file(GLOB cuda_sources CONFIGURE_DEPENDS ${OCTET_SOURCE}/runtime/backend/cuda/*.c)
set(cuda_entry ${OCTET_SOURCE}/runtime/backend/cuda/cuda_entry.c)
list(REMOVE_ITEM cuda_sources ${cuda_entry})
octet_objects(octet_cuda_objects ${cuda_sources})

set(octet_nvcc_hints ENV CUDA_HOME ENV CUDA_PATH)
find_program(OCTET_NVCC nvcc HINTS ${octet_nvcc_hints} PATHS /usr/local/cuda PATH_SUFFIXES bin)
if(OCTET_CUDA STREQUAL "ON" AND NOT OCTET_NVCC)
    message(FATAL_ERROR "nvcc not found: OCTET_CUDA=ON needs the CUDA toolkit, 11.8 or newer")
endif()
if(NOT OCTET_CUDA OR NOT OCTET_NVCC OR OCTET_SANITIZE)
    message(STATUS "The CUDA library is not built")
    return()
endif()

execute_process(COMMAND ${OCTET_NVCC} --list-gpu-code OUTPUT_VARIABLE known_codes ERROR_QUIET)
execute_process(COMMAND ${OCTET_NVCC} --version OUTPUT_VARIABLE version_text)
string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" version_text "${version_text}")
set(nvcc_version ${CMAKE_MATCH_1})
set(nvcc_flags -std=c++14 -O3 -fmad=false -I${OCTET_SOURCE} -Werror all-warnings)
if(nvcc_version VERSION_GREATER_EQUAL 12.9)
    list(APPEND nvcc_flags --compress-mode=size)
endif()
set(cuda_codes "")
foreach(code IN LISTS OCTET_CUDA_ARCHITECTURES)
    if("\n${known_codes}\n" MATCHES "\nsm_${code}\n")
        list(APPEND cuda_codes ${code})
        list(APPEND nvcc_flags -gencode arch=compute_${code},code=sm_${code})
    endif()
endforeach()
list(GET cuda_codes 0 lowest)
list(APPEND nvcc_flags -gencode arch=compute_${lowest},code=compute_${lowest})
message(STATUS "The CUDA library: nvcc ${nvcc_version}, compute capabilities ${cuda_codes}")

# One fat binary a file, and C that has them as data.
file(GLOB kernel_files CONFIGURE_DEPENDS ${OCTET_SOURCE}/runtime/backend/cuda/kernels/*.cu)
file(GLOB kernel_headers CONFIGURE_DEPENDS ${OCTET_SOURCE}/runtime/backend/cuda/kernels/*.h
     ${OCTET_SOURCE}/runtime/backend/cuda/kernels/*.cuh)
set(cuda_folder ${PROJECT_BINARY_DIR}/cuda)
file(MAKE_DIRECTORY ${cuda_folder})
set(fat_binaries "")
set(embedded "/* Written by cmake/cuda.cmake. */\n#include \"runtime/backend/cuda/gpu_device.h\"\n\n")
set(rows "")
foreach(file IN LISTS kernel_files)
    get_filename_component(name ${file} NAME_WE)
    set(binary ${cuda_folder}/${name}.fatbin)
    add_custom_command(
        OUTPUT ${binary}
        COMMAND ${OCTET_NVCC} ${nvcc_flags} -fatbin ${file} -o ${binary}
        DEPENDS ${file} ${kernel_headers} ${OCTET_SOURCE}/network/activations.h ${OCTET_SOURCE}/network/silu_table.h
                ${OCTET_SOURCE}/network/softmax.h ${OCTET_SOURCE}/runtime/image/yuv.h
        COMMENT "nvcc ${name}.cu" VERBATIM)
    list(APPEND fat_binaries ${binary})
    string(APPEND embedded
        "__asm__(\".section .rodata\\n.balign 16\\noct_gpu_image_${name}:\\n\"\n"
        "        \".incbin \\\"${binary}\\\"\\n.previous\");\n"
        "extern const char oct_gpu_image_${name}[];\n")
    string(APPEND rows "    {\"${name}\", oct_gpu_image_${name}},\n")
endforeach()
string(APPEND embedded "\nstatic const struct oct_gpu_module modules[] = {\n${rows}};\n\n"
    "const struct oct_gpu_module *oct_gpu_modules(int *count)\n{\n"
    "    *count = (int)(sizeof modules / sizeof *modules);\n    return modules;\n}\n")
file(GENERATE OUTPUT ${cuda_folder}/embedded_modules.c CONTENT "${embedded}")
set_source_files_properties(${cuda_folder}/embedded_modules.c PROPERTIES
    OBJECT_DEPENDS "${fat_binaries}" COMPILE_OPTIONS -fno-lto)

octet_objects(octet_cuda_modules ${cuda_folder}/embedded_modules.c)

add_library(octet_cuda SHARED $<TARGET_OBJECTS:octet_cuda_objects> ${cuda_entry}
            $<TARGET_OBJECTS:octet_cuda_modules>)
set_target_properties(octet_cuda PROPERTIES OUTPUT_NAME octet-cuda
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(octet_cuda PRIVATE ${PROJECT_SOURCE_DIR}/include ${OCTET_SOURCE})
target_compile_definitions(octet_cuda PRIVATE OCTET_VERSION="${PROJECT_VERSION}")
target_link_directories(octet_cuda PRIVATE ${OCTET_LIBRARY_DIRS})
target_link_libraries(octet_cuda PRIVATE octet_runtime_static octet_flags)
# What it shares with the runtime it has once more, unseen: it exports one name.
target_link_options(octet_cuda PRIVATE -Wl,--exclude-libs,ALL -Wl,-z,defs -Wl,--gc-sections)
