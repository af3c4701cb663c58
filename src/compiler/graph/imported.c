/* SPDX-License-Identifier: Apache-2.0 */
/* Frees what was imported. */
#include "compiler/graph/imported.h"

void oct_imported_free(octet_context *ctx, struct oct_imported *imported)
{
    if (!imported)
        return;
    oct_arena_clear(&imported->arena);
    oct_free(ctx, imported);
}
