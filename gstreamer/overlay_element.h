/* SPDX-License-Identifier: Apache-2.0 */
/* The element octetoverlay. */
#ifndef GSTREAMER_OVERLAY_ELEMENT_H
#define GSTREAMER_OVERLAY_ELEMENT_H

#include <gst/base/gstbasetransform.h>

#define GST_TYPE_OCTET_OVERLAY (gst_octet_overlay_get_type())
G_DECLARE_FINAL_TYPE(GstOctetOverlay, gst_octet_overlay, GST, OCTET_OVERLAY, GstBaseTransform)

#endif
