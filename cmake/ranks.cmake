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
octet_opened_library(octet_mpi octet-mpi ${ranks_sources})
target_include_directories(octet_mpi SYSTEM PRIVATE ${MPI_C_INCLUDE_DIRS})
target_link_libraries(octet_mpi PRIVATE ${MPI_C_LIBRARIES})
