/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG through libjpeg-turbo's classic interface: baseline, progressive, grey, CMYK and YCCK. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "runtime/image/raster.h"

#define CUT_OFF "Premature end of JPEG file"
/* Real files have about ten; each scan of a hostile one may cost a pass over the picture. */
#define SCANS_MAX 100

/* Everything that must outlive a jump out of libjpeg. */
struct job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    octet_context *ctx;
    const struct oct_encoded *file;
    octet_image *image;
    octet_status status; /* of the failure that jumped */
    bool ended;          /* the file's bytes came to an end before an end marker */
};

static struct job *job_of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

/* libjpeg's errors that are not damage. */
static const struct meaning {
    int code;
    octet_status status;
} meanings[] = {
    {JERR_IMAGE_TOO_BIG, OCTET_IMAGE_TOO_LARGE},
    {JERR_WIDTH_OVERFLOW, OCTET_IMAGE_TOO_LARGE},
    {JERR_BAD_PRECISION, OCTET_UNSUPPORTED_IMAGE},
    {JERR_SOF_UNSUPPORTED, OCTET_UNSUPPORTED_IMAGE},
#if JPEG_LIB_VERSION < 70
    {JERR_ARITH_NOTIMPL, OCTET_UNSUPPORTED_IMAGE},
#endif
    {JERR_CONVERSION_NOTIMPL, OCTET_UNSUPPORTED_IMAGE},
    {JERR_CCIR601_NOTIMPL, OCTET_UNSUPPORTED_IMAGE},
    {JERR_FRACT_SAMPLE_NOTIMPL, OCTET_UNSUPPORTED_IMAGE},
};

static _Noreturn void escape(struct job *job, octet_status status, const char *reason)
{
    job->status = oct_fail(job->ctx, status, "%s: JPEG: %s", job->file->name, reason);
    longjmp(job->escape, 1);
}

static _Noreturn void on_error(j_common_ptr jpeg)
{
    struct job *job = job_of(jpeg);
    char reason[JMSG_LENGTH_MAX];
    if (job->ended) /* whatever libjpeg made of the end that it put there */
        escape(job, OCTET_BAD_FORMAT, CUT_OFF);
    jpeg->err->format_message(jpeg, reason);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) { /* not of the picture's doing */
        job->status = oct_fail_memory(job->ctx, job->file->name);
        longjmp(job->escape, 1);
    }
    octet_status status = OCTET_BAD_FORMAT;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].code == jpeg->err->msg_code)
            status = meanings[i].status;
    escape(job, status, reason);
}

/* libjpeg goes on after a warning and leaves grey behind; here only harmless ones pass. At the end
 * of the file it warns and goes on with an end marker: where that is all that lacks, no other
 * warning follows. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level >= 0)
        return;
    struct job *job = job_of(jpeg);
    int code = jpeg->err->msg_code;
    job->ended = job->ended || code == JWRN_JPEG_EOF;
    if (code != JWRN_JPEG_EOF && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR &&
        code != JWRN_ADOBE_XFORM)
        on_error(jpeg);
    char reason[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, reason);
    oct_log(job->ctx, OCTET_LOG_DEBUG, "%s: JPEG: %s", job->file->name, reason);
}

static void on_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg)
{
    struct job *job = job_of(jpeg);
    if (jpeg->is_decompressor && job->jpeg.input_scan_number > SCANS_MAX)
        escape(job, OCTET_BAD_FORMAT, "has more scans than a picture can need");
}

/* The first APP1 segment with a readable orientation. */
static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    static const char magic[6] = "Exif\0";
    for (jpeg_saved_marker_ptr at = jpeg->marker_list; at; at = at->next) {
        if (at->marker != JPEG_APP0 + 1 || at->data_length < sizeof magic ||
            memcmp(at->data, magic, sizeof magic) != 0)
            continue;
        int orientation =
            oct_exif_orientation(at->data + sizeof magic, at->data_length - sizeof magic);
        if (orientation)
            return orientation;
    }
    return 1;
}

/* Adobe's files hold inverted inks, so white is (255, 255, 255, 255). OpenCV takes every CMYK file
 * to be like that. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int width)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        int k = cmyk[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(k - ((255 - cmyk[c]) * k >> 8));
    }
}

static void read_rows(struct job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    octet_image *image = job->image;
    const bool cmyk = jpeg->out_color_space == JCS_CMYK;
    JSAMPARRAY inks = NULL;
    if (cmyk)
        inks = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, 4 * jpeg->output_width, 1);
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image->pixels + (size_t)y * 3 * (size_t)image->width;
        if (jpeg_read_scanlines(jpeg, cmyk ? inks : &row, 1) != 1)
            escape(job, OCTET_BAD_FORMAT, "cut off");
        if (cmyk)
            cmyk_to_rgb(inks[0], row, image->width);
    }
}

/* Of a file without end marker: every component came, and with all precision. */
static bool is_complete(const struct jpeg_decompress_struct *jpeg)
{
    for (int c = 0; c < jpeg->num_components; c++) {
        if (!jpeg->comp_info[c].quant_table) /* kept when the component's first scan begins */
            return false;
        for (int k = 0; jpeg->progressive_mode && k < DCTSIZE2; k++)
            if (jpeg->coef_bits[c][k] != 0)
                return false;
    }
    return true;
}

static octet_status decode(struct job *job, int *orientation)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    if (setjmp(job->escape))
        return job->status;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &job->progress;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(jpeg, job->file->bytes, (unsigned long)job->file->size);
    jpeg_read_header(jpeg, TRUE);
    *orientation = find_orientation(jpeg);
    int components = jpeg->num_components;
    if (components != 1 && components != 3 && components != 4)
        return oct_fail(job->ctx, OCTET_UNSUPPORTED_IMAGE, "%s: JPEG: has %d components",
                        job->file->name, components);
    octet_status status = oct_image_create(job->ctx, job->file->name, jpeg->image_width,
                                           jpeg->image_height, &job->image);
    if (status)
        return status;
    jpeg->out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg_start_decompress(jpeg);
    read_rows(job);
    const bool complete = is_complete(jpeg); /* finishing frees what it looks at */
    jpeg_finish_decompress(jpeg);
    if (job->ended && !complete)
        escape(job, OCTET_BAD_FORMAT, CUT_OFF);
    return OCTET_OK;
}

octet_status oct_jpeg_decode(octet_context *ctx, const struct oct_encoded *file,
                             octet_image **image, int *orientation)
{
    *image = NULL;
    *orientation = 1;
    struct job job = {.ctx = ctx, .file = file};
    job.jpeg.err = jpeg_std_error(&job.errors);
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    job.errors.output_message = on_output;
    job.progress.progress_monitor = on_progress;
    job.jpeg.client_data = &job; /* jpeg_create_decompress() keeps it, and may fail */
    octet_status status = decode(&job, orientation);
    jpeg_destroy_decompress(&job.jpeg);
    if (status)
        oct_image_free(job.image);
    else
        *image = job.image;
    return status;
}
