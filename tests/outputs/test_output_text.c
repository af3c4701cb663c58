/* SPDX-License-Identifier: Apache-2.0 */
/* What outputs read and write without a network: addresses, topics, metrics, rings. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output_exposition.h"
#include "output_support.h"
#include "watch/outputs/listen_address.h"
#include "watch/outputs/message_ring.h"
#include "watch/outputs/metrics_text.h"
#include "watch/outputs/mqtt_address.h"
#include "watch/outputs/mqtt_topic.h"
#include "watch/outputs/output_state.h"

static struct app app;

static void addresses_of_brokers_are_read(void **state)
{
    static const struct {
        const char *text, *host, *user, *password, *shown;
        int port;
        bool is_encrypted;
    } cases[] = {
        {"mqtt://host", "host", NULL, NULL, "mqtt://host:1883", 1883, false},
        {"mqtts://host/", "host", NULL, NULL, "mqtts://host:8883", 8883, true},
        {"mqtt://10.0.0.2:99", "10.0.0.2", NULL, NULL, "mqtt://10.0.0.2:99", 99, false},
        {"mqtt://[fe80::1]:99", "fe80::1", NULL, NULL, "mqtt://[fe80::1]:99", 99, false},
        {"mqtt://[::1]", "::1", NULL, NULL, "mqtt://[::1]:1883", 1883, false},
        {"mqtt://cam@host", "host", "cam", NULL, "mqtt://host:1883", 1883, false},
        {"mqtt://cam:@host", "host", "cam", "", "mqtt://host:1883", 1883, false},
        {"mqtt://cam:a:b/c@d@host:1", "host", "cam", "a:b/c@d", "mqtt://host:1", 1, false},
        {"mqtts://c%40m:%2f%3A%25@host", "host", "c@m", "/:%", "mqtts://host:8883", 8883, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mqtt_address address;
        assert_int_equal(mqtt_address_parse(&app, cases[i].text, &address), STATUS_DONE);
        assert_string_equal(address.host, cases[i].host);
        assert_string_equal(address.shown, cases[i].shown);
        assert_int_equal(address.port, cases[i].port);
        assert_int_equal(address.is_encrypted, cases[i].is_encrypted);
        assert_int_equal(!address.user, !cases[i].user);
        assert_int_equal(!address.password, !cases[i].password);
        if (address.user)
            assert_string_equal(address.user, cases[i].user);
        if (address.password)
            assert_string_equal(address.password, cases[i].password);
        mqtt_address_free(&address);
        assert_null(address.host);
    }
}

static void wrong_addresses_of_brokers_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "host",
        "http://cam:hunter2@host",
        "mqtt:/host",
        "mqtt://",
        "mqtt://:hunter2@host",
        "mqtt://@host",
        "mqtt://cam:hunter2@",
        "mqtt://cam:hunter2@:1883",
        "mqtt://cam:hunter2@host:",
        "mqtt://cam:hunter2@host:0",
        "mqtt://cam:hunter2@host:65536",
        "mqtt://cam:hunter2@host:-1",
        "mqtt://cam:hunter2@host:99x",
        "mqtt://cam:hunter2@ho st",
        "mqtt://cam:hunter2@host/topic",
        "mqtt://cam:hunter2@fe80::1",
        "mqtt://cam:hunter2@[fe80::1",
        "mqtt://cam:hunter2@[]",
        "mqtt://cam:hunter2@[::1]x",
        "mqtt://cam:hunter2%@host",
        "mqtt://cam:hunter2%4@host",
        "mqtt://cam:hunter2%g0@host",
        "mqtt://cam:hunter2%00@host",
    };
    const size_t count = sizeof wrong / sizeof *wrong;
    (void)state;
    catch_messages();
    for (size_t i = 0; i < count; i++) {
        struct mqtt_address address;
        if (mqtt_address_parse(&app, wrong[i], &address) != STATUS_USAGE || address.host)
            fail_msg("taken: %s", wrong[i]);
    }
    release_messages();
    assert_int_equal(times_caught("\n"), count);
    assert_int_equal(times_caught("hunter2"), 0);
}

static void names_become_levels_of_topics(void **state)
{
    static const char *const names[][2] = {
        {"front door", "front door"},
        {"a/b+c#d", "a_b_c_d"},
        {"tab\tline\nend\x7f", "tab_line_end_"},
        {"", "_"},
        {"T\xc3\xbcr", "T\xc3\xbcr"},
        {"\xff\xc3(", "__("},
        {"\xed\xa0\x80", "___"}, /* half a pair */
        {"\xef\xbf\xbe!", "_!"}, /* no character */
        {"\xe2\x80\xae"
         "abc",
         "_abc"}, /* turns the direction */
        {"$SYS", "$SYS"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *level = mqtt_level(names[i][0]);
        assert_string_equal(level, names[i][1]);
        free(level);
    }
}

