# SPDX-License-Identifier: Apache-2.0
# Films: what the program does with them, and liboctet-video, where it is built.
set(film_tests test_film_text test_film_reader test_film_writer)
if(TARGET octet_video)
    list(APPEND film_tests test_frame_memory)
endif()
foreach(name IN LISTS film_tests)
    add_executable(${name} video/${name}.c video/film_run.c)
    octet_test_target(${name})
    target_link_directories(${name} PRIVATE ${OCTET_CMOCKA_LIBRARY_DIRS})
    target_link_libraries(${name} PRIVATE octet_tools ${OCTET_CMOCKA_LIBRARIES} m)
    octet_test(${name} unit ${name})
    if(TARGET octet_video)
        add_dependencies(${name} octet_video)
        set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${PROJECT_BINARY_DIR})
    endif()
    if(OCTET_SANITIZE) # GStreamer's plug-ins keep memory
        set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
            ASAN_OPTIONS=allocator_may_return_null=1:fast_unwind_on_malloc=0
            LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/video/leaks.txt:print_suppressions=0)
    endif()
endforeach()

if(TARGET octet_video)
    target_include_directories(test_frame_memory SYSTEM PRIVATE ${OCTET_GSTREAMER_INCLUDE_DIRS})
    target_link_directories(test_frame_memory PRIVATE ${OCTET_GSTREAMER_LIBRARY_DIRS})
    target_link_libraries(test_frame_memory PRIVATE ${OCTET_GSTREAMER_LIBRARIES})

    # A camera for the command line's tests, where the headers of GStreamer's RTSP server are.
    pkg_check_modules(OCTET_RTSP_SERVER QUIET gstreamer-rtsp-server-1.0 gstreamer-app-1.0)
    if(OCTET_RTSP_SERVER_FOUND)
        add_executable(rtsp_server video/rtsp_server.c)
        target_include_directories(rtsp_server SYSTEM PRIVATE ${OCTET_RTSP_SERVER_INCLUDE_DIRS})
        target_link_directories(rtsp_server PRIVATE ${OCTET_RTSP_SERVER_LIBRARY_DIRS})
        target_link_libraries(rtsp_server PRIVATE octet_flags ${OCTET_RTSP_SERVER_LIBRARIES})
    else()
        message(STATUS "Cameras are not tested over RTSP: no libgstrtspserver-1.0-dev")
    endif()
endif()
