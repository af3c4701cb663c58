#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# headers.sh ROOT CC CXX: each public header alone compiles, without a warning, as C11 and as C++17.
set -euo pipefail
root=$1
cc=$2
cxx=$3
status=0
count=0
for header in "$root"/include/octet/*.h; do
    line="#include <octet/$(basename "$header")>"
    flags=(-I"$root/include" -fsyntax-only -Wall -Wextra -Werror -pedantic)
    "$cc" -std=c11 "${flags[@]}" -Wstrict-prototypes -x c - <<<"$line" || { echo "$header: not C11"; status=1; }
    "$cxx" -std=c++17 "${flags[@]}" -x c++ - <<<"$line" || { echo "$header: not C++17"; status=1; }
    count=$((count + 1))
done
[ "$status" -ne 0 ] || echo "headers: $count headers stand alone in C11 and C++17"
exit "$status"
