# SPDX-License-Identifier: Apache-2.0
# Films: what the program does with them, and liboctet-video, where it is built.
foreach(name test_film_text test_film_reader)
    add_executable(${name} video/${name}.c)
    octet_test_target(${name})
    target_link_directories(${name} PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
    target_link_libraries(${name} PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
    octet_test(${name} unit ${name})
endforeach()
if(TARGET octet_video)
    add_dependencies(test_film_reader octet_video)
    set_property(TEST test_film_reader APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${PROJECT_BINARY_DIR})
endif()
