# SPDX-License-Identifier: Apache-2.0
# What is installed, in parts for `cmake --install --component`:
#   runtime        the shared liboctet-runtime and the licence: what a device gets
#   cuda           liboctet-cuda, where it is built: for devices with an NVIDIA GPU
#   library        the shared liboctet
#   gstreamer      the GStreamer plug-in, where it is built; it needs the part runtime
#   program        octet and its man pages
#   video          liboctet-video, where it is built: for octet on machines with films and cameras
#   mpi            liboctet-mpi, where it is built: for octet calibrate --mpi
#   development    headers, static libraries, links without version, pkg-config and CMake packages
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/octet)

# octet_install_library(TARGET COMPONENT): of a shared library; of a static one all is development.
function(octet_install_library target component)
    install(TARGETS ${target} EXPORT octet-targets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
                    NAMELINK_COMPONENT development)
endfunction()
octet_install_library(octet_runtime runtime)
octet_install_library(octet_runtime_static runtime)
if(TARGET octet_cuda) # opened by its name at run time: nothing is built against it
    install(TARGETS octet_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cuda NAMELINK_SKIP)
endif()
if(TARGET octet_gstreamer)
    install(TARGETS octet_gstreamer LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gstreamer-1.0 COMPONENT gstreamer)
endif()
if(OCTET_BUILD_COMPILER)
    octet_install_library(octet library)
    octet_install_library(octet_static library)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/octet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(EXPORT octet-targets NAMESPACE octet:: DESTINATION ${package_folder} COMPONENT development)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/octet-config.cmake.in
    ${PROJECT_BINARY_DIR}/octet-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/octet-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/octet-config.cmake ${PROJECT_BINARY_DIR}/octet-config-version.cmake
        DESTINATION ${package_folder} COMPONENT development)

# octet_pkg_config(NAME DESCRIPTION REQUIRES): NAME.pc; its folder is found from where the file lies.
function(octet_pkg_config name description)
    list(JOIN ARGN ", " requires)
    file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" up "${up}")
    configure_file(${PROJECT_SOURCE_DIR}/cmake/octet.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
            COMPONENT development)
endfunction()
octet_pkg_config(octet-runtime "${PROJECT_DESCRIPTION}: load and run engines" ${OCTET_RUNTIME_MODULES})
if(OCTET_BUILD_COMPILER)
    octet_pkg_config(octet "${PROJECT_DESCRIPTION}" ${OCTET_RUNTIME_MODULES} ${OCTET_PROTOBUF_MODULE})
endif()

if(TARGET octet_mpi) # likewise
    install(TARGETS octet_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT mpi NAMELINK_SKIP)
endif()
if(TARGET octet_video) # likewise
    install(TARGETS octet_video LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT video NAMELINK_SKIP)
endif()
if(TARGET octet_program)
    install(TARGETS octet_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
    file(GLOB man_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
    if(man_pages)
        install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
    endif()
endif()
