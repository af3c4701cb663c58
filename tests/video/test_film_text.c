/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no GStreamer of films: passwords kept out of texts, and lengths of containers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/address.h"
#include "video/film_bytes.h"

static void passwords_are_escaped(void **state)
{
    static const char *const texts[][2] = {
        {"rtsp://user:secret@host/cam", "rtsp://user:secret@host/cam"},
        {"rtsp://us^er:sec@ret@host:554/cam@2", "rtsp://us%5Eer:sec%40ret@host:554/cam@2"},
        {"rtsp://user:s/c:r?t#@host/cam?a=b", "rtsp://user:s%2Fc%3Ar%3Ft%23@host/cam?a=b"},
        {"rtsp://user:s%40c%r@host/cam", "rtsp://user:s%40c%25r@host/cam"},
        {"rtsp://user:\xc3\xa4@host/", "rtsp://user:%C3%A4@host/"},
        {"rtsp://host:554/a b@2", "rtsp://host:554/a b@2"},
        {"host", "host"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *escaped = address_escaped(texts[i][0]);
        if (strcmp(escaped, texts[i][1]) != 0)
            fail_msg("%s became %s", texts[i][0], escaped);
        free(escaped);
    }
}

static void passwords_are_hidden(void **state)
{
    static const char *const texts[][2] = {
        {"rtsp://user:secret@host/cam", "rtsp://user:***@host/cam"},
        {"rtsp://user:sec@ret@host:554/cam", "rtsp://user:***@host:554/cam"},
        {"rtsp://user:se/cret@host/cam", "rtsp://user:***@host/cam"},
        {"rtsp://token@host/cam", "rtsp://***@host/cam"},
        {"rtsp://host:554/cam@2", "rtsp://host:554/cam@2"},
        {"rtsp://host/cam?user=a&password=secret&x=1", "rtsp://host/cam?user=a&password=***&x=1"},
        {"http://host/a?TOKEN=abc#d", "http://host/a?TOKEN=***#d"},
        {"no connection to rtsp://a:b@c/d: refused", "no connection to rtsp://a:***@c/d: refused"},
        {"rtspsrc location=\"rtsp://a:b@c\" user-pw=top ! decodebin",
         "rtspsrc location=\"rtsp://a:***@c\" user-pw=*** ! decodebin"},
        {"rtspsrc user-pw=\"t o p\" ! x", "rtspsrc user-pw=*** ! x"},
        {"two: a://b:c@d e://f:g@h", "two: a://b:***@d e://f:***@h"},
        {"bypass=true of compass", "bypass=true of compass"},
        {"://", "://"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *hidden = without_passwords(texts[i][0]);
        if (strcmp(hidden, texts[i][1]) != 0)
            fail_msg("%s became %s", texts[i][0], hidden);
        free(hidden);
    }
}

static void sources_are_known_by_their_looks(void **state)
{
    (void)state;
    assert_true(is_address("rtsp://host"));
    assert_true(is_address("v4l2+x://"));
    assert_false(is_address("://host"));
    assert_false(is_address("a b://host"));
    assert_false(is_address("folder/film.mp4"));
    assert_true(is_pipeline("videotestsrc ! identity"));
    assert_false(is_pipeline("wow!.mp4"));
}

static uint64_t missing(const char *bytes, size_t size)
{
    char path[] = "/tmp/octet-film-XXXXXX";
    const int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    const uint64_t count = film_bytes_missing(path);
    remove(path);
    return count;
}

#define MISSING(text) missing(text, sizeof(text) - 1)

static void bytes_that_are_missing_are_counted(void **state)
{
    (void)state;
    assert_int_equal(MISSING(""), 0);
    assert_int_equal(MISSING("hello, world"), 0);
    assert_int_equal(MISSING("\0\0\0\x0c"
                             "ftypisom\0\0\0\x08moov"),
                     0);
    assert_int_equal(MISSING("\0\0\0\x0c"
                             "ftypisom\0\0\0\x20moov"),
                     24);
    assert_int_equal(MISSING("\0\0\0\x0c"
                             "ftypisom\0\0\0\x01mdat\0\0\0\1\0\0\0\0"),
                     UINT64_C(0x100000000) - 16);
    assert_int_equal(MISSING("\0\0\0\x0c"
                             "ftypisom\0\0\0\0mdat12345"),
                     0);
    assert_int_equal(MISSING("\0\0\0\x0c"
                             "ftypisom\0\0\0\7mdat12345"),
                     0);
    assert_int_equal(MISSING("RIFF\x20\0\0\0AVI LIST"), 24);
    assert_int_equal(MISSING("RIFF\0\0\0\0AVI LIST"), 0);
    assert_int_equal(MISSING("\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\x8a"
                             "1234"),
                     6);
    assert_int_equal(MISSING("\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\xff"
                             "1234"),
                     0);
    assert_int_equal(MISSING("\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_hidden),
        cmocka_unit_test(passwords_are_escaped),
        cmocka_unit_test(sources_are_known_by_their_looks),
        cmocka_unit_test(bytes_that_are_missing_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
