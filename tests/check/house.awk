# SPDX-License-Identifier: Apache-2.0
# The rules of house.sh, file by file, with rooms.awk. Paths are relative to the root of the source tree.
BEGIN {
    read_rooms()
    read_exceptions()
    desk_headers = " build calibrate model octet "
    work_words = "(^|[^A-Za-z0-9_])(TO" "DO|FIX" "ME|XX" "X)([^A-Za-z0-9_]|$)"
    allocator = "(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|asprintf|vasprintf)"
    outward = "(getenv|secure_getenv|printf|vprintf|fprintf|vfprintf|dprintf|puts|fputs|putchar|perror|exit|_exit|" \
              "quick_exit|abort|system|popen)"
}

function error(number, text) { print "error " FILENAME ":" number ": " text }

function finish_file() {
    if (previous == "")
        return
    limit = 800
    if (code && lines > limit && !(("length " previous) in exempt))
        print "error " previous ":" lines ": " lines " lines, " limit " at most"
    else if (code && lines > 300 && !(("length " previous) in exempt))
        print "warning: " previous ": " lines " lines (about 300 is the aim)"
    if (!licensed && needs_license && !(("spdx " previous) in exempt))
        print "error " previous ":1: no SPDX line on top"
}

FNR == 1 {
    finish_file()
    previous = FILENAME
    lines = 0
    licensed = 0
    in_comment = 0
    block = ""
    opened = 0
    code = FILENAME ~ /\.[ch]$/
    needs_license = FILENAME !~ /\.(md|1)$/
    library = FILENAME ~ /^src\//
    room = room_of(FILENAME)
    if (library && code && room == "")
        error(1, "not in a room of the house")
}

{ lines = FNR }
FNR == 2 && FILENAME ~ /\.c$/ && !/^\/\*/ { error(1, "does not begin with what it is for") }
FNR <= (code ? 1 : 2) && /SPDX-License-Identifier: Apache-2\.0/ { licensed = 1 }
$0 ~ work_words { error(FNR, "unfinished work: " substr($0, 1, 60)) }
!code { next }

{
    width = $0
    gsub(/[\200-\277]/, "", width) # continuation bytes of UTF-8
    if (length(width) > 100)
        error(FNR, length(width) " columns, 100 at most")
}

# A comment that begins with its text ends behind its text.
block && /^[ \t]*\*\/[ \t]*\\?$/ && block == "text" { error(FNR, "a comment's end alone on its line") }
block && /\*\// { block = "" }
!block && /\/\*/ && !/\/\*.*\*\// { block = /\/\*\*?[ \t]*$/ ? "lines" : "text" }

/^[ \t]*#[ \t]*include/ { check_include($0) }

# A function lies between the braces in the first column.
/^\{/ { opened = FNR }
/^\}/ && opened {
    limit = FILENAME ~ /^src\/runtime\/backend\/cpu\/kernels\// ? 200 : 120
    if (FNR - opened + 1 > limit && !(("function " FILENAME) in exempt))
        error(opened, "function of " (FNR - opened + 1) " lines, " limit " at most")
    opened = 0
}

library {
    text = strip($0)
    if (FILENAME != "src/base/memory.c" && calls(text, allocator))
        error(FNR, "memory comes from base/memory.h only")
    if (calls(text, outward))
        error(FNR, "the library does not print, exit or read the environment")
}

END { finish_file() }

function calls(text, names) { return text ~ ("(^|[^A-Za-z0-9_.>])" names "[ \t]*\\(") }

# The line without comments and text in quotes; in_comment carries over lines.
function strip(text,    out, at) {
    gsub(/\\./, "", text)
    gsub(/"[^"]*"/, "\"\"", text)
    out = ""
    while (text != "") {
        if (in_comment) {
            at = index(text, "*/")
            if (!at)
                return out
            text = substr(text, at + 2)
            in_comment = 0
        } else {
            at = index(text, "/*")
            if (!at) {
                sub(/\/\/.*/, "", text)
                return out text
            }
            out = out substr(text, 1, at - 1) " "
            text = substr(text, at + 2)
            in_comment = 1
        }
    }
    return out
}

function check_include(text,    name, quoted, target) {
    if (!match(text, /["<][^">]+[">]/))
        return
    quoted = substr(text, RSTART, 1) == "\""
    name = substr(text, RSTART + 1, RLENGTH - 2)
    if (!quoted) {
        if (name ~ /^octet\//)
            check_public(substr(name, 7, length(name) - 8))
        return
    }
    if (name ~ /\.c$/)
        error(FNR, "a .c file is compiled, not included: " name)
    if (name ~ /\.\./)
        error(FNR, "include by a path from src/, not " name)
    if (name ~ /^octet\//)
        error(FNR, "public headers are included as <" name ">")
    if (room == "gstreamer" && name ~ /\//) {
        error(FNR, "elements include only <octet/...> and their own headers, not " name)
        return
    }
    if (FILENAME ~ /^tools\// && name ~ /^(base|network|runtime|compiler|evaluate|api)\//) {
        error(FNR, "tools include only <octet/...> and their own headers, not " name)
        return
    }
    if (room ~ /^tools\// && name !~ /\//)
        error(FNR, "include by a path from tools/, not " name)
    if (room == "" || name !~ /\//)
        return
    target = room_of((library ? "src/" : "tools/") name)
    if ((target == "" || !may_use(room, target)) && !(("arrow " FILENAME) in exempt))
        error(FNR, room " may not include " name)
}

function check_public(name) {
    if (room == "src/base" && name != "status" && name != "context")
        error(FNR, "base may include <octet/status.h> and <octet/context.h> only")
    if (room ~ /^src\/runtime\// && index(desk_headers, " " name " "))
        error(FNR, "runtime may not include <octet/" name ".h>")
    if (room == "gstreamer" && index(desk_headers, " " name " "))
        error(FNR, "elements have the runtime alone, not <octet/" name ".h>")
}
