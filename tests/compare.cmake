# SPDX-License-Identifier: Apache-2.0
# What `octet compare` and `octet report` measure with.
add_executable(test_box_match compare/test_box_match.c)
octet_test_target(test_box_match)
target_link_directories(test_box_match PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
target_link_libraries(test_box_match PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
octet_test(test_box_match unit test_box_match)

add_executable(test_compare_state compare/test_compare_state.c)
octet_test_target(test_compare_state)
target_link_directories(test_compare_state PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
target_link_libraries(test_compare_state PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
octet_test(test_compare_state unit test_compare_state)

# It takes test_support, whose reader of NumPy files has the names of that in octet_tools.
octet_test_program(test_layer_noise compare/test_layer_noise.c
    ${PROJECT_SOURCE_DIR}/tools/insight/layer_noise.c ${PROJECT_SOURCE_DIR}/tools/app/allocate.c)
target_include_directories(test_layer_noise PRIVATE ${PROJECT_SOURCE_DIR}/tools)
octet_test(test_layer_noise unit test_layer_noise)
