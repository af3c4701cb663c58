# SPDX-License-Identifier: Apache-2.0
# What asks `octet serve` as Frigate does: for the command line's tests, where libzmq's headers are.
if(TARGET octet_program AND OCTET_LIBZMQ_FOUND)
    file(GLOB client_sources CONFIGURE_DEPENDS serve/*.c)
    octet_test_program(frigate_client ${client_sources})
    target_include_directories(frigate_client SYSTEM PRIVATE ${OCTET_LIBZMQ_INCLUDE_DIRS})
    target_link_directories(frigate_client PRIVATE ${OCTET_LIBZMQ_LIBRARY_DIRS})
    target_link_libraries(frigate_client PRIVATE ${OCTET_LIBZMQ_LIBRARIES})
endif()
