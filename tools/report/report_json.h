/* SPDX-License-Identifier: Apache-2.0 */
/* A report's facts as JSON. */
#ifndef TOOLS_REPORT_JSON_H
#define TOOLS_REPORT_JSON_H

#include "app/app.h"
#include "report/report_data.h"

/* Prints all figures of the page that stands at `path` and has `bytes`. Returns a status. */
int report_print_json(struct app *app, const struct report_data *data, const char *path,
                      size_t bytes);

#endif
