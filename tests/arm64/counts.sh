#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# counts.sh COMPILER EMULATOR...: bench/arm/count_layers.c counts each instruction that multiplies and adds as what it is,
# and no other. A program with a function for each, which executes it 1,000 times. And a stage is what a function's calls
# execute, with what it calls, and nothing behind them. Skipped where qemu has no plug-ins.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)/bench/arm/count_layers.c
compiler=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
${CC:-cc} -std=c11 -D_GNU_SOURCE -shared -fPIC -O2 -o count_layers.so "$source"

# The column of the plug-in's line, 0 for none of those that multiply, and the instruction.
cat >instructions <<'LIST'
5 sdot v0.4s, v1.16b, v2.16b
5 udot v0.2s, v1.8b, v2.8b
5 sdot v0.4s, v1.16b, v2.4b[3]
5 usdot v0.4s, v1.16b, v2.16b
5 sudot v0.4s, v1.16b, v2.4b[1]
6 smmla v0.4s, v1.16b, v2.16b
6 ummla v0.4s, v1.16b, v2.16b
6 usmmla v0.4s, v1.16b, v2.16b
7 fmla v0.4s, v1.4s, v2.4s
7 fmla v0.2s, v1.2s, v2.2s
7 fmla v0.4s, v1.4s, v2.s[2]
8 fmla v0.8h, v1.8h, v2.8h
8 fmla v0.8h, v1.8h, v2.h[5]
8 bfdot v0.4s, v1.8h, v2.8h
8 bfmmla v0.4s, v1.8h, v2.8h
9 smlal v0.8h, v1.8b, v2.8b
9 smlal2 v0.4s, v1.8h, v2.8h
9 umlal v0.4s, v1.4h, v2.4h
9 smlal v0.4s, v1.4h, v2.h[3]
9 smull v0.8h, v1.8b, v2.8b
9 umull2 v0.8h, v1.16b, v2.16b
9 smull v0.4s, v1.4h, v2.h[7]
9 mla v0.8h, v1.8h, v2.8h
9 mla v0.4s, v1.4s, v2.s[1]
9 mul v0.16b, v1.16b, v2.16b
0 fmul v0.4s, v1.4s, v2.4s
0 fadd v0.4s, v1.4s, v2.4s
0 fmls v0.4s, v1.4s, v2.4s
0 add v0.8h, v1.8h, v2.8h
0 sadalp v0.4s, v1.8h
0 saddl v0.8h, v1.8b, v2.8b
0 sqdmulh v0.4s, v1.4s, v2.4s
0 tbl v0.16b, {v1.16b}, v2.16b
0 ldr q0, [sp]
0 fmadd s0, s1, s2, s3
LIST
{
    printf '.arch armv8.6-a+fp16\n.global main\n.text\n'
    for ((i = 1; i <= $(wc -l <instructions); i++)); do
        printf '.type f%d, %%function\nf%d: mov w9, #1000\n1: %s\nsubs w9, w9, #1\nb.ne 1b\nret\n.size f%d, .-f%d\n' \
            $i $i "$(sed -n "${i}s/^. //p" instructions)" $i $i
    done
    printf '.type main, %%function\nmain: str x30, [sp, #-16]!\n'
    for ((i = 1; i <= $(wc -l <instructions); i++)); do
        echo "bl f$i"
    done
    printf 'bl oct_observe\nbl inner\nbl oct_observe\n'
    printf 'mov w0, #0\nldr x30, [sp], #16\nret\n.size main, .-main\n'
    printf '.type oct_observe, %%function\noct_observe: str x30, [sp, #-16]!\nbl inner\nbl inner\nldr x30, [sp], #16\nret\n'
    printf '.size oct_observe, .-oct_observe\n'
    printf '.type inner, %%function\ninner: mov w9, #50\n1: subs w9, w9, #1\nb.ne 1b\nret\n.size inner, .-inner\n'
    printf '.section .note.GNU-stack,"",%%progbits\n'
} >program.s
"$compiler" -march=armv8.6-a+fp16 "${SYSROOT:+--sysroot=$SYSROOT}" program.s -o program
emulator=$1
shift
"$emulator" -plugin "./count_layers.so,out=$work/counts" -d plugin "$@" ./program 2>error ||
    { ! grep -q plugin error || { echo "skipped: this qemu has no plug-ins"; exit 77; }; cat error; exit 1; }
awk '
    NR == FNR { column[NR] = $1; $1 = ""; name[NR] = $0; next }
    $1 == "function" && $2 ~ /^f[0-9]+$/ {
        i = substr($2, 2)
        seen++
        if ($3 < 3000 || $3 > 3010) { print "of" name[i] ": " $3 " instructions"; bad = 1 }
        for (k = 5; k <= 9; k++)
            if ($k != (column[i] == k ? 1000 : 0)) { print "of" name[i] ": " $k " in column " k; bad = 1 }
    }
    $1 == "stage" && $2 == "measure" { measured = $3 " calls, " $4 " instructions" }
    $1 == "stage" && $2 == "letterbox" && $3 + $4 > 0 { print "a letterbox was counted"; bad = 1 }
    END {
        if (measured != "2 calls, 418 instructions") { print "a stage of 2 calls, 418 instructions: " measured; bad = 1 }
        if (seen != length(column)) { print seen " functions of " length(column); bad = 1 }
        if (!bad) print seen " instructions are counted as what they are, and a stage"
        exit bad
    }' instructions counts
