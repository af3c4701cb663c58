#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format.sh ROOT: clang-format-14 would leave the sources as they are (./dev format); skipped where it is not installed.
set -euo pipefail
cd "$1"
command -v clang-format-14 >/dev/null || { echo "skipped: no clang-format-14"; exit 77; }
count=$(find include src tools gstreamer tests bench examples -name '*.[ch]' | wc -l)
find include src tools gstreamer tests bench examples -name '*.[ch]' -print0 |
    xargs -0 -n 64 -P "$(nproc 2>/dev/null || echo 1)" clang-format-14 -style=file --dry-run -Werror
echo "format: $count files stay as they are"
