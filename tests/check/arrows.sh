#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# arrows.sh BUILD ROOT: holds the order of rooms.txt over what the object files of a build use of one another, which
# includes do not show where a declaration stands further up. Circles of files are told; in tools/ they are errors.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 root=$2
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# What the objects define and use, as "FILE SYMBOL KIND". They lie in .../octet_NAME.dir/PATH.o, and builds keep those of
# files that are gone.
symbols() {
    local object source objects=()
    while IFS= read -r object; do
        source=${object##*/CMakeFiles/octet_*.dir/}
        [ ! -f "$root/${source%.o}" ] || objects+=("$object")
    done < <(find "$build/CMakeFiles" -path '*/CMakeFiles/octet_*.dir/*.c.o' | sort)
    [ ${#objects[@]} -eq 0 ] ||
        nm -A -g -P "${objects[@]}" | sed -n 's|^.*/CMakeFiles/octet_[^/]*\.dir/\(.*\)\.o: \([^ ]* [^ ]*\).*|\1 \2|p'
}

# What files of ours include of ours, by a path from src/, tools/ or gstreamer/: "FILE FILE include".
includes() {
    (cd "$root" && grep -r --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include "' src tools gstreamer 2>/dev/null || true) |
        sed 's|^\([^/]*\)\(/[^:]*\):[^"]*"\([^"]*\)".*|\1\2 \1/\3 include|'
}

{
    includes
    symbols
} | awk -v exceptions="$here/exceptions.txt" -v rooms="$here/rooms.txt" -f "$here/rooms.awk" -f "$here/arrows.awk" >"$said"
sed 's/^error //' "$said"
! grep -q '^error ' "$said"
