# SPDX-License-Identifier: Apache-2.0
# The report's page.
add_executable(test_report_page report/test_report_page.c)
octet_test_target(test_report_page)
target_link_directories(test_report_page PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
target_link_libraries(test_report_page PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
octet_test(test_report_page unit test_report_page)
