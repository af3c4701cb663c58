/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a chart in both formats. */
#include "plot/plot_files.h"

#include <stdlib.h>

#include "app/output_file.h"
#include "app/paths.h"
#include "plot/plot_png.h"
#include "plot/plot_svg.h"

static int write_as(struct app *app, const char *folder, const char *name, const char *extension,
                    const void *bytes, size_t length)
{
    char *file = app_printf("%s.%s", name, extension), *path = path_join(folder, file);
    const int status = bytes ? output_write_file(app, path, bytes, length)
                             : app_fail(app, "%s: the chart could not be painted", path);
    free(file);
    free(path);
    return status;
}

int plot_write(struct app *app, const struct plot_drawing *drawing, struct label_font *font,
               const char *folder, const char *name)
{
    size_t length = 0;
    char *svg = plot_svg(drawing, &length);
    int status = write_as(app, folder, name, "svg", svg, length);
    free(svg);
    if (status != STATUS_DONE)
        return status;
    unsigned char *png = plot_png(drawing, font, &length);
    status = write_as(app, folder, name, "png", png, length);
    free(png);
    return status;
}
