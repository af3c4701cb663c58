/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over an engine's codes, see octet/drift.h. */
#ifndef OCTET_EVALUATE_DRIFT_WATCH_H
#define OCTET_EVALUATE_DRIFT_WATCH_H

#include <stdbool.h>

#include <octet/drift.h>

/* Whether the engine has kept its calibration's noise. */
bool oct_drift_knows(const octet_engine *engine);

octet_status oct_drift_create(octet_context *ctx, const octet_engine *engine, octet_drift **drift);
void oct_drift_at(octet_drift *drift, int height, int width);
void oct_drift_look(octet_drift *drift, int layer, const octet_tensor_view *view,
                    const octet_letterbox *where);
void oct_drift_next(octet_drift *drift, octet_drift_state *state);
bool oct_drift_tensor(const octet_drift *drift, int index, octet_range_fit *tensor);
void oct_drift_free(octet_drift *drift);

#endif
