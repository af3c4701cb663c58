#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# house_test.sh [CC]: the house rules must be able to fail: a small tree with one offence after another, each to be
# reported.
set -euo pipefail
compiler=${1:-cc}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
license=$'/* SPDX-License-Identifier: Apache-2.0 */\n/* What the file is for. */'

fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{include/octet,gstreamer,tools/{app,draw,run},src/base,src/runtime/{backend/cpu/kernels/ref,engine},src/compiler/graph}
    printf '%s\nint octet_one;\n' "$license" >"$tree/include/octet/one.h"
    printf '%s\n#include <stdio.h>\n' "$license" >"$tree/src/base/clean.c"
}

# offence FILE TEXT EXPECTED: the file with this text must be reported with these words.
offence() {
    fresh
    printf '%s\n%b' "$license" "$2" >"$tree/$1"
    local said
    if said=$("$here/house.sh" "$tree" 2>&1) || [[ $said != *"$1"*"$3"* ]]; then
        echo "not reported: $1: '$3'; said: $said"
        failures=$((failures + 1))
    fi
}

# harmless FILE TEXT: must pass.
harmless() {
    fresh
    printf '%s\n%b' "$license" "$2" >"$tree/$1"
    local said
    if ! said=$("$here/house.sh" "$tree" 2>&1); then
        echo "wrongly reported: $said"
        failures=$((failures + 1))
    fi
}

repeat() { printf "$1%.0s" $(seq "$2"); }

offence src/base/a.c '#include "runtime/engine/engine_contents.h"\n' 'base may not include'
offence src/base/a.c '#include <octet/engine.h>\n' 'base may include'
offence src/runtime/engine/a.c '#include "compiler/graph/graph.h"\n' 'runtime/engine may not include'
offence src/runtime/engine/a.c '#include <octet/model.h>\n' 'runtime may not include'
offence src/runtime/backend/cpu/kernels/a.c '#include "runtime/backend/cpu/layout.h"\n' 'may not include'
offence src/compiler/graph/a.c '#include "compiler/lower/lower.h"\n' 'may not include'
offence src/runtime/a.c 'int a;\n' 'not in a room'
offence tools/a.c '#include "base/memory.h"\n' 'tools include only'
offence tools/a.c '#include "b.c"\n' 'compiled, not included'
offence tools/run/a.c '#include "b.h"\n' 'by a path from tools/'
offence tools/app/a.c '#include "pictures/b.h"\n' 'app may not include'
offence tools/draw/a.c '#include "run/b.h"\n' 'draw may not include'
offence tools/run/a.c '#include "bench/b.h"\n' 'run may not include'
offence gstreamer/a.c '#include "base/memory.h"\n' 'elements include only'
offence gstreamer/a.c '#include "draw/canvas.h"\n' 'elements include only'
offence gstreamer/a.c '#include <octet/model.h>\n' 'elements have the runtime alone'
offence src/base/a.c "$(repeat '\\n' 801)" '800 at most'
offence src/base/a.c "void f(void)\n{\n$(repeat '    g();\\n' 120)}\n" '120 at most'
offence src/runtime/backend/cpu/kernels/ref/a.c "void f(void)\n{\n$(repeat '    g();\\n' 200)}\n" '200 at most'
offence src/base/a.c "/* $(repeat x 100) */\n" '100 at most'
offence src/base/a.c 'void f(void)\n{\n    p = malloc(3);\n}\n' 'memory comes from'
offence src/base/a.c 'void f(void)\n{\n    free (p); /* x */\n}\n' 'memory comes from'
offence src/base/a.c 'void f(void)\n{\n    /* x */ getenv("A");\n}\n' 'does not print'
offence src/base/a.c 'void f(void)\n{\n    printf("A");\n}\n' 'does not print'
offence src/base/a.c '/* TO''DO: more */\n' 'unfinished work'

offence src/base/a.c '/* A comment whose end\n */\n' 'alone on its line'
offence src/base/a.c 'int a; /* one\n        */\n' 'alone on its line'
offence src/runtime/engine/clean.c '/* b */\n' 'shares its name with a file of src/base'
offence tools/run/clean.h '/* b */\n' 'shares its name'

fresh
printf 'int a;\n' >"$tree/src/base/a.c"
if "$here/house.sh" "$tree" >/dev/null; then
    echo "not reported: a file without its SPDX line"
    failures=$((failures + 1))
fi
fresh
printf '/* SPDX-License-Identifier: Apache-2.0 */\nint octet_a;\n' >"$tree/src/base/a.c"
if "$here/house.sh" "$tree" >/dev/null; then
    echo "not reported: a file that does not begin with what it is for"
    failures=$((failures + 1))
