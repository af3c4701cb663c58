# SPDX-License-Identifier: Apache-2.0
# The report's page: its markup, and what a browser makes of it.
foreach(name test_report_page test_report_judge test_layer_name)
    add_executable(${name} report/${name}.c)
    octet_test_target(${name})
    target_link_directories(${name} PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
    target_link_libraries(${name} PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
    octet_test(${name} unit ${name})
endforeach()

if(TARGET octet_program AND NOT CMAKE_CROSSCOMPILING)
    octet_test(report_page cli bash ${CMAKE_CURRENT_SOURCE_DIR}/report/page.sh $<TARGET_FILE:octet_program>)
endif()
