# SPDX-License-Identifier: Apache-2.0
# The GStreamer plug-in, libgstoctet.so, where GStreamer's headers are: a user of liboctet-runtime like any other.
#   pangocairo            labels; without it octetoverlay draws boxes alone
#   gstreamer-analytics   GstAnalyticsRelationMeta, from GStreamer 1.24 on
set(OCTET_GSTREAMER AUTO CACHE STRING "Build the GStreamer plug-in: ON, OFF, or AUTO (where GStreamer 1.20 or newer is)")

if(NOT OCTET_GSTREAMER)
    message(STATUS "The GStreamer plug-in is not built")
    return()
endif()
pkg_check_modules(OCTET_GST QUIET gstreamer-1.0>=1.20 gstreamer-base-1.0 gstreamer-video-1.0)
if(NOT OCTET_GST_FOUND)
    if(OCTET_GSTREAMER STREQUAL "ON")
        message(FATAL_ERROR "gstreamer-video-1.0 not found: OCTET_GSTREAMER=ON needs GStreamer 1.20 or newer")
    endif()
    message(STATUS "The GStreamer plug-in is not built: no gstreamer-video-1.0 of 1.20 or newer")
    return()
endif()
pkg_check_modules(OCTET_GST_PANGO QUIET pangocairo)
pkg_check_modules(OCTET_GST_ANALYTICS QUIET gstreamer-analytics-1.0>=1.24)

set(gstreamer_parts "GStreamer ${OCTET_GST_gstreamer-1.0_VERSION}")
foreach(part PANGO ANALYTICS)
    string(TOLOWER ${part} word)
    if(OCTET_GST_${part}_FOUND)
        list(APPEND gstreamer_parts "with ${word}")
    else()
        list(APPEND gstreamer_parts "without ${word}")
    endif()
endforeach()
list(JOIN gstreamer_parts ", " gstreamer_parts)
message(STATUS "The GStreamer plug-in: ${gstreamer_parts}")

file(GLOB gstreamer_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/gstreamer/*.c)
add_library(octet_gstreamer MODULE ${gstreamer_sources})
# In a folder of its own, which GST_PLUGIN_PATH can name; installed, it finds the runtime one folder above.
set_target_properties(octet_gstreamer PROPERTIES OUTPUT_NAME gstoctet
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/gstreamer INSTALL_RPATH "$ORIGIN/..")
target_compile_definitions(octet_gstreamer PRIVATE OCTET_VERSION="${PROJECT_VERSION}"
    GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_68 GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_68
    $<$<BOOL:${OCTET_GST_PANGO_FOUND}>:OCTET_HAS_PANGO>
    $<$<BOOL:${OCTET_GST_ANALYTICS_FOUND}>:OCTET_HAS_ANALYTICS>)
target_include_directories(octet_gstreamer PRIVATE ${PROJECT_SOURCE_DIR}/gstreamer)
# GStreamer's messages name source files: by their paths from here.
target_compile_options(octet_gstreamer PRIVATE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
foreach(part OCTET_GST OCTET_GST_PANGO OCTET_GST_ANALYTICS)
    target_include_directories(octet_gstreamer SYSTEM PRIVATE ${${part}_INCLUDE_DIRS})
    target_link_directories(octet_gstreamer PRIVATE ${${part}_LIBRARY_DIRS})
    target_link_libraries(octet_gstreamer PRIVATE ${${part}_LIBRARIES})
endforeach()
target_link_libraries(octet_gstreamer PRIVATE octet_runtime octet_flags m)
if(NOT OCTET_SANITIZE)
    target_link_options(octet_gstreamer PRIVATE -Wl,-z,defs)
endif()