fi
fresh
printf '%s\n%b' "$license" "$(repeat '\\n' 1400)" >"$tree/include/octet/long.h"
if "$here/house.sh" "$tree" >/dev/null; then
    echo "not reported: public headers of more than 1400 lines"
    failures=$((failures + 1))
fi

harmless src/base/a.c '/* malloc(3), printf("x"), free(p)\n * exit(1) */\nconst char *a = "printf(\\"x\\")";\n'
harmless src/base/a.c 'void f(void)\n{\n    oct_free(p);\n    snprintf(a, 3, "x");\n    spng_free(p);\n}\n'
harmless src/base/a.c "/* $(repeat 'é' 90) */\n"
harmless src/compiler/graph/a.c '#include "runtime/engine/engine_contents.h"\n#include "base/memory.h"\n'
harmless tools/draw/a.c '#include "pictures/b.h"\n#include "draw/c.h"\n'
harmless gstreamer/a.c '#include "b.h"\n#include <octet/session.h>\n#include <gst/gst.h>\n'
harmless tools/main.c '#include "app/options.h"\n#include "run/b.h"\n'
harmless tools/run/a.c '#include "app/options.h"\n#include <octet/octet.h>\nvoid f(void)\n{\n    printf("x");\n}\n'

harmless src/base/a.c '/*\n * A comment.\n */\n#define A /* \\\n  b */ 1\n'
harmless src/base/clean.h '/* of clean.c */\n'

# compile FILE TEXT: into the tree and, as an object file, where CMake puts it.
compile() {
    local object=$tree/build/CMakeFiles/octet_some.dir/$1.o
    mkdir -p "$(dirname "$tree/$1")" "$(dirname "$object")"
    printf '%s\n%b' "$license" "$2" >"$tree/$1"
    "$compiler" -c -o "$object" "$tree/$1"
}

# arrow EXPECTED: arrows.sh must report this of the tree; without EXPECTED, nothing.
arrow() {
    local said status=0
    said=$("$here/arrows.sh" "$tree/build" "$tree" 2>&1) || status=1
    if [ "$status" -ne $((${#1} > 0)) ] || [[ $said != *"$1"* ]]; then
        echo "arrows: expected '$1', status $status; said: $said"
        failures=$((failures + 1))
    fi
}

# A fresh tree, with a call downwards.
built() {
    fresh
    compile src/base/low.c 'int oct_low_count;\nint oct_low(void)\n{\n    return 1;\n}\n'
    compile src/api/high.c 'int oct_low(void);\nint oct_high(void)\n{\n    return oct_low();\n}\n'
}
caller() { printf 'int %s(void);\\nint oct_%s(void)\\n{\\n    return %s();\\n}\\n' "$1" "$2" "$1"; }

built
arrow ''
compile src/base/a.c "$(caller oct_high up)"
arrow 'src/base/a.c: src/base may not use oct_high of src/api/high.c'
built
compile src/compiler/graph/a.c 'int oct_later = 1;\n'
compile src/runtime/engine/a.c 'extern int oct_later;\nint *oct_its(void)\n{\n    return &oct_later;\n}\n'
arrow 'src/runtime/engine may not use oct_later of src/compiler/graph/a.c'
built
compile tools/run/a.c "$(caller oct_low down)"
arrow 'tools use only what <octet/...> declares, not oct_low of src/base/low.c'
built
compile gstreamer/a.c "$(caller oct_low down)"
arrow 'elements use only what <octet/...> declares, not oct_low of src/base/low.c'
built
compile tools/run/b.c 'int oct_run(void)\n{\n    return 1;\n}\n'
compile gstreamer/a.c "$(caller oct_run down)"
arrow 'gstreamer may not use oct_run of tools/run/b.c'
built
compile tools/run/a.c "$(caller oct_bench run)"
compile tools/bench/b.c 'int oct_bench(void)\n{\n    return 1;\n}\n'
arrow 'tools/run may not use oct_bench of tools/bench/b.c'
built
compile src/base/a.c "$(caller oct_two one)"
compile src/base/b.c "$(caller oct_one two)"
arrow '' # told, no error
built
compile tools/run/a.c "$(caller oct_two one)"
compile tools/run/b.c "$(caller oct_one two)"
arrow 'circle of files in tools/run:'
fresh
mkdir -p "$tree/build/CMakeFiles"
arrow 'is this a build?'

[ "$failures" -eq 0 ] && echo "house_test: every offence is reported, nothing harmless is"
exit $((failures > 0))
