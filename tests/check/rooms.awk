# SPDX-License-Identifier: Apache-2.0
# What house.awk and arrows.awk share: rooms.txt and exceptions.txt (-v rooms=FILE -v exceptions=FILE).
function read_rooms(    line, list, count, i, number) {
    while ((getline line < rooms) > 0) {
        if (line ~ /^(#|$)/)
            continue
        number++
        count = split(line, list, " ")
        for (i = 1; i <= count; i++)
            rank[list[i]] = number
    }
    if (!number) {
        print "error " rooms ": no rooms"
        exit 1
    }
}

function read_exceptions(    line, part) {
    while ((getline line < exceptions) > 0)
        if (line !~ /^(#|$)/ && split(line, part, " ") >= 3)
            exempt[part[1] " " part[2]] = 1
}

# The innermost room that a path lies in, or "".
function room_of(path) {
    while (sub(/\/[^\/]*$/, "", path))
        if (path in rank)
            return path
    return ""
}

# Whether a room may use another.
function may_use(room, target) { return room == target || rank[target] < rank[room] }
