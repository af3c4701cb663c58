/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/passes/passes.h"

octet_status oct_check_model(struct oct_import *import)
{
    const char *task = oct_metadata_find(import, "task");
    if (task && strcmp(task, "detect") != 0)
        return oct_refuse_model(import,
                                "its task is '%.40s': octet reads detectors (task 'detect')", task);
    return OCTET_OK;
}
