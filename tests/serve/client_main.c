/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frigate_client ADDRESS WHAT ...: asks a server, and prints what it says and what is wrong.
 *   picture IN OUT.ppm HxW      letterboxes a picture (ADDRESS is not asked)
 *   boxes PICTURE FOUND.json    a frame in each form; the boxes must be those of octet detect
 *   two PICTURE FOUND.json      two clients at once
 *   garbage PICTURE             wrong requests
 *   reset PICTURE FOUND.json    clients that do not wait for their replies
 *   model NAME [FILE]           the handshake: is it there; if not, FILE is sent
 *   sent NAME FILE PICTURE FOUND.json     the same, and then a frame
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <octet/octet.h>

#include "frigate_client.h"

#define PATIENCE_MS 60000
#define TOLERANCE 1e-4 /* pixels; a float's fraction of a side */
#define FRAMES 15
#define RESETS 20

static octet_context *context;

static struct picture load_picture(const char *path)
{
    octet_image *image = NULL;
    if (octet_image_load(context, path, &image) != OCTET_OK)
        exit(3);
    struct picture picture = {.width = octet_image_width(image),
                              .height = octet_image_height(image)};
    const size_t bytes = (size_t)picture.width * (size_t)picture.height * 3;
    picture.rgb = malloc(bytes);
    if (!picture.rgb)
        exit(3);
    memcpy(picture.rgb, octet_image_pixels(image), bytes);
    octet_image_free(&image);
    return picture;
}

static int make_picture(const char *from, const char *to, const char *size)
{
    int height = 0, width = 0;
    octet_image *image = NULL;
    FILE *file = fopen(to, "we");
    if (!file || sscanf(size, "%dx%d", &height, &width) != 2 ||
        octet_image_load(context, from, &image) != OCTET_OK)
        exit(3);
    const size_t bytes = (size_t)width * (size_t)height * 3;
    uint8_t *pixels = malloc(bytes);
    if (!pixels || octet_letterbox_image(context, image, width, height, pixels, NULL) != OCTET_OK)
        exit(3);
    fprintf(file, "P6\n%d %d\n255\n", width, height);
    fwrite(pixels, 1, bytes, file);
    free(pixels);
    octet_image_free(&image);
    return fclose(file) != 0;
}

