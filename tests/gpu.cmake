# SPDX-License-Identifier: Apache-2.0
# The CUDA backend without a GPU: stand-ins for NVIDIA's libraries, each in a folder of its own under its name, and
# what the tests in unit/runtime/backend/cuda/ need beside them.
function(octet_stand_in_of library name folder)
    add_library(${name} MODULE ${ARGN})
    set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${folder})
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -E create_symlink ${name}.so ${folder}/${library})
    octet_test_target(${name})
    # Optimised as kernels are: it does a GPU's work.
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
    # A program that has loaded it finds it by the library's name.
    target_link_options(${name} PRIVATE -Wl,-soname,${library})
    target_link_libraries(${name} PRIVATE m Threads::Threads)
endfunction()

set(OCTET_STAND_IN_DRIVER ${CMAKE_CURRENT_BINARY_DIR}/gpu)
file(GLOB driver_sources CONFIGURE_DEPENDS gpu/driver/*.c)
set(old_driver ${CMAKE_CURRENT_SOURCE_DIR}/gpu/driver/old_driver.c)
list(REMOVE_ITEM driver_sources ${old_driver})
octet_stand_in_of(libcuda.so.1 stand_in_driver ${OCTET_STAND_IN_DRIVER} ${driver_sources})
octet_stand_in_of(libcuda.so.1 stand_in_driver_old ${OCTET_STAND_IN_DRIVER}/old ${old_driver})

# NVML, and one that lacks most of it.
set(OCTET_STAND_IN_NVML ${CMAKE_CURRENT_BINARY_DIR}/nvml)
set(nvml_source ${CMAKE_CURRENT_SOURCE_DIR}/gpu/nvml/nvml_calls.c)
octet_stand_in_of(libnvidia-ml.so.1 stand_in_nvml ${OCTET_STAND_IN_NVML} ${nvml_source})
octet_stand_in_of(libnvidia-ml.so.1 stand_in_nvml_few ${OCTET_STAND_IN_NVML}/few ${nvml_source})
target_compile_definitions(stand_in_nvml_few PRIVATE STAND_IN_NVML_FEW)

file(GLOB gpu_support_sources CONFIGURE_DEPENDS gpu/support/*.c)
set(stand_in_modules ${CMAKE_CURRENT_SOURCE_DIR}/gpu/support/stand_in_modules.c)
list(REMOVE_ITEM gpu_support_sources ${stand_in_modules})
add_library(test_gpu_support OBJECT ${gpu_support_sources})
octet_test_target(test_gpu_support)
add_library(test_gpu_modules OBJECT ${stand_in_modules})
octet_test_target(test_gpu_modules)
target_compile_definitions(test_gpu_support PRIVATE OCTET_STAND_IN_DRIVER="${OCTET_STAND_IN_DRIVER}")

# octet_gpu_test(NAME): what a test of the backend has beside other tests.
function(octet_gpu_test name)
    target_link_libraries(${name} PRIVATE test_gpu_support test_gpu_modules ${CMAKE_DL_LIBS})
    target_compile_definitions(${name} PRIVATE OCTET_STAND_IN_NVML="${OCTET_STAND_IN_NVML}")
    add_dependencies(${name} stand_in_driver stand_in_driver_old stand_in_nvml stand_in_nvml_few)
endfunction()

# octet_gpu_program(NAME SOURCE): for machines with a GPU, where ./dev gpu runs it; the whole of the backend is in it.
function(octet_gpu_program name source)
    octet_test_program(${name} gpu/${source})
    target_link_libraries(${name} PRIVATE test_cuda)
endfunction()

# On engine files, by the public headers; gpu_check looks at the network's input, too.
foreach(name gpu_check gpu_stress)
    add_executable(${name} gpu/${name}.c)
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE octet_static octet_flags m ${CMAKE_DL_LIBS} Threads::Threads)
    target_link_directories(${name} PRIVATE ${OCTET_LIBRARY_DIRS})
endforeach()
target_sources(gpu_check PRIVATE gpu/frame_check.c)
target_include_directories(gpu_check PRIVATE ${OCTET_SOURCE})
octet_test_program(trial_engine gpu/trial_engine.c)

# They as well without a GPU: the CUDA half, whose kernels the stand-in knows, in the stand-in's folder.
add_library(stand_in_cuda MODULE $<TARGET_OBJECTS:octet_cuda_objects> $<TARGET_OBJECTS:test_gpu_modules>
            ${OCTET_SOURCE}/runtime/backend/cuda/cuda_entry.c)
set_target_properties(stand_in_cuda PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${OCTET_STAND_IN_DRIVER})
add_custom_command(TARGET stand_in_cuda POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E create_symlink stand_in_cuda.so ${OCTET_STAND_IN_DRIVER}/liboctet-cuda.so.0)
target_include_directories(stand_in_cuda PRIVATE ${PROJECT_SOURCE_DIR}/include ${OCTET_SOURCE})
target_compile_definitions(stand_in_cuda PRIVATE OCTET_VERSION="${PROJECT_VERSION}")
target_link_options(stand_in_cuda PRIVATE -Wl,--exclude-libs,ALL)
target_link_libraries(stand_in_cuda PRIVATE octet_runtime_static octet_flags)
if(TARGET octet_program AND NOT CMAKE_CROSSCOMPILING)
    octet_test(gpu_programs unit bash ${CMAKE_CURRENT_SOURCE_DIR}/gpu/stand_in.sh ${PROJECT_BINARY_DIR}
               ${PROJECT_SOURCE_DIR})
    set_property(TEST gpu_programs APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${OCTET_STAND_IN_DRIVER})
endif()

# Random cases, with the library's own kernels, and over the stand-in of the driver.
if(TARGET octet_cuda_modules)
    octet_gpu_program(gpu_random gpu_random.c)
    target_link_libraries(gpu_random PRIVATE test_gpu_support octet_cuda_modules ${CMAKE_DL_LIBS})
endif()
octet_gpu_program(gpu_random_stand_in gpu_random.c)
octet_gpu_test(gpu_random_stand_in)
set(networks 12)
if(OCTET_SANITIZE OR CMAKE_CROSSCOMPILING) # which see them in test_gpu_networks
    set(networks 0)
endif()
octet_test(gpu_random unit gpu_random_stand_in 1 1 ${networks})
set_property(TEST gpu_random APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${OCTET_STAND_IN_DRIVER})
