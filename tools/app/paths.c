/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about paths, and paths made of others. */
#include "app/paths.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "app/allocate.h"

bool path_exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0;
}

bool path_is_file(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && !S_ISDIR(entry.st_mode);
}

bool path_is_folder(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

bool path_is_link(const char *path)
{
    struct stat entry;
    return lstat(path, &entry) == 0 && S_ISLNK(entry.st_mode);
}

bool path_has_extension(const char *path, const char *const *extensions)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return false;
    for (; *extensions; extensions++)
        if (strcasecmp(dot + 1, *extensions) == 0)
            return true;
    return false;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    return app_printf("%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}

char *path_whole(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = app_printf("%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    char *whole_folder = realpath(folder, NULL);
    char *whole = whole_folder ? app_printf("%s/%s", whole_folder, slash ? slash + 1 : path)
                               : app_strdup(path);
    free(folder);
    free(whole_folder);
    return whole;
}
