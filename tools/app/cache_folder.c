/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the user's caches, as the XDG Base Directory Specification has it. */
#include "app/cache_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/allocate.h"
#include "app/paths.h"

#define FOLDER "octet"

/* A folder of the user's own, in which caches are; NULL: nothing says where. */
static char *all_caches(void)
{
    const char *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (caches && caches[0] == '/')
        return app_strdup(caches);
    return home && home[0] == '/' ? path_join(home, ".cache") : NULL;
}

const char *cache_folder(struct app *app, const char *device)
{
    if (app->no_cache || !device || strcmp(device, "cpu") == 0)
        return NULL;
    if (!app->cache) {
        struct stat entry;
        char *caches = all_caches();
        if (!caches)
            return NULL;
        app->cache = path_join(caches, FOLDER);
        mkdir(caches, 0700);
        mkdir(app->cache, 0700);
        free(caches);
        if (stat(app->cache, &entry) != 0 || !S_ISDIR(entry.st_mode))
            app->no_cache = true;
    }
    return app->no_cache ? NULL : app->cache;
}
