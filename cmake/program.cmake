# SPDX-License-Identifier: Apache-2.0
# The command line: tools/, linked with the static library so that build/octet runs anywhere in the build tree.
file(GLOB_RECURSE tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*.c)
list(REMOVE_ITEM tool_sources ${PROJECT_SOURCE_DIR}/tools/main.c)
list(FILTER tool_sources EXCLUDE REGEX "/tools/video/gstreamer/") # a library of its own: video.cmake
list(FILTER tool_sources EXCLUDE REGEX "/tools/ranks/mpi/") # a library of its own: ranks.cmake

# All but main(), which the fuzzers bring themselves.
add_library(octet_tools OBJECT ${tool_sources})
target_compile_definitions(octet_tools PRIVATE OCTET_VERSION="${PROJECT_VERSION}")
target_include_directories(octet_tools PUBLIC ${PROJECT_SOURCE_DIR}/tools)
target_include_directories(octet_tools SYSTEM PUBLIC
    ${OCTET_CAIRO_INCLUDE_DIRS} ${OCTET_PANGO_INCLUDE_DIRS} ${OCTET_FYAML_INCLUDE_DIRS} ${OCTET_JANSSON_INCLUDE_DIRS})
target_link_directories(octet_tools PUBLIC
    ${OCTET_CAIRO_LIBRARY_DIRS} ${OCTET_FYAML_LIBRARY_DIRS} ${OCTET_JANSSON_LIBRARY_DIRS})
target_link_libraries(octet_tools PUBLIC octet_static octet_flags
    ${OCTET_CAIRO_LIBRARIES} ${OCTET_FYAML_LIBRARIES} ${OCTET_JANSSON_LIBRARIES} m ${CMAKE_DL_LIBS})

# What the program is told of libraries that it opens when they are used.
foreach(pair LIBZMQ=ZEROMQ LIBMOSQUITTO=MOSQUITTO LIBMICROHTTPD=MICROHTTPD)
    string(REGEX MATCH "^(.*)=(.*)$" pair ${pair})
    if(OCTET_${CMAKE_MATCH_1}_FOUND)
        target_compile_definitions(octet_tools PRIVATE OCTET_HAS_${CMAKE_MATCH_2})
        target_include_directories(octet_tools SYSTEM PRIVATE ${OCTET_${CMAKE_MATCH_1}_INCLUDE_DIRS})
    endif()
endforeach()

# octet_command_line(NAME): a program of the tools.
function(octet_command_line name)
    add_executable(${name} ${PROJECT_SOURCE_DIR}/tools/main.c)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME octet)
    target_link_libraries(${name} PRIVATE octet_tools)
endfunction()

octet_command_line(octet_program)

# octet_opened_library(TARGET NAME SOURCES...): lib<NAME>.so.0, which the program opens when it is asked for; what runs from
# the build folder finds it beside itself.
function(octet_opened_library target name)
    add_library(${target} SHARED ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    target_compile_definitions(${target} PRIVATE OCTET_VERSION="${PROJECT_VERSION}")
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(${target} PRIVATE octet_flags)
    if(NOT OCTET_SANITIZE)
        target_link_options(${target} PRIVATE -Wl,-z,defs)
    endif()
    add_dependencies(octet_program ${target})
endfunction()

# Installed, it finds the libraries that it opens when asked (CUDA, films) beside the other libraries.
set_target_properties(octet_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")

# What the report's page is made of travels in the program.
set(report_assets report_css=${PROJECT_SOURCE_DIR}/tools/report/report.css report_js=${PROJECT_SOURCE_DIR}/tools/report/report.js)
set(report_header ${PROJECT_BINARY_DIR}/generated/report/report_assets.h)
add_custom_command(OUTPUT ${report_header}
    COMMAND ${CMAKE_COMMAND} -DHEADER=${report_header} "-DFILES=${report_assets}" -P ${PROJECT_SOURCE_DIR}/cmake/assets.cmake
    DEPENDS ${PROJECT_SOURCE_DIR}/tools/report/report.css ${PROJECT_SOURCE_DIR}/tools/report/report.js
            ${PROJECT_SOURCE_DIR}/cmake/assets.cmake
    VERBATIM)
target_sources(octet_tools PRIVATE ${report_header})
target_include_directories(octet_tools SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/generated)
