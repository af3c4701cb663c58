# SPDX-License-Identifier: Apache-2.0
# What `octet watch` is made of.
foreach(name test_watch_schedule test_watch_zones)
    add_executable(${name} watch/${name}.c)
    octet_test_target(${name})
    target_link_directories(${name} PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
    target_link_libraries(${name} PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
    octet_test(${name} unit ${name})
endforeach()
