/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_CONTEXT_H
#define OCTET_CONTEXT_H

#include <stddef.h>

#include <octet/status.h>

OCTET_BEGIN_DECLARATIONS

/** A context carries what all handles made from it share: the allocator, the log callback, and the
 * message of the last failed call that took the context. It is cheap. Use a context from one thread
 * at a time; handles that say so may be used from others. A context must outlive every handle made
 * from it.
 *
 * One rule for messages: a failed call that takes a context leaves its message in the context; one
 * that takes none, in its first handle: octet_session_message(), octet_calibration_message(),
 * octet_statistics_message(), octet_truth_message(), octet_detections_message(). An octet_file,
 * which its calls end, tells its context. Calls that only read an engine, a model, statistics or a
 * cache, which threads may share, write nothing down: the one failure they have is an argument that
 * is NULL or out of range. */
typedef struct octet_context octet_context;

/** Memory for everything that octet itself allocates. `allocate` returns memory aligned to
 * `alignment` (a power of two, at most 4096) or NULL; `bytes` is never 0. `release` takes what
 * `allocate` returned, never NULL. Both may be called from any thread. Third-party decoders (JPEG,
 * PNG, WebP, JSON, protobuf, thread pool) use the C library's own memory where they offer no
 * hook. */
typedef struct octet_allocator {
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    void (*release)(void *user, void *memory);
    void *user;
} octet_allocator;

typedef enum octet_log_level {
    OCTET_LOG_WARNING = 1,
    OCTET_LOG_INFO = 2,
    OCTET_LOG_DEBUG = 3
} octet_log_level;

/** Takes one line without line end. May be called from the thread that made the call into octet
 * only. */
typedef void octet_log_function(void *user, octet_log_level level, const char *line);

/** Settings of a context. Fill with octet_context_defaults(), then change what you need. */
typedef struct octet_context_settings {
    octet_allocator allocator; /**< default: aligned allocation of the C library */
    octet_log_function *log;   /**< default: NULL, nothing is logged */
    void *log_user;
    /** least urgent level that is passed on; default OCTET_LOG_WARNING */
    octet_log_level log_level;
    size_t reserved[8]; /**< leave as the defaults call left it */
} octet_context_settings;

OCTET_API void octet_context_defaults(octet_context_settings *settings);

/** Makes a context. `settings` may be NULL for the defaults. On success `*context` is owned by the
 * caller; on failure (OCTET_OUT_OF_MEMORY, OCTET_INVALID_ARGUMENT, OCTET_MISMATCH) it is NULL. In C
 * and C++ this is a macro, which calls octet_context_create_abi() for the headers in use; the
 * function itself compares nothing. */
OCTET_API octet_status octet_context_create(const octet_context_settings *settings,
                                            octet_context **context);

/** As octet_context_create(), but OCTET_MISMATCH when the library is of another OCTET_ABI_VERSION
 * than the caller, or has a settings struct of another size. Bindings call this one, with the
 * version that they were written for, and compare their other structs by octet_struct_bytes(). */
OCTET_API octet_status octet_context_create_abi(int abi_version, size_t settings_bytes,
                                                const octet_context_settings *settings,
                                                octet_context **context);

#define octet_context_create(...)                                                                  \
    octet_context_create_abi(OCTET_ABI_VERSION, sizeof(octet_context_settings), __VA_ARGS__)

/** The line about the last failure, "" when there was none. Valid until the next call with this
 * context. */
OCTET_API const char *octet_context_message(const octet_context *context);

/** Frees memory that a call gave to the caller to free. `context` is the one that was given to that
 * call. Accepts NULL for `memory`. */
OCTET_API void octet_free(octet_context *context, void *memory);

/** Frees the context and sets `*context` to NULL. Accepts a pointer to NULL. */
OCTET_API void octet_context_free(octet_context **context);

OCTET_END_DECLARATIONS
#endif
