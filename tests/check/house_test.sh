#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The house rules must be able to fail: a small tree with one offence after another, each to be reported.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
license='/* SPDX-License-Identifier: Apache-2.0 */'

fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{include/octet,tools/{app,draw,run},src/base,src/runtime/{backend/cpu/kernels/ref,engine},src/compiler/graph}
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
offence src/base/a.c "$(repeat '\\n' 801)" '800 at most'
offence src/base/a.c "void f(void)\n{\n$(repeat '    g();\\n' 120)}\n" '120 at most'
offence src/runtime/backend/cpu/kernels/ref/a.c "void f(void)\n{\n$(repeat '    g();\\n' 200)}\n" '200 at most'
offence src/base/a.c "/* $(repeat x 100) */\n" '100 at most'
offence src/base/a.c 'void f(void)\n{\n    p = malloc(3);\n}\n' 'memory comes from'
offence src/base/a.c 'void f(void)\n{\n    free (p); /* x */\n}\n' 'memory comes from'
offence src/base/a.c 'void f(void)\n{\n    /* x */ getenv("A");\n}\n' 'does not print'
offence src/base/a.c 'void f(void)\n{\n    printf("A");\n}\n' 'does not print'
offence src/base/a.c '/* TO''DO: more */\n' 'unfinished work'

fresh
printf 'int a;\n' >"$tree/src/base/a.c"
if "$here/house.sh" "$tree" >/dev/null; then
    echo "not reported: a file without its SPDX line"
    failures=$((failures + 1))
fi
fresh
printf '%s\n%b' "$license" "$(repeat '\\n' 1100)" >"$tree/include/octet/long.h"
if "$here/house.sh" "$tree" >/dev/null; then
    echo "not reported: public headers of more than 1100 lines"
    failures=$((failures + 1))
fi

harmless src/base/a.c '/* malloc(3), printf("x"), free(p)\n * exit(1) */\nconst char *a = "printf(\\"x\\")";\n'
harmless src/base/a.c 'void f(void)\n{\n    oct_free(p);\n    snprintf(a, 3, "x");\n    spng_free(p);\n}\n'
harmless src/base/a.c "/* $(repeat 'é' 90) */\n"
harmless src/compiler/graph/a.c '#include "runtime/engine/engine_contents.h"\n#include "base/memory.h"\n'
harmless tools/draw/a.c '#include "pictures/b.h"\n#include "draw/c.h"\n'
harmless tools/main.c '#include "app/options.h"\n#include "run/b.h"\n'
harmless tools/run/a.c '#include "app/options.h"\n#include <octet/octet.h>\nvoid f(void)\n{\n    printf("x");\n}\n'

[ "$failures" -eq 0 ] && echo "house_test: every offence is reported, nothing harmless is"
exit $((failures > 0))
