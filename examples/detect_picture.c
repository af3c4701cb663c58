/* SPDX-License-Identifier: Apache-2.0 */
/* Finds objects in one picture with an engine. It includes the runtime's headers only: this is what
 * a program on a device looks like. usage: detect_picture ENGINE.octet PICTURE */
#include <stdio.h>

#include <octet/engine.h>
#include <octet/image.h>
#include <octet/session.h>

#define DETECTIONS_MAX 300

static octet_status report(octet_status status, const char *message)
{
    if (status != OCTET_OK)
        fprintf(stderr, "detect_picture: %s\n", message[0] ? message : octet_status_text(status));
    return status;
}

/* Letterboxes the picture, runs the network, selects the boxes by the engine's own settings (NULL).
 * None of these calls allocates. */
static octet_status detect(octet_session *session, const octet_image *image,
                           octet_detection *detections, int *count)
{
    octet_status status = octet_session_set_image(session, 0, image);
    if (status == OCTET_OK)
        status = octet_session_run(session);
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, NULL, detections, DETECTIONS_MAX, count);
    return report(status, octet_session_message(session));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: detect_picture ENGINE.octet PICTURE\n");
        return 2;
    }
    static octet_detection detections[DETECTIONS_MAX];
    int count = 0;
    octet_context *context = NULL;
    octet_engine *engine = NULL;
    octet_session *session = NULL;
    octet_image *image = NULL;
    octet_status status = octet_context_create(NULL, &context);
    if (status != OCTET_OK) {
        report(status, "");
        return 1;
    }
    status = octet_engine_load(context, argv[1], &engine);
    if (status == OCTET_OK)
        status = octet_session_open(context, engine, NULL, &session);
    if (status == OCTET_OK)
        status = octet_image_load(context, argv[2], &image);
    report(status, octet_context_message(context));
    if (status == OCTET_OK)
        status = detect(session, image, detections, &count);
    for (int i = 0; i < count; i++) {
        const octet_detection *found = &detections[i];
        printf("%s %.3f  %.1f %.1f %.1f %.1f\n", octet_engine_class_name(engine, found->class_id),
               found->score, found->x1, found->y1, found->x2, found->y2);
    }
    octet_image_free(&image);
    octet_session_close(&session); /* before its engine */
    octet_engine_free(&engine);
    octet_context_free(&context);
    return status == OCTET_OK ? 0 : 1;
}
