/* SPDX-License-Identifier: Apache-2.0 */
/* The context behind every handle: allocator, log, and the message of the last failure. */
#ifndef OCTET_BASE_MESSAGES_H
#define OCTET_BASE_MESSAGES_H

#include <stdint.h>

#include <octet/context.h>

#define OCT_MESSAGE_BYTES 1024
#define OCT_FOLDERS_SWEPT 8

/* A folder in which what killed runs left was removed, see output.h. */
struct oct_folder_swept {
    uint64_t device, inode;
};

struct octet_context {
    octet_allocator allocator;
    octet_log_function *log;
    void *log_user;
    octet_log_level log_level;
    /* of this machine, see cpu.h; 0: not asked (asking takes long in virtual machines,
     * so that octet_context_create() does it once) */
    unsigned cpu_sets;
    struct oct_folder_swept swept[OCT_FOLDERS_SWEPT]; /* the last ones; 0, 0: none */
    unsigned sweeps;
    char message[OCT_MESSAGE_BYTES];
};

#if defined(__GNUC__)
#define OCT_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define OCT_PRINTF(format_index, first)
#endif

/* Records the message (one line: line ends become spaces, unprintable bytes '?') and returns
 * `status`, so that a failure reads: return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: ...", name); */
octet_status oct_fail(octet_context *ctx, octet_status status, const char *format, ...)
    OCT_PRINTF(3, 4);

/* As oct_fail(), for lack of memory: says what for. Does not allocate. */
octet_status oct_fail_memory(octet_context *ctx, const char *what);

/* As oct_fail(), for a NULL where none is allowed: "octet_x: image must not be NULL". `ctx` may be
 * NULL: then nobody is told. */
octet_status oct_fail_null(octet_context *ctx, const char *call, const char *arguments);

void oct_log(octet_context *ctx, octet_log_level level, const char *format, ...) OCT_PRINTF(3, 4);

/* Copies allocator and log, with an empty message: for handles that keep a message of their own. */
void oct_context_inherit(octet_context *own, const octet_context *from);

#endif
