# SPDX-License-Identifier: Apache-2.0
# Tests of the GStreamer plug-in: elements in harnesses, and what gst-launch-1.0 and gst-inspect-1.0 make of it. Each has
# a registry of its own, and reads it in its own process: a sanitizer's libraries open in no other.
pkg_check_modules(OCTET_GST_CHECK QUIET gstreamer-check-1.0)

# octet_gstreamer_test(NAME COMMAND...)
function(octet_gstreamer_test name)
    octet_test(${name} unit ${ARGN})
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
        GST_PLUGIN_PATH=$<TARGET_FILE_DIR:octet_gstreamer> GST_REGISTRY_FORK=no
        GST_REGISTRY=${CMAKE_CURRENT_BINARY_DIR}/${name}.registry)
    if(OCTET_SANITIZE) # of the system's plug-ins, which keep memory, none is opened
        set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT GST_PLUGIN_SYSTEM_PATH_1_0=
            LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/gstreamer/leaks.txt:print_suppressions=0)
    endif()
endfunction()

if(OCTET_GST_CHECK_FOUND)
    file(GLOB sources CONFIGURE_DEPENDS gstreamer/test_*.c)
    foreach(file IN LISTS sources)
        get_filename_component(name ${file} NAME_WE)
        octet_test_program(${name} ${file} gstreamer/stream_support.c)
        add_dependencies(${name} octet_gstreamer)
        target_compile_definitions(${name} PRIVATE
            $<$<BOOL:${OCTET_GST_PANGO_FOUND}>:OCTET_HAS_PANGO>
            $<$<BOOL:${OCTET_GST_ANALYTICS_FOUND}>:OCTET_HAS_ANALYTICS>
            $<$<TARGET_EXISTS:octet_cuda>:OCTET_HAS_CUDA>)
        foreach(part OCTET_GST OCTET_GST_CHECK OCTET_GST_ANALYTICS)
            target_include_directories(${name} SYSTEM PRIVATE ${${part}_INCLUDE_DIRS})
            target_link_directories(${name} PRIVATE ${${part}_LIBRARY_DIRS})
            target_link_libraries(${name} PRIVATE ${${part}_LIBRARIES})
        endforeach()
        octet_gstreamer_test(${name} ${name})
    endforeach()
    # As if there were a GPU, which is the CPU.
    add_dependencies(test_octetdetect stand_in)
    set_property(TEST test_octetdetect APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${OCTET_STAND_IN})
else()
    message(STATUS "The GStreamer elements are not tested: no gstreamer-check-1.0")
endif()

if(TARGET octet_program AND NOT OCTET_SANITIZE)
    octet_gstreamer_test(gstreamer_launch bash ${CMAKE_CURRENT_SOURCE_DIR}/gstreamer/launch.sh
                         $<TARGET_FILE:octet_program> ${PROJECT_SOURCE_DIR})
endif()
