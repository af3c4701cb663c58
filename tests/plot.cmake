# SPDX-License-Identifier: Apache-2.0
# Charts.
add_executable(test_plot plot/test_plot.c plot/xml_reader.c)
octet_test_target(test_plot)
target_include_directories(test_plot PRIVATE ${PROJECT_SOURCE_DIR}/tests/plot)
target_link_directories(test_plot PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
target_link_libraries(test_plot PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
octet_test(test_plot unit test_plot)
