/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_OCTET_H
#define OCTET_OCTET_H

/**
 * octet: YOLOv8 detectors as INT8 engines on the CPU.
 *
 * Two nouns carry the device side: an *engine* is a compiled detector (read-only, shared), a
 * *session* runs it at one size on one thread of the caller. On the desk, a *model* (ONNX) and
 * *statistics* (from calibration pictures) make an engine. Programs for a device include engine.h,
 * image.h, frame.h and session.h only and link the runtime library.
 */
#include <octet/build.h>
#include <octet/calibrate.h>
#include <octet/context.h>
#include <octet/drift.h>
#include <octet/engine.h>
#include <octet/evaluate.h>
#include <octet/export.h>
#include <octet/file.h>
#include <octet/frame.h>
#include <octet/image.h>
#include <octet/machine.h>
#include <octet/model.h>
#include <octet/session.h>
#include <octet/status.h>

#endif
