/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, one cmd_NAME.c each. argv[0] is the verb; they return an exit status. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include "app/app.h"

int cmd_inspect(struct app *app, int argc, char **argv);
int cmd_detect(struct app *app, int argc, char **argv);
int cmd_calibrate(struct app *app, int argc, char **argv);
int cmd_merge(struct app *app, int argc, char **argv);
int cmd_build(struct app *app, int argc, char **argv);
int cmd_export(struct app *app, int argc, char **argv);
int cmd_report(struct app *app, int argc, char **argv);
int cmd_run(struct app *app, int argc, char **argv);
int cmd_eval(struct app *app, int argc, char **argv);
int cmd_compare(struct app *app, int argc, char **argv);
int cmd_study(struct app *app, int argc, char **argv);
int cmd_tune(struct app *app, int argc, char **argv);
int cmd_bench(struct app *app, int argc, char **argv);
int cmd_serve(struct app *app, int argc, char **argv);
int cmd_watch(struct app *app, int argc, char **argv);
int cmd_doctor(struct app *app, int argc, char **argv);

#endif
