#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Holds the house rules over a source tree: house.sh [ROOT]. Prints FILE:LINE: what, one a line; exits 1 when a rule
# is broken. Warnings (files over 300 lines) do not fail. exceptions.txt beside this script lists what is exempt.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${1:-$here/../..}
exceptions=$here/exceptions.txt
cd "$root"

folders=()
for folder in include src tools gstreamer tests bench examples demo cmake debian docs; do
    [ ! -d "$folder" ] || folders+=("$folder")
done
top=()
for file in CMakeLists.txt README.md CONTRIBUTING.md dev .ci/run; do
    [ ! -f "$file" ] || top+=("$file")
done
everything=$(mktemp)
trap 'rm -f "$everything"' EXIT
{
    find "${folders[@]}" -type d -name out -prune -o -type f \( -name '*.[ch]' -o -name '*.sh' \
        -o -name '*.proto' -o -name '*.cmake' -o -name '*.py' -o -name '*.md' -o -name '*.1' \
        -o -name CMakeLists.txt \) -print | sort
    printf '%s\n' "${top[@]}"
} | sed '/^$/d' >"$everything"

status=0

# Lines that awk reports as "error" fail the run; the others are warnings.
report() {
    local broken
    broken=$(grep -c '^error ' "$1" || true)
    sed 's/^error //' "$1"
    rm -f "$1"
    [ "$broken" -eq 0 ] || status=1
}

findings=$(mktemp)
xargs -d '\n' awk -v exceptions="$exceptions" -v rooms="$here/rooms.txt" -f "$here/rooms.awk" -f "$here/house.awk" \
    <"$everything" >"$findings"
report "$findings"

findings=$(mktemp)
grep -E '^(include|src|tools|gstreamer|tests|bench|examples)/.*\.([ch]|py|proto)$' "$everything" |
    awk -v exceptions="$exceptions" -f "$here/rooms.awk" -f "$here/names.awk" >"$findings"
report "$findings"

public=$(cat include/octet/*.h 2>/dev/null | wc -l)
if [ "$public" -gt 1400 ]; then
    echo "include/octet: $public lines together, 1400 at most"
    status=1
fi
[ "$status" -ne 0 ] || echo "house: $(wc -l <"$everything") files hold the rules; public headers $public lines"
exit "$status"
