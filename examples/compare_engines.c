/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far do two engines agree? For every picture: which of A's boxes (score 0.5 or more) does B
 * find, with the same class and an overlap of 0.8 or more? Prints one line: boxes of A, found by B,
 * share, B's boxes that A lacks.
 *
 *   compare_engines A.octet B.octet PICTURE...
 */
#include <stdio.h>
#include <stdlib.h>

#include <octet/octet.h>

#define BOXES 300
#define SURE 0.5f   /* score from which a box counts */
#define MAYBE 0.25f /* score from which a box may answer for another */
#define OVERLAP 0.8f

struct side {
    octet_engine *engine;
    octet_session *session;
    octet_detection boxes[BOXES];
    int count;
};

static void check(octet_context *context, const struct side *side, octet_status status)
{
    if (status == OCTET_OK)
        return;
    const char *message = octet_context_message(context);
    fprintf(stderr, "compare_engines: %s\n",
            *message ? message : octet_session_message(side->session));
    exit(1);
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float overlap(const octet_detection *a, const octet_detection *b)
{
    const float w = smaller(a->x2, b->x2) - larger(a->x1, b->x1);
    const float h = smaller(a->y2, b->y2) - larger(a->y1, b->y1);
    const float inside = w > 0 && h > 0 ? w * h : 0;
    const float both = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1);
    return inside > 0 ? inside / (both - inside) : 0;
}

/* Counts the sure boxes of `a`, and those among them that `b` has too. */
static void count_found(const struct side *a, const struct side *b, int *sure, int *found)
{
    for (int i = 0; i < a->count && a->boxes[i].score >= SURE; i++) {
        int hit = 0;
        for (int j = 0; j < b->count && !hit; j++)
            hit = b->boxes[j].class_id == a->boxes[i].class_id &&
                  overlap(&a->boxes[i], &b->boxes[j]) >= OVERLAP;
        *sure += 1;
        *found += hit;
    }
}

int main(int argc, char **argv)
{
    octet_context *context = NULL;
    struct side sides[2] = {{0}};
    octet_detect_settings settings;
    int sure[2] = {0}, found[2] = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: compare_engines A.octet B.octet PICTURE...\n");
        return 2;
    }
    if (octet_context_create(NULL, &context) != OCTET_OK)
        return 1;
    octet_detect_defaults(&settings);
    settings.confidence = MAYBE;
    for (int s = 0; s < 2; s++) {
        check(context, &sides[s], octet_engine_load(context, argv[1 + s], &sides[s].engine));
        check(context, &sides[s],
              octet_session_open(context, sides[s].engine, NULL, &sides[s].session));
    }
    for (int i = 3; i < argc; i++) {
        octet_image *image = NULL;
        check(context, &sides[0], octet_image_load(context, argv[i], &image));
        for (int s = 0; s < 2; s++) {
            struct side *side = &sides[s];
            check(context, side, octet_session_set_image(side->session, 0, image));
            check(context, side, octet_session_run(side->session));
            check(context, side,
                  octet_session_detect(side->session, 0, &settings, side->boxes, BOXES,
                                       &side->count));
        }
        octet_image_free(&image);
        count_found(&sides[0], &sides[1], &sure[0], &found[0]);
        count_found(&sides[1], &sides[0], &sure[1], &found[1]);
    }
    printf("%d boxes, %d found (%.1f %%), %d more\n", sure[0], found[0],
           sure[0] ? 100.0 * found[0] / sure[0] : 100.0, sure[1] - found[1]);
    for (int s = 0; s < 2; s++) {
        octet_session_close(&sides[s].session);
        octet_engine_free(&sides[s].engine);
    }
    octet_context_free(&context);
    return 0;
}
