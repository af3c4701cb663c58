/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of files by their first bytes. */
#include "base/content.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LOOKED_AT 65536 /* bytes at either end of an archive, at the start of a header */

#define EXPORT_ONNX "export it to ONNX (yolo export model=FILE.pt format=onnx)"
#define EXPORT_INSTEAD "give octet the ONNX file that it was made from, or " EXPORT_ONNX
#define UNPACK "unpack it and give octet the .onnx file in it"

/* ---- by bytes at a fixed place ---- */

static const struct known {
    size_t at, length;
    const char *magic;
    struct oct_content content;
} known[] = {
    {0, 4, "ftrt", {"a TensorRT engine", EXPORT_INSTEAD}},
    {0, 4, "ptrt", {"a TensorRT engine", EXPORT_INSTEAD}},
    {0, 4, "TRT-", {"a TensorRT calibration cache", "it goes with octet build --trt-cache"}},
    {4, 4, "TFL3", {"a TensorFlow Lite model (.tflite)", EXPORT_INSTEAD}},
    {4, 4, "ORTM", {"a model in ONNX Runtime's own format (.ort)", EXPORT_INSTEAD}},
    {0, 8, "7767517\n", {"an ncnn model (.param)", EXPORT_INSTEAD}},
    {0, 4, "RKNN", {"a Rockchip model (.rknn)", EXPORT_INSTEAD}},
    {0, 4, "\x01HEF", {"a Hailo model (.hef)", EXPORT_INSTEAD}},
    {0, 8, "\x89HDF\r\n\x1a\n", {"an HDF5 file (Keras .h5)", EXPORT_INSTEAD}},
    {0,
     14,
     "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19",
     {"a PyTorch checkpoint (.pt)", EXPORT_ONNX}},
    {0, 2, "\x80\x02", {"a Python pickle", EXPORT_ONNX}},
    {0, 2, "\x80\x03", {"a Python pickle", EXPORT_ONNX}},
    {0, 2, "\x80\x04", {"a Python pickle", EXPORT_ONNX}},
    {0, 2, "\x80\x05", {"a Python pickle", EXPORT_ONNX}},
    {0, 6, "\x93NUMPY", {"a NumPy array (.npy)", ""}},
    {0, 2, "\x1f\x8b", {"a gzip archive", UNPACK}},
    {0,
     6,
     "\xfd"
     "7zXZ\0",
     {"an xz archive", UNPACK}},
    {0, 4, "\x28\xb5\x2f\xfd", {"a Zstandard archive", UNPACK}},
    {0, 3, "BZh", {"a bzip2 archive", UNPACK}},
    {0, 6, "7z\xbc\xaf\x27\x1c", {"a 7z archive", UNPACK}},
    {0, 4, "Rar!", {"a RAR archive", UNPACK}},
    {257, 5, "ustar", {"a tar archive", UNPACK}},
    {0, 3, "\xff\xd8\xff", {"a JPEG picture", ""}},
    {0, 8, "\x89PNG\r\n\x1a\n", {"a PNG picture", ""}},
    {8, 4, "WEBP", {"a WebP picture", ""}},
    {0, 3, "P5\n", {"a PGM picture", ""}},
    {0, 3, "P6\n", {"a PPM picture", ""}},
    {0, 4, "GIF8", {"a GIF picture", ""}},
    {0, 4, "II*\0", {"a TIFF picture", ""}},
    {0, 4, "MM\0*", {"a TIFF picture", ""}},
    {4, 4, "ftyp", {"a video, or a HEIC or AVIF picture", ""}},
    {0, 4, "\x1a\x45\xdf\xa3", {"a Matroska or WebM video", ""}},
    {0, 4, "%PDF", {"a PDF document", ""}},
    {0,
     4,
     "\x7f"
     "ELF",
     {"a program or library", ""}},
};

/* ---- by what is in it ---- */

