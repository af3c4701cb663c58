/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is scraped, asked wrongly, and held up. Skipped where libmicrohttpd is not. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_exposition.h"
#include "output_support.h"
#include "watch/outputs/http_server.h"
#include "watch/outputs/metrics_text.h"

#define SILENCE_MS 8000 /* longer than the server waits for a byte */

static struct app app;

struct scene {
    struct http_server *server;
    int port;
    struct latency_histogram histogram;
    atomic_int scrapes;
};

static void answer_metrics(void *user, struct http_reply *reply)
{
    struct scene *scene = user;
    struct metrics_text text = {0};
    struct latency_counts counts;
    const struct metrics_label door[] = {{"camera", "front \"door\""}};
    latency_read(&scene->histogram, &counts);
    metrics_begin(&text, METRICS_COUNTER, "octet_scrapes_total", "Times that this was asked for.");
    metrics_integer(&text, NULL, 0, (uint64_t)atomic_fetch_add(&scene->scrapes, 1) + 1);
    metrics_begin(&text, METRICS_HISTOGRAM, "octet_latency_seconds", "Times.");
    metrics_latencies(&text, door, 1, &counts);
    reply->type = METRICS_TYPE;
    reply->body = metrics_take(&text, &reply->size);
}

static void answer_health(void *user, struct http_reply *reply)
{
    (void)user;
    reply->status = 503;
    reply->body = app_strdup("camera 'door': no frames\n");
    reply->size = strlen(reply->body);
}

static void answer_nothing(void *user, struct http_reply *reply)
{
    (void)user, (void)reply;
}

static int open_at(struct scene *scene, const char *address)
{
    const struct http_route routes[] = {{"/metrics", answer_metrics, scene},
                                        {"/healthz", answer_health, scene},
                                        {"/empty", answer_nothing, scene}};
    const int status = http_server_open(&app, "--metrics", address, routes, 3, &scene->server);
    if (status == STATUS_DONE)
        scene->port = atoi(strrchr(http_server_address(scene->server), ':') + 1);
    return status;
}

static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    latency_add(&scene->histogram, 12);
    assert_int_equal(open_at(scene, "0"), STATUS_DONE);
}

/* What the server says to these bytes until it closes. */
static char *ask(int port, const char *request)
{
    const int client = connect_to_port(port);
    assert_true(client >= 0);
    assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    char *reply = read_all(client, SILENCE_MS);
    close(client);
    return reply;
}

static const char *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static void assert_reply(int port, const char *request, const char *status, const char *body)
{
    char *reply = ask(port, request);
    if (strncmp(reply, status, strlen(status)) != 0)
        fail_msg("%s: %s", request, reply);
    assert_string_equal(body_of(reply), body);
    assert_non_null(strstr(reply, "\r\nConnection: close\r\n"));
    free(reply);
}

static void metrics_are_scraped(void **state)
{
    static struct scene scene;
    static struct exposition exposition;
    (void)state;
    open_scene(&scene);
    char *reply = ask(scene.port, "GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_memory_equal(reply, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(
        strstr(reply, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    exposition_read(&exposition, body_of(reply));
    assert_true(exposition_value(&exposition, "octet_scrapes_total", "") == 1);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_bucket",
                                 "camera=front \"door\";le=0.02;") == 1);
    free(reply);
    if (has_program("curl")) {
        char *address = app_printf("http://%s/metrics", http_server_address(scene.server));
        char *got = app_strdup(in_folder("curl"));
        const char *const curl[] = {"curl", "--fail", "--silent", "--noproxy", "*", address, NULL};
        assert_int_equal(run_program(curl, got), 0);
        char *text = file_text(got);
        exposition_read(&exposition, text);
        assert_true(exposition_value(&exposition, "octet_scrapes_total", "") == 2);
        free(text);
        free(got);
        free(address);
    }
    http_server_close(&scene.server);
    assert_null(scene.server);
    assert_int_equal(connect_to_port(scene.port), -1);
    http_server_close(&scene.server);
}

