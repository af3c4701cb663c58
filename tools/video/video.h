/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Films, cameras and what else GStreamer reads, and films that it writes: what the program and
 * liboctet-video.so.0 know of each other. That library links GStreamer and is opened with the first
 * film, so that the program starts without it. Every function's message is one line without the
 * source's name, in a buffer of VIDEO_MESSAGE_BYTES.
 */
#ifndef TOOLS_VIDEO_H
#define TOOLS_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <octet/frame.h>

#define VIDEO_LIBRARY "liboctet-video.so.0"
#define VIDEO_SYMBOL "octet_video_library"
#define VIDEO_MESSAGE_BYTES 512
#define VIDEO_ENCODER_BYTES 64

enum video_kind {
    VIDEO_FILE,
    VIDEO_ADDRESS,  /* rtsp://... */
    VIDEO_DEVICE,   /* /dev/video0 */
    VIDEO_PIPELINE, /* a description as gst-launch-1.0 takes it, its last element giving frames */
};

enum video_result {
    VIDEO_FRAME,
    VIDEO_WAITING, /* nothing came in the time given */
    VIDEO_END,
    VIDEO_FAILED
};

/* A frame as it was decoded, turned as its film asks; its planes stay until it is released. */
struct video_frame {
    octet_frame pixels;
    double time_s;    /* of the film's own clock, or since the camera began */
    uint64_t dropped; /* of a camera: frames that were never fetched, up to here */
    void *held;
};

/* What is known from the first frame on. */
struct video_facts {
    double frame_rate; /* 0: not known */
    double duration_s; /* 0: not known, or without end */
    bool is_live;      /* frames come by themselves: one that is not fetched is lost */
    bool can_seek;
};

struct video_reader; /* for one thread at a time */
struct video_writer;

/* A film to write. */
struct video_target {
    int descriptor;     /* of a file, open for reading and writing; stays the caller's */
    const char *ending; /* "mp4", "mov", "mkv" or "webm": the container */
    int width, height;  /* pixels; an odd last column or row is left out */
    double frame_rate;  /* 0: not known */
    bool is_live;       /* encoded without looking ahead */
    const char *sound;  /* a film whose sound is taken as it is, or NULL */
};

/* A frame to write: rows of 32-bit pixels 0x00RRGGBB in the machine's byte order. */
struct video_pixels {
    const void *rows;
    size_t stride;     /* bytes */
    int width, height; /* pixels; an odd last column or row is left out */
};

/* What liboctet-video.so.0 exports, as `octet_video_library`. */
struct video_library {
    uint32_t layout;     /* VIDEO_LAYOUT of its build; stays the first member */
    const char *version; /* OCTET_VERSION of its build */

    /* Begins to read, without waiting for anything. NULL: `message` says why. */
    struct video_reader *(*open)(enum video_kind kind, const char *source, char *message);
    /* Waits for the next frame, `wait_ms` at most. VIDEO_FAILED: `message` says why. */
    enum video_result (*next)(struct video_reader *reader, int wait_ms, struct video_frame *frame,
                              char *message);
    void (*release)(void *held); /* on any thread, also when the reader is closed; takes NULL */
    void (*facts)(struct video_reader *reader, struct video_facts *facts);
    /* The next frame is the one at this time; false where that cannot be done. */
    bool (*seek)(struct video_reader *reader, double time_s);
    void (*close)(struct video_reader *reader);

    /* Makes ready to write; `encoder` (VIDEO_ENCODER_BYTES) says what encodes, and `message`,
     * unless empty, why there is no sound. NULL: `message` says why. */
    struct video_writer *(*begin)(const struct video_target *target, char *encoder, char *message);
    /* A frame of another size than the film's is scaled into it, with black borders. False: it is
     * over with this film, and `message` says why. */
    bool (*write)(struct video_writer *writer, const struct video_pixels *pixels, double time_s,
                  char *message);
    /* Writes what is still on its way; the file is complete then. Unless the film `is_whole`, its
     * sound ends with the last frame. */
    bool (*finish)(struct video_writer *writer, bool is_whole, char *message);
    void (*end)(struct video_writer *writer); /* frees it, finished or not */
};

/* One number made of the sizes of all that crosses the boundary. */
#define VIDEO_MIX(hash, type) (((hash) ^ (uint32_t)sizeof(type)) * UINT32_C(16777619))
#define VIDEO_FRAMES                                                                               \
    VIDEO_MIX(VIDEO_MIX(UINT32_C(2166136261), struct video_frame), struct video_facts)
#define VIDEO_FILMS VIDEO_MIX(VIDEO_MIX(VIDEO_FRAMES, struct video_target), struct video_pixels)
#define VIDEO_LAYOUT VIDEO_MIX(VIDEO_FILMS, struct video_library)

#endif
