/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: the calls of octet/context.h. */
#include <octet/context.h>

#include <string.h>

#include "base/memory.h"
#include "runtime/backend/cpu/features/features.h"

void octet_context_defaults(octet_context_settings *settings)
{
    if (!settings)
        return;
    memset(settings, 0, sizeof *settings);
    oct_allocator_default(&settings->allocator);
    settings->log_level = OCTET_LOG_WARNING;
}

#undef octet_context_create

octet_status octet_context_create(const octet_context_settings *settings, octet_context **context)
{
    octet_context_settings defaults;
    if (!context)
        return OCTET_INVALID_ARGUMENT;
    *context = NULL;
    if (!settings) {
        octet_context_defaults(&defaults);
        settings = &defaults;
    }
    if (!settings->allocator.allocate || !settings->allocator.release)
        return OCTET_INVALID_ARGUMENT;
    struct octet_context first = {.allocator = settings->allocator,
                                  .log = settings->log,
                                  .log_user = settings->log_user,
                                  .log_level = settings->log_level,
                                  .cpu_sets = oct_cpu_sets()};
    *context = oct_malloc(&first, 1, sizeof **context);
    if (!*context)
        return OCTET_OUT_OF_MEMORY;
    **context = first;
    return OCTET_OK;
}

octet_status octet_context_create_abi(int abi_version, size_t settings_bytes,
                                      const octet_context_settings *settings,
                                      octet_context **context)
{
    if (context)
        *context = NULL;
    return abi_version == OCTET_ABI_VERSION && settings_bytes == sizeof *settings
               ? octet_context_create(settings, context)
               : OCTET_MISMATCH;
}

const char *octet_context_message(const octet_context *context)
{
    return context ? context->message : "";
}

void octet_free(octet_context *context, void *memory)
{
    if (context)
        oct_free(context, memory);
}

void octet_context_free(octet_context **context)
{
    if (!context || !*context)
        return;
    struct octet_context last = **context;
    oct_free(&last, *context);
    *context = NULL;
}
