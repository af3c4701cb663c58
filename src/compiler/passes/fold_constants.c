/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of all values; what depends on constants alone becomes constant. */
#include "compiler/passes/passes.h"

octet_status oct_fold_constants(struct oct_import *import)
{
    return oct_graph_fold(import->graph, OCT_FOLD_LIMITS);
}