/* What octet detect found in the picture. */
static json_t *load_found(const char *path)
{
    json_t *root = json_load_file(path, 0, NULL);
    json_t *first = json_array_get(json_object_get(root, "images"), 0);
    json_t *found = json_incref(json_object_get(first, "detections"));
    json_decref(root);
    if (!json_is_array(found) || json_array_size(found) == 0)
        exit(3);
    return found;
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool same_box(const float *row, const json_t *found, const struct picture *picture)
{
    static const int order[4] = {3, 2, 5, 4};
    const json_t *box = json_object_get(found, "box_xyxy");
    bool same =
        row[0] == (float)number(found, "class_id") && fabs(row[1] - number(found, "score")) < 1e-7;
    for (size_t i = 0; i < 4; i++) {
        const int side = i % 2 ? picture->height : picture->width;
        const double difference =
            (double)row[order[i]] * side - json_number_value(json_array_get(box, i));
        same = same && fabs(difference) < TOLERANCE;
    }
    return same;
}

/* Whether the reply has the boxes, and no others. */
static bool same_boxes(const char *what, const struct client_reply *reply, const json_t *found,
                       const struct picture *picture)
{
    const size_t count =
        json_array_size(found) < CLIENT_ROWS ? json_array_size(found) : CLIENT_ROWS;
    bool same = client_check_reply(what, reply) && !reply->error[0];
    for (size_t i = 0; i < count && same; i++)
        same = same_box(reply->rows[i], json_array_get(found, i), picture);
    if (count < CLIENT_ROWS)
        same = same && reply->rows[count][1] == 0;
    if (!same)
        printf("%s: other boxes than octet detect's; %s\n", what, reply->header);
    return same;
}

static bool detect_form(struct client *client, const struct picture *picture, const json_t *found,
                        enum frame_form form)
{
    static const char *const names[FORM_COUNT] = {"NHWC",      "NCHW", "float NCHW",
                                                  "float 255", "HWNC", "HWCN"};
    struct client_reply reply;
    if (client_detect(client, picture, form, &reply))
        return same_boxes(names[form], &reply, found, picture);
    printf("%s: no reply\n", names[form]);
    return false;
}

static bool detect_all_forms(struct client *client, const struct picture *picture,
                             const json_t *found)
{
    bool good = true;
    for (int form = 0; form < FORM_COUNT; form++)
        good = detect_form(client, picture, found, (enum frame_form)form) && good;
    return good;
}

struct worker {
    const char *address;
    const struct picture *picture;
    const json_t *found;
    int first;
    bool same;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct client client;
    client_open(&client, worker->address, PATIENCE_MS);
    worker->same = true;
    for (int i = 0; i < FRAMES; i++)
        worker->same = detect_form(&client, worker->picture, worker->found,
                                   (enum frame_form)((worker->first + i) % FORM_COUNT)) &&
                       worker->same;
    client_close(&client);
    return NULL;
}

static bool two_clients(const char *address, const struct picture *picture, const json_t *found)
{
    struct worker workers[2] = {{address, picture, found, 0, false},
                                {address, picture, found, 1, false}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            exit(3);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return workers[0].same && workers[1].same;
}

/* The handshake's first half, and the second where the model is not there. */
static void ask_model(struct client *client, const char *name, const char *path)
{
    char header[512];
    struct client_reply reply;
    snprintf(header, sizeof header, "{\"model_request\": true, \"model_name\": \"%s\"}", name);
    client_send(client, header, strlen(header), NULL, 0);
    if (!client_receive(client, &reply))
        exit(3);
    printf("%zu part: %s\n", reply.parts, reply.header);
    if (!path || strstr(reply.header, "\"model_available\":true"))
        return;
    FILE *file = fopen(path, "re");
    long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *bytes = size >= 0 ? malloc((size_t)size + 1) : NULL;
    if (!bytes || fseek(file, 0, SEEK_SET) != 0 ||
        fread(bytes, 1, (size_t)size, file) != (size_t)size)
        exit(3);
    fclose(file);
    snprintf(header, sizeof header, "{\"model_data\": true, \"model_name\": \"%s\"}", name);
    client_send(client, header, strlen(header), bytes, (size_t)size);
    free(bytes);
    if (!client_receive(client, &reply))
        exit(3);
    printf("%zu part: %s\n", reply.parts, reply.header);
}

/* A client whose patience ends before the reply comes, again and again. */
static bool reset_often(struct client *client, const struct picture *picture, const json_t *found)
{
    char header[256];
    size_t size;
    void *body = client_frame(picture, FORM_NHWC, header, &size);
    struct client_reply reply;
    client->timeout_ms = 1;
    client_reset(client);
    for (int i = 0; i < RESETS; i++) {
        client_send(client, header, strlen(header), body, size);
        client_receive(client, &reply);
        client_reset(client);
    }
    free(body);
    client->timeout_ms = PATIENCE_MS;
    client_reset(client);
    return detect_form(client, picture, found, FORM_NHWC);
}

static bool run(struct client *client, const char *what, char **rest)
{
    const bool asks = strcmp(what, "model") == 0, sends = strcmp(what, "sent") == 0;
    if (asks || sends)
        ask_model(client, rest[0], rest[1]);
    if (asks)
        return true;
    rest += sends ? 2 : 0;
    struct picture picture = load_picture(rest[0]);
    json_t *found = rest[1] ? load_found(rest[1]) : NULL;
    bool good = false;
    if (strcmp(what, "garbage") == 0)
        good = client_garbage(client, &picture);
    else if (strcmp(what, "two") == 0)
        good = two_clients(client->address, &picture, found);
    else if (strcmp(what, "reset") == 0)
        good = reset_often(client, &picture, found);
    else if (sends)
        good = detect_form(client, &picture, found, FORM_NHWC);
    else
        good = detect_all_forms(client, &picture, found);
    json_decref(found);
    free(picture.rgb);
    return good;
}

int main(int count, char **arguments)
{
    struct client client;
    if (count < 4 || octet_context_create(NULL, &context) != OCTET_OK)
        return 2;
    if (strcmp(arguments[2], "picture") == 0 && count == 6)
        return make_picture(arguments[3], arguments[4], arguments[5]);
    client_open(&client, arguments[1], PATIENCE_MS);
    const bool good = run(&client, arguments[2], arguments + 3);
    client_close(&client);
    octet_context_free(&context);
    if (good && strcmp(arguments[2], "model") != 0)
        printf("%s: as it must be\n", arguments[2]);
    return !good;
}
