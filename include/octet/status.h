/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_STATUS_H
#define OCTET_STATUS_H

#include <stddef.h>

/* What a header holds is C, in C++ as well. */
#ifdef __cplusplus
#define OCTET_BEGIN_DECLARATIONS extern "C" {
#define OCTET_END_DECLARATIONS }
#else
#define OCTET_BEGIN_DECLARATIONS
#define OCTET_END_DECLARATIONS
#endif

/** Marks what the shared library exports. */
#if defined(__GNUC__)
#define OCTET_API __attribute__((visibility("default")))
#else
#define OCTET_API
#endif

/* X(code, name, text) */
#define OCTET_STATUS_LIST(X)                                                                       \
    X(0, OK, "done")                                                                               \
    X(1, OUT_OF_MEMORY, "out of memory")                                                           \
    X(2, INVALID_ARGUMENT, "invalid argument")                                                     \
    X(3, CANCELLED, "cancelled by the caller")                                                     \
    X(4, INTERNAL, "internal error (a defect of octet)")                                           \
    X(5, INVALID_STATE, "call that does not fit what was called before")                           \
    X(10, FILE_NOT_FOUND, "file not found")                                                        \
    X(11, FILE_ACCESS, "file cannot be opened")                                                    \
    X(12, FILE_READ, "file cannot be read")                                                        \
    X(13, FILE_WRITE, "file cannot be written")                                                    \
    X(20, BAD_FORMAT, "not a valid file of its type")                                              \
    X(21, UNKNOWN_FORMAT, "not a file type that octet reads")                                      \
    X(22, UNSUPPORTED_VERSION, "made by an unsupported format version")                            \
    X(23, MISMATCH, "belongs to another model, preprocessing or version")                          \
    X(30, UNSUPPORTED_OPERATOR, "operator that octet does not read")                               \
    X(31, UNSUPPORTED_MODEL, "not a detector that octet reads")                                    \
    X(32, BAD_SHAPE, "shapes do not fit")                                                          \
    X(40, UNSUPPORTED_IMAGE, "picture of a kind that octet does not read")                         \
    X(41, IMAGE_TOO_LARGE, "picture too large")                                                    \
    X(50, UNSUPPORTED_CPU, "kernel set that this machine cannot run")                              \
    X(51, UNSUPPORTED_DEVICE, "device that octet cannot run on here")                              \
    X(52, DEVICE_FAILED, "device that failed at work")

OCTET_BEGIN_DECLARATIONS

/** What every call of octet returns. OCTET_OK is 0; every other value is a failure, and the context
 * or the handle that the call was made on holds one line for people about it (octet_context has the
 * rule). A call that makes a handle leaves NULL in its place when it fails. A NULL where
 * none is allowed is OCTET_INVALID_ARGUMENT, and the line names the argument. Numbers are grouped
 * by theme with gaps and never change their meaning. */
typedef enum octet_status {
#define OCTET_STATUS_ENUM(code, name, text) OCTET_##name = code,
    OCTET_STATUS_LIST(OCTET_STATUS_ENUM)
#undef OCTET_STATUS_ENUM
} octet_status;

/** The status' name without prefix, for instance "BAD_FORMAT"; "UNKNOWN" for a number that is none.
 * Static text. */
OCTET_API const char *octet_status_name(octet_status status);

/** One short phrase for people, for instance "file not found". Static text. */
OCTET_API const char *octet_status_text(octet_status status);

/** The library's version, "MAJOR.MINOR.PATCH". Static text. */
OCTET_API const char *octet_version(void);

/** The number of the binary contract. It is raised when a struct changes its layout or a call its
 * meaning, so that what was compiled with older headers does not fit any more.
 * octet_context_create() compares it. */
#define OCTET_ABI_VERSION 1

/** The library's own OCTET_ABI_VERSION. */
OCTET_API int octet_abi_version(void);

/** Bytes of a public struct in the library, "octet_info" for instance; 0 when it has none of that
 * name. For bindings, which write the structs down once more. */
OCTET_API size_t octet_struct_bytes(const char *name);

OCTET_END_DECLARATIONS
#endif
