# SPDX-License-Identifier: Apache-2.0
# Tests as NAME_on_PROCESSOR, by qemu-user, where an instruction that the processor lacks ends the program: label cpus.

# octet_test_on(PROCESSOR NAME COMMAND...): of the long tier, for ctest -C cpus.
function(octet_test_on processor name)
    octet_test(${name}_on_${processor} cpus ${ARGN} CONFIGURATIONS cpus)
    set_tests_properties(${name}_on_${processor} PROPERTIES TIMEOUT 7200)
    set_property(TEST ${name}_on_${processor} APPEND PROPERTY ENVIRONMENT OCTET_TEST_CASE_SECONDS=3600)
    octet_environment_of(${name} ${name}_on_${processor})
endfunction()

# octet_program_on(PROCESSOR EMULATOR...): octet_on_PROCESSOR is a script that runs the program there.
function(octet_program_on processor)
    set(program ${CMAKE_CURRENT_BINARY_DIR}/${processor}/octet)
    list(JOIN ARGN " " command)
    file(GENERATE OUTPUT ${program}
         CONTENT "#!/bin/sh\nexec ${command} \"$<TARGET_FILE:octet_program>\" \"$@\"\n"
         FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    set(octet_on_${processor} ${program} PARENT_SCOPE)
endfunction()

set(octet_emulated_tests ${octet_unit_tests})
list(REMOVE_ITEM octet_emulated_tests ${octet_not_emulated})

# octet_tests_on(PROCESSOR EMULATOR...): those tests and the kernels' harness.
function(octet_tests_on processor)
    foreach(name IN LISTS octet_emulated_tests)
        octet_test_on(${processor} ${name} ${ARGN} $<TARGET_FILE:${name}>)
    endforeach()
    octet_test_on(${processor} kernel_check ${ARGN} $<TARGET_FILE:kernel_check> --rounds 20)
endfunction()

# octet_cases_on(PROCESSOR CASES EMULATOR...): these cases of the command line.
macro(octet_cases_on processor cases)
    octet_program_on(${processor} ${ARGN})
    octet_test_on(${processor} cli bash ${cli_runner} ${octet_on_${processor}} ${cases})
endmacro()
