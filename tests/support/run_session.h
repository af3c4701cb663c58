/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on any backend, for tests. The calls fail the running test where something does not
 * work. */
#ifndef OCTET_TESTS_SUPPORT_RUN_SESSION_H
#define OCTET_TESTS_SUPPORT_RUN_SESSION_H

#include "runtime/session/open_session.h"

/* `settings` may be NULL: the defaults. */
octet_session *test_session_open(octet_context *ctx, const struct oct_backend *backend,
                                 const octet_engine *engine,
                                 const octet_session_settings *settings);
void test_session_run(octet_session *session);

/* Element `at` of a layer's output, of any type. */
float test_view_value(const octet_tensor_view *view, size_t at);

/* The undecided output of a slot in malloc'd memory, and its number of floats. */
float *test_session_output(octet_session *session, const octet_engine *engine, int slot,
                           size_t *count);

/* A test_picture()'s RGB bytes, [height][width][3], in malloc'd memory. */
uint8_t *test_picture_pixels(octet_context *ctx, int height, int width, uint64_t seed);

#endif
