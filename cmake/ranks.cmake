# SPDX-License-Identifier: Apache-2.0
# Ranks of one calibration: liboctet-mpi.so.0, on request. The program opens it for --mpi.
option(OCTET_MPI "Build liboctet-mpi, for octet calibrate --mpi (libopenmpi-dev)" OFF)
if(NOT OCTET_MPI)
    return()
endif()
# not pkg-config's name: Open MPI 4's is ompi-c, and other MPIs have others
find_package(MPI REQUIRED COMPONENTS C)
message(STATUS "The library for ranks: MPI ${MPI_C_VERSION}")

file(GLOB ranks_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/ranks/mpi/*.c)
add_library(octet_mpi SHARED ${ranks_sources})
set_target_properties(octet_mpi PROPERTIES OUTPUT_NAME octet-mpi
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_compile_definitions(octet_mpi PRIVATE OCTET_VERSION="${PROJECT_VERSION}")
target_include_directories(octet_mpi PRIVATE ${PROJECT_SOURCE_DIR}/tools)
target_include_directories(octet_mpi SYSTEM PRIVATE ${MPI_C_INCLUDE_DIRS})
target_link_libraries(octet_mpi PRIVATE octet_flags ${MPI_C_LIBRARIES})
if(NOT OCTET_SANITIZE)
    target_link_options(octet_mpi PRIVATE -Wl,-z,defs)
endif()
# What runs from the build folder finds it beside itself.
add_dependencies(octet_program octet_mpi)
