# SPDX-License-Identifier: Apache-2.0
# Films and cameras: liboctet-video.so.0, where GStreamer is. The program opens it with the first film.
set(OCTET_VIDEO AUTO CACHE STRING "Build liboctet-video: ON, OFF, or AUTO (where GStreamer's headers are)")

pkg_check_modules(OCTET_GSTREAMER QUIET gstreamer-1.0>=1.20 gstreamer-app-1.0 gstreamer-video-1.0 gstreamer-pbutils-1.0)
if(OCTET_VIDEO STREQUAL "ON" AND NOT OCTET_GSTREAMER_FOUND)
    message(FATAL_ERROR "GStreamer 1.20 or newer not found: OCTET_VIDEO=ON needs "
                        "libgstreamer1.0-dev and libgstreamer-plugins-base1.0-dev")
endif()
if(NOT OCTET_VIDEO OR NOT OCTET_GSTREAMER_FOUND)
    message(STATUS "The library for films is not built (libgstreamer1.0-dev, libgstreamer-plugins-base1.0-dev)")
    return()
endif()
message(STATUS "The library for films: GStreamer ${OCTET_GSTREAMER_gstreamer-1.0_VERSION}")

file(GLOB video_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/video/gstreamer/*.c)
octet_opened_library(octet_video octet-video ${video_sources})
# Warns of what is newer in GLib than Ubuntu 22.04's; tests/check/since.sh holds the same of GStreamer.
target_compile_definitions(octet_video PRIVATE
    GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_68 GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_68)
target_include_directories(octet_video SYSTEM PRIVATE ${OCTET_GSTREAMER_INCLUDE_DIRS})
target_link_directories(octet_video PRIVATE ${OCTET_GSTREAMER_LIBRARY_DIRS})
target_link_libraries(octet_video PRIVATE ${OCTET_GSTREAMER_LIBRARIES} m)
