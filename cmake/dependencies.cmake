# SPDX-License-Identifier: Apache-2.0
# What octet links. docs/dependencies.md says why each one is there.
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

function(octet_find_module prefix name)
    pkg_check_modules(${prefix} QUIET ${name})
    if(NOT ${prefix}_FOUND)
        message(FATAL_ERROR "${name} not found (./dev install-deps installs what octet needs)")
    endif()
    message(STATUS "Found ${name} ${${prefix}_VERSION}")
    set(${prefix}_MODULE ${name} PARENT_SCOPE)
    foreach(part LIBRARIES LIBRARY_DIRS INCLUDE_DIRS)
        set(${prefix}_${part} "${${prefix}_${part}}" PARENT_SCOPE)
    endforeach()
endfunction()

octet_find_module(OCTET_JPEG libjpeg)
octet_find_module(OCTET_PNG libpng)
octet_find_module(OCTET_WEBP libwebp)
if(OCTET_TIFF) # its headers: it is opened at run time
    octet_find_module(OCTET_LIBTIFF libtiff-4)
endif()

# Libraries are named (jpeg), not given as paths, so that what is installed holds no path of the building machine.
set(OCTET_RUNTIME_MODULES
    ${OCTET_JPEG_MODULE} ${OCTET_PNG_MODULE} ${OCTET_WEBP_MODULE})
set(OCTET_RUNTIME_LIBRARIES
    ${OCTET_JPEG_LIBRARIES} ${OCTET_PNG_LIBRARIES} ${OCTET_WEBP_LIBRARIES} m ${CMAKE_DL_LIBS})
set(OCTET_RUNTIME_INCLUDES
    ${OCTET_JPEG_INCLUDE_DIRS} ${OCTET_PNG_INCLUDE_DIRS} ${OCTET_WEBP_INCLUDE_DIRS} ${OCTET_LIBTIFF_INCLUDE_DIRS})
set(OCTET_LIBRARY_DIRS
    ${OCTET_JPEG_LIBRARY_DIRS} ${OCTET_PNG_LIBRARY_DIRS} ${OCTET_WEBP_LIBRARY_DIRS})

if(OCTET_BUILD_COMPILER)
    octet_find_module(OCTET_PROTOBUF libprotobuf-c)
    find_program(OCTET_PROTOC protoc-c)
    if(NOT OCTET_PROTOC)
        message(FATAL_ERROR "protoc-c not found (./dev install-deps installs what octet needs)")
    endif()
    list(APPEND OCTET_LIBRARY_DIRS ${OCTET_PROTOBUF_LIBRARY_DIRS})
    if(OCTET_ONEDNN) # its headers: it is opened when something is trained
        include(CheckCSourceCompiles)
        check_c_source_compiles("#include <oneapi/dnnl/dnnl.h>
            #if DNNL_VERSION_MAJOR != 2
            #error
            #endif
            int main(void) { return 0; }" OCTET_ONEDNN_FOUND)
        if(NOT OCTET_ONEDNN_FOUND)
            message(STATUS "oneDNN 2 not found: octet tune will say so (libdnnl-dev has its headers)")
        endif()
    endif()
endif()
list(REMOVE_DUPLICATES OCTET_LIBRARY_DIRS)
list(REMOVE_ITEM OCTET_LIBRARY_DIRS "")

if(OCTET_BUILD_TOOLS)
    octet_find_module(OCTET_CAIRO cairo)
    octet_find_module(OCTET_PANGO pangocairo) # headers; the library is opened when text is drawn
    octet_find_module(OCTET_FYAML libfyaml)
    # octet_find_opened(PREFIX MODULE PACKAGE USE): headers, where they are, of a library that is opened when it is used.
    function(octet_find_opened prefix name package use)
        pkg_check_modules(${prefix} QUIET ${name})
        if(${prefix}_FOUND)
            message(STATUS "Found ${name} ${${prefix}_VERSION}")
        else()
            message(STATUS "${name} not found: ${use} will say so (${package} has its headers)")
        endif()
    endfunction()
    if(OCTET_ZEROMQ)
        octet_find_opened(OCTET_LIBZMQ libzmq libzmq3-dev "octet serve")
    endif()
    if(OCTET_MQTT)
        octet_find_opened(OCTET_LIBMOSQUITTO libmosquitto libmosquitto-dev "MQTT")
    endif()
    if(OCTET_HTTP)
        octet_find_opened(OCTET_LIBMICROHTTPD libmicrohttpd libmicrohttpd-dev "the HTTP server")
    endif()
endif()
if(OCTET_BUILD_TOOLS OR (OCTET_BUILD_TESTS AND OCTET_BUILD_COMPILER))
    octet_find_module(OCTET_JANSSON jansson)
endif()
if(OCTET_BUILD_TESTS AND OCTET_BUILD_COMPILER)
    octet_find_module(OCTET_CMOCKA cmocka)
    octet_find_module(OCTET_ZLIB zlib)
endif()
