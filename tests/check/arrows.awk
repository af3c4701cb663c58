# SPDX-License-Identifier: Apache-2.0
# The arrows of the object files, with rooms.awk. Reads lines "FILE SYMBOL KIND": FILE is a path from the root of the
# sources, KIND nm's letter, or "include" where SYMBOL is a file that FILE includes.
BEGIN {
    read_rooms()
    read_exceptions()
}

$3 == "include" {
    add_file_edge($1, $2)
    if (room_of($2) != "" && !may_use(room_of($1), room_of($2)))
        used["arrow " $1] = 1 # house.awk reports includes
    next
}
$3 ~ /^[Uwv]$/ {
    users[$2] = users[$2] " " $1
    next
}
{ definer[$2] = $1 }

# x.c and x.h of a folder are one file here.
function module_of(path) {
    sub(/\.[ch]$/, "", path)
    return path
}

function add_file_edge(from, to,    a, b) {
    a = module_of(from)
    b = module_of(to)
    if (a != b && !((a, b) in edge)) {
        edge[a, b] = 1
        next_of[a] = next_of[a] " " b
        nodes[a] = nodes[b] = 1
    }
}

# "tools", or the plug-in.
function part_of(path) { return path ~ /^tools\// ? "tools" : "elements" }

function check_call(file, symbol,    target, from, to) {
    target = definer[symbol]
    calls++
    add_file_edge(file, target)
    from = room_of(file)
    to = room_of(target)
    if (file ~ /^(tools|gstreamer)\// && target ~ /^src\// && symbol !~ /^octet_/) {
        print "error " file ": " part_of(file) " use only what <octet/...> declares, not " symbol " of " target
        return
    }
    if (may_use(from, to)) {
        if (from != to)
            rooms_edge[from, to] = 1
    } else {
        used["arrow " file] = 1
        if (!(("arrow " file) in exempt))
            print "error " file ": " from " may not use " symbol " of " target
    }
}

# Marks all that can be reached from `start` in reached[start, ...].
function walk(start,    stack, depth, at, list, count, i) {
    stack[depth = 1] = start
    while (depth > 0) {
        at = stack[depth--]
        count = split(next_of[at], list, " ")
        for (i = 1; i <= count; i++) {
            if ((start, list[i]) in reached)
                continue
            reached[start, list[i]] = 1
            stack[++depth] = list[i]
        }
    }
}

# Names without their folders.
function names_of(paths) {
    gsub(/[^ ]*\//, "", paths)
    return paths
}

# Files that reach one another, each set once.
function print_circles(    a, b, circle, done, circles) {
    for (a in nodes)
        walk(a)
    for (a in nodes) {
        if (done[a] || !((a, a) in reached))
            continue
        circle = ""
        for (b in nodes)
            if (((a, b) in reached) && ((b, a) in reached)) {
                done[b] = 1
                circle = circle " " b
            }
        print (circle ~ /(^| )(tools|gstreamer)\// ? "error " : "") "circle of files in " room_of(a ".c") ":" names_of(circle)
        circles++
    }
    return circles + 0
}

END {
    for (symbol in users) {
        if (!(symbol in definer))
            continue
        count = split(users[symbol], list, " ")
        for (i = 1; i <= count; i++)
            check_call(list[i], symbol)
    }
    arrows = 0
    for (pair in rooms_edge)
        arrows++
    circles = print_circles()
    for (rule in exempt)
        if (rule ~ /^arrow / && !(rule in used))
            print "exempt of what it does not do: " rule
    if (!calls)
        print "error no call between files was found: is this a build?"
    printf "arrows: %d calls between files, %d arrows between rooms, %d circles of files\n", calls, arrows, circles
}