static void what_is_asked_wrongly_is_answered(void **state)
{
    static struct scene scene;
    (void)state;
    open_scene(&scene);
    assert_reply(scene.port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 503 ",
                 "camera 'door': no frames\n");
    assert_reply(scene.port, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "");
    assert_reply(scene.port, "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 503 ", "");
    assert_reply(scene.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 ",
                 "there is nothing here\n");
    assert_reply(scene.port, "GET /metrics/../x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 ",
                 "there is nothing here\n");
    assert_reply(scene.port, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                 "HTTP/1.1 405 ", "only GET and HEAD are answered\n");
    assert_reply(scene.port, "BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ",
                 "only GET and HEAD are answered\n");
    char *reply = ask(scene.port, "DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(strstr(reply, "\r\nAllow: GET, HEAD\r\n"));
    free(reply);
    reply = ask(scene.port, "no request at all\r\n\r\n");
    assert_null(strstr(reply, "200 OK"));
    free(reply);
    char *long_one = app_alloc(100000, 1);
    memset(long_one, 'x', 99999);
    memcpy(long_one, "GET /", 5);
    const int client = connect_to_port(scene.port);
    send(client, long_one, 99999, MSG_NOSIGNAL | MSG_DONTWAIT);
    reply = read_all(client, SILENCE_MS);
    assert_null(strstr(reply, "200 OK"));
    close(client);
    free(reply);
    free(long_one);
    const struct output_counts counts = http_server_counts(scene.server);
    assert_int_equal(counts.written, 1);
    assert_int_equal(counts.failed, 7);
    assert_int_equal(atomic_load(&scene.scrapes), 0);
    http_server_close(&scene.server);
}

/* A byte now and then keeps a connection, but not for ever; others are served meanwhile. */
static void who_takes_too_long_is_cut_off(void **state)
{
    static struct scene scene;
    const char request[] = "GET /metrics HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    (void)state;
    open_scene(&scene);
    const int slow = connect_to_port(scene.port);
    const double begun_ms = app_now_ms();
    size_t sent = 0;
    char byte;
    while (recv(slow, &byte, 1, MSG_DONTWAIT) != 0) { /* 0: closed */
        if (app_now_ms() - begun_ms > 20000)
            fail_msg("%zu bytes were taken in 20 s", sent);
        if (send(slow, &request[sent], 1, MSG_NOSIGNAL) != 1)
            break;
        sent += sent < sizeof request - 2;
        pause_ms(300);
        if (sent == 5) {
            char *reply = ask(scene.port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_memory_equal(reply, "HTTP/1.1 200 ", 13);
            free(reply);
        }
    }
    assert_true(app_now_ms() - begun_ms > 5000);
    assert_int_equal(http_server_counts(scene.server).dropped, 1);
    close(slow);
    http_server_close(&scene.server);
}

/* All that it lets in say nothing; then it serves again, and ends at once in any case. */
static void silent_clients_cost_nothing(void **state)
{
    enum { CLIENTS = 200 };
    static struct scene scene;
    int client[CLIENTS];
    (void)state;
    open_scene(&scene);
    for (int i = 0; i < CLIENTS; i++)
        client[i] = begin_to_connect(scene.port);
    const double before_ms = app_cpu_ms();
    pause_ms(1000);
    assert_true(app_cpu_ms() - before_ms < 300);
    const int patient = connect_to_port(scene.port);
    const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int i = 0; i < CLIENTS; i++)
        close(client[i]);
    send(patient, request, sizeof request - 1, MSG_NOSIGNAL);
    char *reply = read_all(patient, SILENCE_MS);
    /* one address has its limit of connections: this one may have come when it was reached */
    assert_true(!reply[0] || strncmp(reply, "HTTP/1.1 200 ", 13) == 0);
    free(reply);
    close(patient);
    reply = ask(scene.port, request);
    assert_memory_equal(reply, "HTTP/1.1 200 ", 13);
    free(reply);
    for (int i = 0; i < CLIENTS; i++)
        client[i] = begin_to_connect(scene.port);
    const double begun_ms = app_now_ms();
    http_server_close(&scene.server);
    assert_true(app_now_ms() - begun_ms < 1000);
    for (int i = 0; i < CLIENTS; i++)
        close(client[i]);
}

static void *scrape_many(void *user)
{
    struct scene *scene = user;
    for (int i = 0; i < 50; i++) {
        char *reply = ask(scene->port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        if (strncmp(reply, "HTTP/1.1 200 ", 13) != 0)
            fail_msg("no reply: %s", reply);
        free(reply);
    }
    return NULL;
}

static void scrapes_come_from_several_sides(void **state)
{
    enum { SCRAPERS = 4 };
    static struct scene scene;
    pthread_t scraper[SCRAPERS];
    (void)state;
    open_scene(&scene);
    for (int i = 0; i < SCRAPERS; i++)
        assert_int_equal(pthread_create(&scraper[i], NULL, scrape_many, &scene), 0);
    for (int i = 0; i < 1000; i++)
        latency_add(&scene.histogram, i);
    for (int i = 0; i < SCRAPERS; i++)
        pthread_join(scraper[i], NULL);
    assert_int_equal(http_server_counts(scene.server).written, SCRAPERS * 50);
    http_server_close(&scene.server);
}

static void refuses(const char *address, int status, const char *why)
{
    static struct scene scene;
    catch_messages();
    assert_int_equal(open_at(&scene, address), status);
    release_messages();
    assert_null(scene.server);
    assert_int_equal(times_caught("\n"), 1);
    if (!times_caught(why))
        fail_msg("%s: not said: %s", address, why);
}

static void places_to_listen_at_are_told(void **state)
{
    static struct scene scene, other;
    (void)state;
    catch_messages();
    open_scene(&scene);
    assert_memory_equal(http_server_address(scene.server), "127.0.0.1:", 10);
    release_messages();
    assert_int_equal(times_caught("\n"), 0);
    refuses(http_server_address(scene.server), STATUS_FAILED, "in use already");
    refuses("nonsense", STATUS_USAGE, "--metrics 'nonsense': must be [HOST:]PORT");
    refuses("192.0.2.1:0", STATUS_FAILED, "this machine has no such address");
    refuses("no.such.host.invalid:0", STATUS_FAILED, "no.such.host.invalid:0: ");
    http_server_close(&scene.server);

    catch_messages();
    assert_int_equal(open_at(&other, "0.0.0.0:0"), STATUS_DONE);
    release_messages();
    assert_int_equal(times_caught("octet: warning: 0.0.0.0:"), 1);
    http_server_close(&other.server);

    catch_messages();
    if (open_at(&other, "[::1]:0") == STATUS_DONE) { /* where there is IPv6 */
        assert_memory_equal(http_server_address(other.server), "[::1]:", 6);
        http_server_close(&other.server);
        release_messages();
        assert_int_equal(times_caught("\n"), 0);
    } else {
        release_messages();
    }
}

static int try_without_library(void)
{
    static struct scene scene;
    return open_at(&scene, "0");
}

static void a_missing_library_is_told(void **state)
{
    const char *said = in_folder("said");
    (void)state;
    if (!can_run_itself())
        skip();
    assert_int_equal(run_without_library("libmicrohttpd.so.12", said), STATUS_FAILED);
    char *text = file_text(said);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    assert_non_null(strstr(text, "octet: libmicrohttpd.so.12 cannot be opened"));
    assert_non_null(strstr(text, "(the package libmicrohttpd12)\n"));
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_library_is_told),
        cmocka_unit_test(metrics_are_scraped),
        cmocka_unit_test(what_is_asked_wrongly_is_answered),
        cmocka_unit_test(who_takes_too_long_is_cut_off),
        cmocka_unit_test(silent_clients_cost_nothing),
        cmocka_unit_test(scrapes_come_from_several_sides),
        cmocka_unit_test(places_to_listen_at_are_told),
    };
    if (argc > 1 && strcmp(argv[1], "missing") == 0)
        return try_without_library();
#ifdef OCTET_HAS_MICROHTTPD
    const bool is_built = true;
#else
    const bool is_built = false;
#endif
    if (!is_built || !dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL)) {
        puts("skipped: HTTP needs libmicrohttpd (libmicrohttpd-dev to build)");
        return SKIPPED;
    }
    signal(SIGPIPE, SIG_IGN);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
