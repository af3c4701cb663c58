# SPDX-License-Identifier: Apache-2.0
# Flags that make faults in reading strange files harder to use: what distributions build with. They stand before the
# builder's own flags (CFLAGS, LDFLAGS), which win. tests/check/hardening.sh looks at what came of them.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

set(OCTET_HARDENING_FLAGS "")
function(octet_harden flag)
    string(MAKE_C_IDENTIFIER "OCTET_COMPILER_HAS${flag}" has)
    check_c_compiler_flag("-Werror ${flag}" ${has})
    if(${has})
        set(OCTET_HARDENING_FLAGS "${OCTET_HARDENING_FLAGS} ${flag}" PARENT_SCOPE)
    endif()
endfunction()
octet_harden(-fstack-protector-strong)
octet_harden(-fstack-clash-protection)
octet_harden(-fcf-protection)            # x86
octet_harden(-mbranch-protection=standard) # ARM

# Checked calls of the C library need an optimising build; a sanitizer has its own. Level 3 takes gcc 12 or clang 9, and
# glibc 2.34.
set(octet_optimising Release RelWithDebInfo MinSizeRel)
if(CMAKE_BUILD_TYPE IN_LIST octet_optimising AND NOT OCTET_SANITIZE AND NOT CMAKE_C_FLAGS MATCHES "FORTIFY_SOURCE")
    set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    check_c_source_compiles("#include <stdio.h>
#if __USE_FORTIFY_LEVEL < 3
#error lower
#endif
int main(void) { return 0; }" OCTET_FORTIFY_3)
    unset(CMAKE_REQUIRED_FLAGS)
    set(octet_level 2)
    if(OCTET_FORTIFY_3)
        set(octet_level 3)
    endif()
    string(APPEND OCTET_HARDENING_FLAGS " -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${octet_level}")
endif()

set(CMAKE_C_FLAGS "${OCTET_HARDENING_FLAGS} ${CMAKE_C_FLAGS}")
foreach(kind EXE SHARED MODULE)
    set(CMAKE_${kind}_LINKER_FLAGS "-Wl,-z,relro,-z,now,-z,noexecstack ${CMAKE_${kind}_LINKER_FLAGS}")
endforeach()
