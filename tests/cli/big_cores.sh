#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# big_cores.sh MASKED: threads by default are the big cores alone, and doctor says so; by a program that the tests give
# other processors (support/cpu_mask.h).
set -euo pipefail
octet=$1 bad=0
# told CORES LINE: what doctor says of that many cores must have the line, or "" none about big ones.
told() {
    local said
    said=$(OCTET_TEST_CORES=$1 "$octet" doctor)
    if [ -n "$2" ]; then
        grep -q "$2" <<<"$said" || { echo "of $1: not '$2'"; bad=1; }
    else
        ! grep -q 'big' <<<"$said" || { echo "of $1: $(grep big <<<"$said")"; bad=1; }
    fi
}
told 8,4 '^  \* 4 of 8 cores are big: octet starts no more threads'
told 8,4 '^  big cores  *4$'
told 8,4 '^  physical cores  *8$'
told 8,8 ''
told 6 ''
quota=$(OCTET_TEST_CORES=8,4 "$octet" doctor | sed -n 's/^  cpu quota  *//p')
[ -n "$quota" ] || told 8,4 '^  threads  *4$'
exit $bad
