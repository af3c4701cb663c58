/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and checks the library of ranks. */
#include "ranks/ranks_library.h"

#include <dlfcn.h>
#include <string.h>

#include "app/open_library.h"

const struct ranks_library *ranks_library_open(struct app *app)
{
    void *opened = library_open_beside(RANKS_LIBRARY);
    if (!opened) {
        const char *reason = dlerror();
        app_fail(app, "--mpi needs %s, which is built with -DOCTET_MPI=ON: %s", RANKS_LIBRARY,
                 reason ? reason : "it is not there");
        return NULL;
    }
    const struct ranks_library *found = dlsym(opened, RANKS_SYMBOL);
    if (found && found->layout == RANKS_LAYOUT && strcmp(found->version, octet_version()) == 0)
        return found;
    app_fail(app, "%s is of another build than this octet %s: install both from one build",
             RANKS_LIBRARY, octet_version());
    return NULL;
}
