/* SPDX-License-Identifier: Apache-2.0 */
/* Finds label files as Ultralytics does: by the last folder named "images" of a path. */
#include "pictures/label_path.h"

#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/paths.h"

/* The picture's path with ".txt" for its extension and its last folder named "images" as "labels";
 * NULL where there is no such folder. */
static char *labels_folder_path(const char *picture)
{
    static const char images[] = "images/";
    const size_t length = sizeof images - 1;
    const char *last = NULL, *dot = strrchr(picture, '.'), *slash = strrchr(picture, '/');
    for (const char *at = picture; (at = strstr(at, images)); at++)
        if (at == picture || at[-1] == '/')
            last = at;
    if (!last)
        return NULL;
    const size_t head = (size_t)(last - picture);
    const size_t stem = dot && dot > slash ? (size_t)(dot - picture) : strlen(picture);
    return app_printf("%.*slabels/%.*s.txt", (int)head, picture, (int)(stem - head - length),
                      last + length);
}

static char *labels_beside(const char *picture)
{
    const char *dot = strrchr(picture, '.'), *slash = strrchr(picture, '/');
    const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - picture) : strlen(picture);
    return app_printf("%.*s.txt", (int)stem, picture);
}

char *label_path(const char *picture)
{
    char *near = labels_folder_path(picture);
    if (near && path_is_file(near))
        return near;
    char *whole = path_whole(picture), *far = labels_folder_path(whole);
    free(whole);
    if (far && path_is_file(far)) {
        free(near);
        return far;
    }
    free(far);
    return near ? near : labels_beside(picture);
}
