/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what an engine takes of memory on a device, counted where octet asks for it: after
 * loading, with a session open and a frame run, and the most at any time.
 * usage: engine_memory ENGINE */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <octet/session.h>

/* Stands before every piece; as large as the largest alignment, so that the piece keeps its own. */
struct piece {
    void *start;
    size_t bytes;
};

static atomic_size_t now, most;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    size_t room = alignment < sizeof(struct piece) ? sizeof(struct piece) : alignment;
    char *start = aligned_alloc(room, (bytes + 2 * room - 1) / room * room);
    if (!start)
        return NULL;
    struct piece *piece = (struct piece *)(start + room) - 1;
    *piece = (struct piece){start, bytes};
    size_t sum = atomic_fetch_add(&now, bytes) + bytes, before = atomic_load(&most);
    while (sum > before && !atomic_compare_exchange_weak(&most, &before, sum))
        ;
    return start + room;
}

static void release(void *user, void *memory)
{
    (void)user;
    struct piece *piece = (struct piece *)memory - 1;
    atomic_fetch_sub(&now, piece->bytes);
    free(piece->start);
}

int main(int argc, char **argv)
{
    octet_context_settings settings;
    octet_session_settings one;
    octet_context *context = NULL;
    octet_engine *engine = NULL;
    octet_session *session = NULL;
    octet_context_defaults(&settings);
    settings.allocator = (octet_allocator){allocate, release, NULL};
    octet_session_defaults(&one);
    one.threads = 1;
    if (argc != 2 || octet_context_create(&settings, &context) ||
        octet_engine_load(context, argv[1], &engine)) {
        fprintf(stderr, "engine_memory: %s\n",
                context ? octet_context_message(context) : "usage: engine_memory ENGINE");
        return 1;
    }
    size_t loaded = atomic_load(&now);
    octet_frame frame;
    octet_status status = octet_session_open(context, engine, &one, &session);
    if (status == OCTET_OK)
        status = octet_session_allocate_frame(session, OCTET_PIXEL_NV12, 1920, 1080, &frame);
    if (status == OCTET_OK)
        status = octet_session_set_frame(session, 0, &frame);
    if (status == OCTET_OK)
        status = octet_session_run(session);
    if (status != OCTET_OK) {
        fprintf(stderr, "engine_memory: %s\n", octet_context_message(context));
        return 1;
    }
    printf("%s %dx%d loaded %zu open %zu most %zu\n", octet_session_cpu(session),
           octet_session_width(session), octet_session_height(session), loaded, atomic_load(&now),
           atomic_load(&most));
    octet_session_close(&session);
    octet_engine_free(&engine);
    octet_context_free(&context);
    return atomic_load(&now) ? 1 : 0;
}
