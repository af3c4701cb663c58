/* SPDX-License-Identifier: Apache-2.0 */
/* What several steps of measuring need. */
#include "report/measure_parts.h"

#include "app/session_settings.h"
#include "models/noise.h"
#include "plot/plot_svg.h"

char *report_chart(struct plot_drawing *drawing)
{
    char *svg = plot_svg_part(drawing);
    plot_close(drawing);
    return svg;
}

int report_check_signal(struct app *app)
{
    return app_interrupted() ? app_fail(app, "interrupted: no report was written") : STATUS_DONE;
}

int report_open_timed(struct app *app, const struct report_measured *measured,
                      const octet_engine *engine, bool profile, octet_session **session)
{
    const octet_session *b = measured->run.sides[1].session;
    const struct input_size size = {octet_session_height(b), octet_session_width(b)};
    octet_session_settings settings = app_session_settings(app, app->device, size);
    settings.profile = profile;
    octet_status status = octet_session_open(app->context, engine, &settings, session);
    if (status == OCTET_OK)
        status = noise_set(*session, 1);
    if (status == OCTET_OK)
        status = octet_session_run(*session);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status,
                                                 *session ? octet_session_message(*session)
                                                          : octet_context_message(app->context));
}
