/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and checks the library that reads films. */
#include "video/video_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "app/open_library.h"

#define PLUGINS                                                                                    \
    "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-libav "                      \
    "gstreamer1.0-plugins-ugly"

/* The loader's complaint about a library that it did not find begins with the bare name; about one
 * that this needs, with that one's name. */
static void tell_missing(char *message)
{
    const char *reason = dlerror();
    if (!reason || strncmp(reason, VIDEO_LIBRARY ":", sizeof VIDEO_LIBRARY) == 0)
        snprintf(message, VIDEO_MESSAGE_BYTES,
                 "films and cameras are read by GStreamer, for which this octet was not built: "
                 "install libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev " PLUGINS
                 " and build it again (or let ffmpeg take the frames out: ffmpeg -i VIDEO -f "
                 "image2pipe -c:v ppm - | octet detect MODEL -)");
    else if (strncmp(reason, "libg", 4) == 0)
        snprintf(message, VIDEO_MESSAGE_BYTES,
                 "films and cameras are read by GStreamer, which is not here: install "
                 "libgstreamer1.0-0 libgstreamer-plugins-base1.0-0 " PLUGINS " (%.80s)",
                 reason);
    else
        snprintf(message, VIDEO_MESSAGE_BYTES, "%s cannot be loaded: %s", VIDEO_LIBRARY, reason);
}

static bool fits(const struct video_library *library, char *message)
{
    if (library && library->layout == VIDEO_LAYOUT && strcmp(library->version, OCTET_VERSION) == 0)
        return true;
    snprintf(message, VIDEO_MESSAGE_BYTES,
             VIDEO_LIBRARY " is of another build than this octet " OCTET_VERSION
                           ": install both from one build");
    return false;
}

const struct video_library *video_library_open(char *message)
{
    static const struct video_library *known;
    if (known)
        return known;
    void *opened = library_open_beside(VIDEO_LIBRARY);
    if (!opened) {
        tell_missing(message);
        return NULL;
    }
    const struct video_library *found = dlsym(opened, VIDEO_SYMBOL);
    dlclose(opened); /* the count goes down, the library stays */
    if (fits(found, message))
        known = found;
    return known;
}
