/* SPDX-License-Identifier: Apache-2.0 */
/* Answers Frigate's requests, one after another, until the program is asked to end. */
#ifndef TOOLS_FRIGATE_SERVER_H
#define TOOLS_FRIGATE_SERVER_H

#include "serve/frame_pixels.h"
#include "serve/serve_clients.h"
#include "serve/serve_report.h"
#include "serve/served_models.h"
#include "serve/zeromq.h"

struct frigate_server {
    struct app *app;
    struct zeromq *zeromq;
    struct served_models models;
    struct serve_clients clients;
    struct serve_report report;
    struct frame_pixels pixels;
};

/* Returns when SIGINT or SIGTERM came. */
void frigate_server_run(struct frigate_server *server);

#endif
