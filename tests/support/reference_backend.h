/* SPDX-License-Identifier: Apache-2.0 */
/* A second backend for sessions: the plain evaluation of reference.h, layer by layer, on one
 * thread. It knows no layouts and no kernels, so that what a session takes for granted beside
 * backend.h shows. INT8 equals the CPU's to the bit. Fails the running test when out of memory. */
#ifndef OCTET_TESTS_SUPPORT_REFERENCE_BACKEND_H
#define OCTET_TESTS_SUPPORT_REFERENCE_BACKEND_H

#include "runtime/backend/backend.h"

extern const struct oct_backend test_reference_backend;

#endif
