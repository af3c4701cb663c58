# SPDX-License-Identifier: Apache-2.0
# Where octet watch puts its results: files, sockets, an MQTT broker, HTTP.
file(GLOB output_support CONFIGURE_DEPENDS outputs/output_*.c)
file(GLOB output_tests CONFIGURE_DEPENDS outputs/test_*.c)
foreach(file IN LISTS output_tests)
    get_filename_component(name ${file} NAME_WE)
    add_executable(${name} ${file} ${output_support})
    octet_test_target(${name})
    target_compile_definitions(${name} PRIVATE
        $<$<BOOL:${OCTET_LIBMOSQUITTO_FOUND}>:OCTET_HAS_MOSQUITTO>
        $<$<BOOL:${OCTET_LIBMICROHTTPD_FOUND}>:OCTET_HAS_MICROHTTPD>)
    target_link_directories(${name} PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
    target_link_libraries(${name} PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
    octet_test(${name} unit ${name})
endforeach()
