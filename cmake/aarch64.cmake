# SPDX-License-Identifier: Apache-2.0
# Cross-compiles for 64-bit ARM against packages that ./dev unpacks into OCTET_SYSROOT; programs run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

get_filename_component(octet_sysroot ${CMAKE_CURRENT_LIST_DIR}/../build-sysroot-arm64/root ABSOLUTE)
if(OCTET_SYSROOT)
    set(octet_sysroot ${OCTET_SYSROOT})
    list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OCTET_SYSROOT)
endif()
set(CMAKE_SYSROOT ${octet_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${octet_sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${octet_sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${octet_sysroot}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max -L ${octet_sysroot})
