/* SPDX-License-Identifier: Apache-2.0 */
/* The list of engines that are in use, by the file that each was read from. */
#include "share_engine.h"

#include <string.h>
#include <sys/stat.h>

/* What tells a file from all others, and from itself before it was written anew. */
struct file_key {
    guint64 device, inode, size;
    gint64 seconds, nanoseconds;
};

struct shared_engine {
    struct file_key key;
    octet_context *context; /* used by the call that reads the engine, and by none afterwards */
    octet_engine *engine;
    guint users;
};

static GMutex lock;
static GList *shared_engines; /* of struct shared_engine, under the lock */

static gboolean read_key(const gchar *path, struct file_key *key)
{
    struct stat about;
    memset(key, 0, sizeof *key);
    if (stat(path, &about) != 0)
        return FALSE;
    key->device = (guint64)about.st_dev;
    key->inode = (guint64)about.st_ino;
    key->size = (guint64)about.st_size;
    key->seconds = about.st_mtim.tv_sec;
    key->nanoseconds = about.st_mtim.tv_nsec;
    return TRUE;
}

static struct shared_engine *find(const struct file_key *key)
{
    for (GList *at = shared_engines; at; at = at->next) {
        struct shared_engine *shared = at->data;
        if (memcmp(&shared->key, key, sizeof *key) == 0)
            return shared;
    }
    return NULL;
}

static void destroy(struct shared_engine *shared)
{
    octet_engine_free(&shared->engine);
    octet_context_free(&shared->context);
    g_free(shared);
}

/* A file that cannot be looked at cannot be read either: octet says why. */
static octet_status load(const gchar *path, struct shared_engine **shared, gchar **message)
{
    struct shared_engine *fresh = g_new0(struct shared_engine, 1);
    octet_status status = octet_context_create(NULL, &fresh->context);
    if (!status)
        status = octet_engine_load(fresh->context, path, &fresh->engine);
    if (status) {
        *message = g_strdup(octet_context_message(fresh->context));
        destroy(fresh);
        return status;
    }
    *shared = fresh;
    return OCTET_OK;
}

octet_status shared_engine_take(const gchar *path, struct shared_engine **shared, gchar **message)
{
    struct file_key key;
    octet_status status = OCTET_OK;
    *shared = NULL;
    g_mutex_lock(&lock);
    const gboolean known = read_key(path, &key);
    if (known)
        *shared = find(&key);
    if (!*shared) {
        status = load(path, shared, message);
        if (!status) {
            (*shared)->key = key;
            shared_engines = g_list_prepend(shared_engines, *shared);
        }
    }
    if (!status)
        (*shared)->users++;
    g_mutex_unlock(&lock);
    return status;
}

void shared_engine_give_back(struct shared_engine **shared)
{
    if (!*shared)
        return;
    g_mutex_lock(&lock);
    if (--(*shared)->users == 0) {
        shared_engines = g_list_remove(shared_engines, *shared);
        destroy(*shared);
    }
    g_mutex_unlock(&lock);
    *shared = NULL;
}

const octet_engine *shared_engine_get(const struct shared_engine *shared)
{
    return shared->engine;
}
