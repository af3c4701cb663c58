# SPDX-License-Identifier: Apache-2.0
# Text files that the program carries: -DHEADER=OUT.h -DFILES="NAME=FILE;..." makes arrays of them.
set(text "/* Made by cmake/assets.cmake. */\n")
foreach(pair IN LISTS FILES)
    string(REGEX MATCH "^([^=]+)=(.*)$" pair "${pair}")
    file(READ ${CMAKE_MATCH_2} bytes HEX)
    set(name ${CMAKE_MATCH_1})
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
    string(APPEND text "static const char ${name}[] = {\n${bytes}\n};\n")
endforeach()
get_filename_component(folder ${HEADER} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
file(WRITE ${HEADER} "${text}")