static void topics_are_judged(void **state)
{
    char long_one[402];
    (void)state;
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    assert_true(mqtt_topic_is_good("octet"));
    assert_true(mqtt_topic_is_good("home/front door/T\xc3\xbcr"));
    assert_true(mqtt_topic_is_good(long_one + 1));
    const char *const wrong[] = {"",  "/",      "/a",  "a/",    "a//b",  "a/+",
                                 "#", "$SYS/x", "a\n", "a\xff", long_one};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(mqtt_topic_is_good(wrong[i]));
}

static void addresses_to_listen_at_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
    } cases[] = {
        {"9100", "127.0.0.1", 9100}, {":9100", "127.0.0.1", 9100},  {"0", "127.0.0.1", 0},
        {"[::1]:9100", "::1", 9100}, {"0.0.0.0:80", "0.0.0.0", 80}, {"host:65535", "host", 65535},
    };
    static const char *const wrong[] = {
        "",   ":",     "host",   "host:",          "65536", "-1",         "+1",
        "1 ", "[::1]", "::1:80", "http://host:80", "9100x", "99999999999"};
    const size_t count = sizeof wrong / sizeof *wrong;
    struct listen_address address;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(listen_address_parse(&app, "--metrics", cases[i].text, &address),
                         STATUS_DONE);
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
        listen_address_free(&address);
    }
    catch_messages();
    for (size_t i = 0; i < count; i++)
        if (listen_address_parse(&app, "--metrics", wrong[i], &address) != STATUS_USAGE)
            fail_msg("taken: %s", wrong[i]);
    release_messages();
    assert_int_equal(times_caught("\n"), count);
}

static void push(struct message_ring *ring, const char *text, size_t lost)
{
    assert_int_equal(message_ring_push(ring, text, 1, text + 1, strlen(text) - 1), lost);
}

static void take(struct message_ring *ring, const char *wanted)
{
    struct message *message = message_ring_take(ring);
    assert_int_equal(!message, !wanted);
    if (wanted) {
        assert_int_equal(message->size, strlen(wanted));
        assert_memory_equal(message->bytes, wanted, message->size);
    }
    message_release(message);
}

static void a_ring_pushes_out_what_is_oldest(void **state)
{
    struct message_ring ring;
    (void)state;
    message_ring_open(&ring, 3, 10);
    take(&ring, NULL);
    push(&ring, "ab", 0);
    push(&ring, "cd", 0);
    push(&ring, "ef", 0);
    push(&ring, "gh", 1); /* a fourth */
    take(&ring, "cd");
    push(&ring, "123456789", 2); /* as many bytes as there are places for */
    take(&ring, "123456789");
    push(&ring, "x", 0);
    push(&ring, "12345678901", 1); /* it has never room */
    take(&ring, "x");
    take(&ring, NULL);
    push(&ring, "y", 0);
    message_ring_close(&ring);
}