static bool contains(const char *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* An archive names what is in it before each file, and again at its end. */
static bool archive_has(const char *bytes, size_t size, const char *text)
{
    const size_t part = size < LOOKED_AT ? size : LOOKED_AT;
    return contains(bytes, part, text) || contains(bytes + size - part, part, text);
}

static const struct oct_content *in_zip(const char *bytes, size_t size)
{
    static const struct {
        const char *text;
        struct oct_content content;
    } kinds[] = {
        {"constants.pkl", {"a TorchScript model (.torchscript)", EXPORT_INSTEAD}},
        {"data.pkl", {"a PyTorch checkpoint (.pt)", EXPORT_ONNX}},
        {"model.weights.h5", {"a Keras model (.keras)", EXPORT_INSTEAD}},
        {".mlmodel", {"a Core ML package", EXPORT_INSTEAD}},
        {".npy", {"NumPy arrays (.npz)", ""}},
    };
    static const struct oct_content zip = {"a ZIP archive", UNPACK};
    if (size < 4 || memcmp(bytes, "PK\x03\x04", 4) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (archive_has(bytes, size, kinds[i].text))
            return &kinds[i].content;
    return &zip;
}

/* Ultralytics writes the length and the text of its metadata before a TensorRT engine. */
static const struct oct_content *in_trt(const char *bytes, size_t size)
{
    static const struct oct_content trt = {"a TensorRT engine (.engine)", EXPORT_INSTEAD};
    size_t length = 0;
    for (int i = 3; i >= 0 && size > 8; i--)
        length = length << 8 | (uint8_t)bytes[i];
    if (size <= 8 || bytes[4] != '{' || length < 2 || length > size - 8)
        return NULL;
    return memcmp(bytes + 4 + length + 1, "trt", 3) == 0 ? &trt : NULL; /* "ftrt" or "ptrt" */
}

static const struct oct_content *in_safetensors(const char *bytes, size_t size)
{
    static const struct oct_content engine = {"an octet engine", ""},
                                    statistics = {"calibration statistics of octet", ""},
                                    other = {"a safetensors file", EXPORT_ONNX};
    if (size < 10 || bytes[8] != '{' || memcmp(bytes + 5, "\0\0\0", 3) != 0)
        return NULL;
    const size_t part = size < LOOKED_AT ? size : LOOKED_AT;
    if (!contains(bytes, part, "\"octet.kind\""))
        return &other;
    return contains(bytes, part, "\"octet.statistics\"") ? &statistics : &engine;
}

/* ---- text ---- */

static bool is_text(const char *bytes, size_t size)
{
    const size_t part = size < 512 ? size : 512;
    for (size_t i = 0; i < part; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if (c == 0x7f || (c < ' ' && !strchr("\t\n\r\f", c)) || c == 0)
            return false;
    }
    return part > 0;
}

static const struct oct_content *in_text(const char *bytes, size_t size)
{
    static const struct {
        const char *start; /* of the file, in letters of either case */
        const char *within;
        struct oct_content content;
    } kinds[] = {
        {"version https://git-lfs.github.com/spec",
         "",
         {"a Git LFS pointer", "fetch the file itself with git lfs pull"}},
        {"/annex/objects/",
         "",
         {"a git-annex pointer", "fetch the file itself with git annex get"}},
        {"<!DOCTYPE html", "", {"a web page (HTML)", "the download failed, repeat it"}},
        {"<html", "", {"a web page (HTML)", "the download failed, repeat it"}},
        {"<?xml", "<net ", {"an OpenVINO model (.xml)", EXPORT_INSTEAD}},
        {"<net ", "", {"an OpenVINO model (.xml)", EXPORT_INSTEAD}},
        {"<?xml", "", {"an XML file", ""}},
        {"{", "", {"a JSON file", ""}},
        {"", "", {"a text file", ""}},
    };
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    while (size && strchr(" \t\r\n", *bytes) && *bytes) {
        bytes++;
        size--;
    }
    if (!is_text(bytes, size))
        return NULL;
    const size_t part = size < LOOKED_AT ? size : LOOKED_AT;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t length = strlen(kinds[i].start);
        if (size >= length && strncasecmp(bytes, kinds[i].start, length) == 0 &&
            contains(bytes, part, kinds[i].within))
            return &kinds[i].content;
    }
    return NULL;
}

/* An ONNX file begins with its version, in one byte, and then a text or the graph. */
static const struct oct_content *in_onnx(const char *bytes, size_t size)
{
    static const struct oct_content onnx = {"an ONNX model", ""};
    return size > 4 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 32 &&
                   (bytes[2] == 0x12 || bytes[2] == 0x3a)
               ? &onnx
               : NULL;
}

const struct oct_content *oct_recognise_content(const void *bytes, size_t size)
{
    static const struct oct_content *(*const looks[])(const char *, size_t) = {
        in_zip, in_trt, in_safetensors, in_onnx, in_text};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (size >= known[i].at + known[i].length &&
            memcmp((const char *)bytes + known[i].at, known[i].magic, known[i].length) == 0)
            return &known[i].content;
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        const struct oct_content *content = size ? looks[i](bytes, size) : NULL;
        if (content)
            return content;
    }
    return NULL;
}
