# SPDX-License-Identifier: Apache-2.0
# The two libraries: liboctet-runtime (what a device needs) and liboctet (everything).
#   octet_runtime, octet_runtime_static    base, runtime, the API of the runtime half
#   octet, octet_static                    these and compiler, evaluate, the rest of the API

set(OCTET_SOURCE ${PROJECT_SOURCE_DIR}/src)
# src/api has one file per public header, api_NAME.c (or api_NAME_*.c); these headers are the runtime half.
set(OCTET_RUNTIME_API status context file image engine session machine)

file(GLOB_RECURSE runtime_sources CONFIGURE_DEPENDS
     ${OCTET_SOURCE}/base/*.c ${OCTET_SOURCE}/network/*.c ${OCTET_SOURCE}/runtime/*.c)
list(FILTER runtime_sources EXCLUDE REGEX "/runtime/backend/cuda/")
foreach(folder x86 arm)
    if(NOT folder STREQUAL OCTET_KERNEL_FOLDER)
        list(FILTER runtime_sources EXCLUDE REGEX "/runtime/backend/cpu/kernels/${folder}/")
    endif()
endforeach()
file(GLOB_RECURSE desk_sources CONFIGURE_DEPENDS
     ${OCTET_SOURCE}/compiler/*.c ${OCTET_SOURCE}/evaluate/*.c ${OCTET_SOURCE}/train/*.c)
if(NOT OCTET_KERNEL_FOLDER STREQUAL x86)
    list(FILTER desk_sources EXCLUDE REGEX "/train/kernels/x86/")
endif()
file(GLOB api_sources CONFIGURE_DEPENDS ${OCTET_SOURCE}/api/*.c)
string(REPLACE ";" "|" runtime_api "${OCTET_RUNTIME_API}")
foreach(file IN LISTS api_sources)
    if(file MATCHES "/api/api_(${runtime_api})(_[a-z0-9_]*)?\\.c$")
        list(APPEND runtime_sources ${file})
    else()
        list(APPEND desk_sources ${file})
    endif()
endforeach()

# octet_objects(NAME SOURCES...): compiled once, archived and linked as each library needs.
function(octet_objects name)
    add_library(${name} OBJECT ${ARGN})
    target_link_libraries(${name} PRIVATE octet_flags Threads::Threads)
    target_compile_definitions(${name} PRIVATE
        OCTET_VERSION="${PROJECT_VERSION}" $<$<BOOL:${OCTET_TIFF}>:OCTET_HAS_TIFF>)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${OCTET_SOURCE})
    target_include_directories(${name} SYSTEM PRIVATE ${OCTET_RUNTIME_INCLUDES})
endfunction()

octet_objects(octet_runtime_objects ${runtime_sources})
set(kernel_sources ${runtime_sources})
list(FILTER kernel_sources INCLUDE REGEX "/runtime/backend/cpu/kernels/")
octet_kernel_flags(octet_runtime_objects ${kernel_sources})

set(OCTET_OBJECT_TARGETS octet_runtime_objects)
if(OCTET_BUILD_COMPILER)
    # The ONNX schema becomes C in the build folder; generated code is exempt from warnings.
    file(GLOB schema CONFIGURE_DEPENDS ${OCTET_SOURCE}/compiler/onnx/onnx.proto)
    if(schema)
        set(generated ${PROJECT_BINARY_DIR}/generated)
        file(MAKE_DIRECTORY ${generated})
        add_custom_command(
            OUTPUT ${generated}/onnx.pb-c.c ${generated}/onnx.pb-c.h
            COMMAND ${OCTET_PROTOC} --c_out=${generated} -I${OCTET_SOURCE}/compiler/onnx ${schema}
            DEPENDS ${schema}
            COMMENT "protoc-c onnx.proto" VERBATIM)
        add_library(octet_schema OBJECT ${generated}/onnx.pb-c.c)
        target_compile_options(octet_schema PRIVATE -w)
        target_include_directories(octet_schema SYSTEM PUBLIC ${generated} ${OCTET_PROTOBUF_INCLUDE_DIRS})
        list(APPEND OCTET_OBJECT_TARGETS octet_schema)
    endif()
    if(desk_sources)
        octet_objects(octet_desk_objects ${desk_sources})
        set(train_kernels ${desk_sources})
        list(FILTER train_kernels INCLUDE REGEX "/train/kernels/")
        octet_kernel_flags(octet_desk_objects ${train_kernels})
        if(OCTET_ONEDNN_FOUND)
            target_compile_definitions(octet_desk_objects PRIVATE OCTET_HAS_ONEDNN)
        endif()
        if(schema)
            add_dependencies(octet_desk_objects octet_schema)
            target_include_directories(octet_desk_objects SYSTEM PRIVATE
                                       ${generated} ${OCTET_PROTOBUF_INCLUDE_DIRS})
        endif()
        list(APPEND OCTET_OBJECT_TARGETS octet_desk_objects)
    endif()
endif()

# octet_library(NAME OUTPUT OBJECTS LIBRARIES): the shared NAME and the static NAME_static.
function(octet_library name output objects libraries)
    foreach(kind SHARED STATIC)
        set(target ${name})
        if(kind STREQUAL STATIC)
            set(target ${name}_static)
        endif()
        set(contents "")
        foreach(part IN LISTS objects)
            list(APPEND contents $<TARGET_OBJECTS:${part}>)
        endforeach()
        add_library(${target} ${kind} ${contents})
        string(REPLACE octet_runtime runtime export ${target})
        set_target_properties(${target} PROPERTIES
            OUTPUT_NAME ${output} EXPORT_NAME ${export} LINKER_LANGUAGE C
            VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
        target_include_directories(${target} PUBLIC
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
        target_link_libraries(${target} PRIVATE ${libraries} Threads::Threads $<BUILD_INTERFACE:octet_flags>)
        target_link_directories(${target} PRIVATE ${OCTET_LIBRARY_DIRS})
        if(kind STREQUAL STATIC)
            target_link_directories(${target} INTERFACE $<BUILD_INTERFACE:${OCTET_LIBRARY_DIRS}>)
        endif()
        add_library(octet::${export} ALIAS ${target})
    endforeach()
    # A sanitizer's own functions are looked up in the program only.
    if(NOT OCTET_SANITIZE)
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
endfunction()

octet_library(octet_runtime octet-runtime octet_runtime_objects "${OCTET_RUNTIME_LIBRARIES}")
if(OCTET_BUILD_COMPILER)
    octet_library(octet octet "${OCTET_OBJECT_TARGETS}"
                  "${OCTET_RUNTIME_LIBRARIES};${OCTET_PROTOBUF_LIBRARIES}")
endif()