static void readers_of_a_ring_go_along_by_themselves(void **state)
{
    struct message_ring ring;
    (void)state;
    message_ring_open(&ring, 2, 100);
    uint64_t slow = message_ring_end(&ring), quick = slow, lost = 0;
    push(&ring, "one", 0);
    struct message *held = message_ring_next(&ring, &quick, &lost);
    assert_memory_equal(held->bytes, "one", 3);
    assert_null(message_ring_next(&ring, &quick, &lost));
    push(&ring, "two", 0);
    push(&ring, "three", 1);
    assert_memory_equal(held->bytes, "one", 3); /* although it was pushed out */
    message_release(held);
    held = message_ring_next(&ring, &quick, &lost);
    assert_memory_equal(held->bytes, "two", 3);
    assert_int_equal(lost, 0);
    message_release(held);
    held = message_ring_next(&ring, &slow, &lost);
    assert_memory_equal(held->bytes, "two", 3);
    assert_int_equal(lost, 1);
    message_release(held);
    message_ring_close(&ring);
}

static void percentiles_are_about_right(void **state)
{
    static struct latency_histogram histogram;
    struct latency_counts counts;
    (void)state;
    latency_read(&histogram, &counts);
    assert_true(latency_percentile_ms(&counts, 50) == 0);
    for (int i = 1; i <= 1000; i++)
        latency_add(&histogram, i / 10.0); /* evenly from 0.1 to 100 ms */
    latency_add(&histogram, NAN);
    latency_read(&histogram, &counts);
    assert_int_equal(counts.total, 1000);
    assert_true(fabs(counts.sum_ms - 50050) < 0.01);
    assert_true(fabs(latency_percentile_ms(&counts, 50) - 50) < 0.5);
    assert_true(fabs(latency_percentile_ms(&counts, 90) - 90) < 0.5);
    assert_true(fabs(latency_percentile_ms(&counts, 15) - 15) < 0.5);
    assert_true(fabs(latency_percentile_ms(&counts, 100) - 100) < 0.01);
    assert_true(latency_percentile_ms(&counts, 0) >= 0);
    latency_add(&histogram, 60000);
    latency_read(&histogram, &counts);
    assert_true(latency_percentile_ms(&counts, 100) == 60000);

    /* one alone is no longer than it was */
    static struct latency_histogram single;
    latency_add(&single, 6);
    latency_add(&single, -5); /* clocks: counted as 0 */
    latency_read(&single, &counts);
    assert_int_equal(counts.bucket[0], 1);
    assert_true(latency_percentile_ms(&counts, 99) <= 6);
}

static void bounds_belong_to_their_buckets(void **state)
{
    static struct latency_histogram histogram;
    struct latency_counts counts;
    (void)state;
    for (int i = 0; i < LATENCY_STEPS; i++) {
        latency_add(&histogram, latency_bound_ms(i));
        latency_add(&histogram, latency_bound_ms(i) * 1.001);
    }
    latency_read(&histogram, &counts);
    assert_int_equal(counts.bucket[0], 1);
    for (int i = 1; i < LATENCY_STEPS; i++)
        assert_int_equal(counts.bucket[i], 2);
    assert_int_equal(counts.bucket[LATENCY_STEPS], 1);
    assert_true(isinf(latency_bound_ms(LATENCY_STEPS)));
}

enum { ADDERS = 4, ADDED = 20000 };

static void *add_many(void *user)
{
    for (int i = 0; i < ADDED; i++)
        latency_add(user, i % 100);
    return NULL;
}

static void threads_add_at_once(void **state)
{
    static struct latency_histogram histogram;
    struct latency_counts counts;
    pthread_t adder[ADDERS];
    (void)state;
    for (int i = 0; i < ADDERS; i++)
        assert_int_equal(pthread_create(&adder[i], NULL, add_many, &histogram), 0);
    for (int i = 0; i < ADDERS; i++)
        pthread_join(adder[i], NULL);
    latency_read(&histogram, &counts);
    assert_int_equal(counts.total, ADDERS * ADDED);
    assert_true(counts.sum_ms == ADDERS * (ADDED / 100) * 4950.0);
    assert_true(counts.longest_ms == 99);
}

