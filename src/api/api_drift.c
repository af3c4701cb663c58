/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges beside other pictures, and the watch over codes: the calls of octet/drift.h. */
#include <octet/drift.h>

#include <string.h>

#include "evaluate/drift_watch.h"
#include "evaluate/range_fit.h"
#include "evaluate/shared_ranges.h"

octet_status octet_ranges_fit(octet_context *context, const octet_statistics *statistics,
                              const char *calibrator, const octet_engine *engine,
                              const octet_statistics *others, octet_range_fit *ranges,
                              octet_fit *fit)
{
    if (fit)
        memset(fit, 0, sizeof *fit);
    if (!context || (!statistics && !engine) || !others || !fit)
        return oct_fail_null(context, __func__, "statistics or engine, others and fit");
    return oct_ranges_fit(context, statistics, calibrator, engine, others, ranges, fit);
}

octet_status octet_ranges_shared(octet_context *context, const octet_statistics *statistics,
                                 const char *calibrator, octet_shared_range *ranges)
{
    if (!context || !statistics || !ranges)
        return oct_fail_null(context, __func__, "statistics and ranges");
    return oct_ranges_shared(context, statistics, calibrator, ranges);
}

octet_status octet_drift_create(octet_context *context, const octet_engine *engine,
                                octet_drift **drift)
{
    if (drift)
        *drift = NULL;
    if (!context || !engine || !drift)
        return oct_fail_null(context, __func__, "engine and drift");
    return oct_drift_create(context, engine, drift);
}

void octet_drift_at(octet_drift *drift, int height, int width)
{
    if (drift)
        oct_drift_at(drift, height, width);
}

void octet_drift_look(octet_drift *drift, int layer, const octet_tensor_view *view,
                      const octet_letterbox *where)
{
    if (drift && view)
        oct_drift_look(drift, layer, view, where);
}

void octet_drift_next(octet_drift *drift, octet_drift_state *state)
{
    octet_drift_state ignored;
    if (drift)
        oct_drift_next(drift, state ? state : &ignored);
    else if (state)
        memset(state, 0, sizeof *state);
}

void octet_drift_fit(const octet_drift *drift, octet_range_fit *ranges, octet_fit *fit)
{
    if (!fit)
        return;
    memset(fit, 0, sizeof *fit);
    if (drift && ranges)
        oct_drift_fit(drift, ranges, fit);
}

void octet_drift_free(octet_drift **drift)
{
    if (!drift)
        return;
    oct_drift_free(*drift);
    *drift = NULL;
}
