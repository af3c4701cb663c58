/* SPDX-License-Identifier: Apache-2.0 */
/* What GStreamer finds when it opens the plug-in: its two elements. */
#include <gst/gst.h>

#include "octet_detect.h"
#include "overlay_element.h"

#define PACKAGE "octet"

/* GStreamer up to 1.20 knows no name for Apache-2.0, and opens no plug-in of a licence unknown to
 * it. */
#if GST_CHECK_VERSION(1, 22, 0)
#define LICENSE "Apache 2.0"
#else
#define LICENSE GST_LICENSE_UNKNOWN
#endif

static gboolean begin(GstPlugin *plugin)
{
    return gst_element_register(plugin, "octetdetect", GST_RANK_NONE, GST_TYPE_OCTET_DETECT) &&
           gst_element_register(plugin, "octetoverlay", GST_RANK_NONE, GST_TYPE_OCTET_OVERLAY);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, octet,
                  "Finds objects in video with octet's engines (Apache-2.0)", begin, OCTET_VERSION,
                  LICENSE, "octet", "Unknown package origin")