static void metrics_are_as_prometheus_reads_them(void **state)
{
    static struct latency_histogram histogram;
    struct latency_counts counts;
    struct metrics_text text = {0};
    const struct metrics_label door[] = {{"camera", "door"}},
                               odd[] = {{"camera", "a\"b\\c\nd\xff"}, {"reason", "T\xc3\xbcr"}};
    (void)state;
    latency_add(&histogram, 3);
    latency_add(&histogram, 30000);
    latency_read(&histogram, &counts);
    metrics_begin(&text, METRICS_COUNTER, "octet_frames_total", "Frames, with a \\ and\na line.");
    metrics_integer(&text, door, 1, UINT64_C(18446744073709551615));
    metrics_integer(&text, odd, 2, 0);
    metrics_begin(&text, METRICS_GAUGE, "octet_age_seconds", "Age of the last result.");
    metrics_number(&text, NULL, 0, 0.1);
    metrics_number(&text, door, 1, -INFINITY);
    metrics_number(&text, odd, 1, NAN);
    metrics_begin(&text, METRICS_HISTOGRAM, "octet_latency_seconds", "Time of a frame.");
    metrics_latencies(&text, door, 1, &counts);
    metrics_latencies(&text, NULL, 0, &counts);
    size_t length;
    char *bytes = metrics_take(&text, &length);
    assert_int_equal(strlen(bytes), length);
    assert_null(text.bytes);
    assert_non_null(strstr(bytes, "# HELP octet_frames_total Frames, with a \\\\ and\\na line.\n"
                                  "# TYPE octet_frames_total counter\n"
                                  "octet_frames_total{camera=\"door\"} 18446744073709551615\n"
                                  "octet_frames_total{camera=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\","
                                  "reason=\"T\xc3\xbcr\"} 0\n"));
    assert_non_null(strstr(bytes, "\noctet_age_seconds 0.1\n"));
    static struct exposition exposition;
    exposition_read(&exposition, bytes);
    assert_int_equal(exposition.count, 5 + 2 * 16);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_bucket",
                                 "camera=door;le=0.002;") == 0);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_bucket",
                                 "camera=door;le=0.005;") == 1);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_bucket", "le=10;") == 1);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_bucket", "le=+Inf;") == 2);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_sum", "") == 30.003);
    assert_true(exposition_value(&exposition, "octet_latency_seconds_count", "") == 2);
    if (has_program("promtool")) {
        write_text(in_folder("metrics"), bytes);
        char *check = app_printf("promtool check metrics <%s", in_folder("metrics"));
        const char *const run[] = {"sh", "-c", check, NULL};
        if (run_program(run, in_folder("promtool")) != 0)
            fail_msg("promtool: %s", file_text(in_folder("promtool")));
        free(check);
    }
    free(bytes);
    bytes = metrics_take(&text, &length); /* empty */
    assert_string_equal(bytes, "");
    free(bytes);
}

static void changes_are_said_once(void **state)
{
    struct output_state output;
    (void)state;
    catch_messages();
    output_state_open(&output, &app);
    output_state_recovered(&output, "never said");
    for (int i = 0; i < 3; i++)
        output_state_problem(&output, "problem %d", 1);
    char *problem = output_state_problem_text(&output);
    assert_string_equal(problem, "problem 1");
    free(problem);
    output_state_problem(&output, "problem 2");
    output_state_recovered(&output, "well again");
    output_state_recovered(&output, "well again");
    assert_null(output_state_problem_text(&output));
    output_state_problem(&output, "problem 2");
    output_state_close(&output);
    release_messages();
    char *said = caught();
    assert_string_equal(said, "octet: problem 1\noctet: problem 2\noctet: well again\n"
                              "octet: problem 2\n");
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_brokers_are_read),
        cmocka_unit_test(wrong_addresses_of_brokers_are_refused),
        cmocka_unit_test(names_become_levels_of_topics),
        cmocka_unit_test(topics_are_judged),
        cmocka_unit_test(addresses_to_listen_at_are_read),
        cmocka_unit_test(a_ring_pushes_out_what_is_oldest),
        cmocka_unit_test(readers_of_a_ring_go_along_by_themselves),
        cmocka_unit_test(percentiles_are_about_right),
        cmocka_unit_test(bounds_belong_to_their_buckets),
        cmocka_unit_test(threads_add_at_once),
        cmocka_unit_test(metrics_are_as_prometheus_reads_them),
        cmocka_unit_test(changes_are_said_once),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
