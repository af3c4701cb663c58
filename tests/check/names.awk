# SPDX-License-Identifier: Apache-2.0
# No two files share a name; x.c and x.h of one folder are one module. Reads paths; with rooms.awk.
BEGIN { read_exceptions() }
{
    folder = name = $0
    sub(/\/[^\/]*$/, "", folder)
    sub(/.*\//, "", name)
    sub(/\.[ch]$/, "", name)
    if (!(name in first))
        first[name] = folder
    else if (first[name] != folder && !(("name " $0) in exempt))
        print "error " $0 ": shares its name with a file of " first[name]
}
