/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels that are no convolutions, and the scalar definitions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bfloat16.h"
#include "kernels/check.h"
#include "network/float_functions.h"
#include "network/network.h"
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/transformed.h"

bool check_silu(void)
{
    float before = oct_silu(-1.25f);
    for (int i = -2000000; i <= 2000000; i++) {
        const float y = (float)i * 1e-5f;
        const double error = fabs(oct_silu(y) - y / (1 + exp(-(double)y)));
        if (!(error <= 6e-5))
            return check_failed("SiLU(%.9g) is off by %.3g", (double)y, error);
        if (y >= -1.25f) {
            if (oct_silu(y) < before)
                return check_failed("SiLU falls at %.9g", (double)y);
            before = oct_silu(y);
        }
    }
    for (int i = -870000; i <= 870000; i += 7) {
        const float y = (float)i * 1e-4f;
        const double real = y / (1 + exp(-(double)y));
        if (!(fabs(oct_silu_value(y) - real) <= 3e-7 * fabs(real)))
            return check_failed("floats' SiLU(%.9g) is %.9g, really %.9g", (double)y,
                                (double)oct_silu_value(y), real);
    }
    if (oct_silu(0.0f) != 0.0f || oct_silu(1e30f) != 1e30f || oct_silu(-1e30f) != 0.0f)
        return check_failed("SiLU of 0 or of large values");
    const float nan = oct_silu(NAN);
    return nan != nan || check_failed("SiLU(NaN) is a number");
}

/* Of the activations other than SiLU: how far off each may be, by its definition. */
static double most_off(enum oct_activation activation, double y)
{
    const bool gelu = activation == OCT_ACTIVATION_GELU || activation == OCT_ACTIVATION_GELU_TANH;
    return (gelu ? 6.6e-6 : 0.0) + 1.2e-7 * fabs(y); /* roundings of y, or of half of it */
}

bool check_activations(void)
{
    const float slope = 0.1f;
    for (int a = OCT_ACTIVATION_RELU; a < OCT_ACTIVATION_COUNT; a++) {
        const enum oct_activation activation = (enum oct_activation)a;
        for (int i = -2000000; i <= 2000000; i++) {
            const float y = (float)i * 1e-5f;
            const double exact = oct_activation_exact(activation, (double)slope, (double)y);
            const double off = fabs((double)oct_activate(activation, slope, y) - exact);
            if (!(off <= most_off(activation, (double)y)))
                return check_failed("%s(%.9g) is off by %.3g", oct_activation_row(activation)->name,
                                    (double)y, off);
        }
        const float far = oct_activate(activation, slope, -1e30f);
        if (oct_activate(activation, slope, 0.0f) != 0.0f ||
            oct_activate(activation, slope, 1e30f) != 1e30f ||
            (activation == OCT_ACTIVATION_LEAKY_RELU ? far != -1e30f * slope : far != 0.0f))
            return check_failed("%s of 0 or of large values", oct_activation_row(activation)->name);
    }
    return true;
}

bool check_requantize(void)
{
    static const struct {
        float value, inverse_scale;
        int zero_point, code;
    } known[] = {
        {0.5f, 1.0f, 0, 0},
        {1.5f, 1.0f, 0, 2},
        {2.5f, 1.0f, 10, 12},
        {-0.5f, 1.0f, 7, 7},
        {-1.5f, 1.0f, 7, 5},
        {-7.5f, 1.0f, 7, 0},
        {1e30f, 1e30f, 3, 255},
        {-1e30f, 1e30f, 3, 0},
        {NAN, 1.0f, 3, 255},
        {255.49f, 1.0f, 0, 255},
        {1.0f, 10.0f, 250, 255},
        {-1e9f, 1.0f, 255, 0},
        {2147483648.0f, 1.0f, 0, 255},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const int code =
            oct_requantize(known[i].value, known[i].inverse_scale, known[i].zero_point);
        if (code != known[i].code)
            return check_failed("case %zu gives %d, not %d", i, code, known[i].code);
    }
    return true;
}

bool check_cpu_parse(void)
{
    struct octet_context ctx = {.message = ""};
    const unsigned machine = oct_cpu_sets();
    unsigned sets = 0;
    static const char *const whole[] = {NULL, "", "max"};
    for (int i = 0; i < 3; i++) {
        if (oct_cpu_parse(&ctx, whole[i], &sets) != OCTET_OK || sets != machine)
            return check_failed("\"max\" is not all that the machine has");
    }
    for (unsigned set = OCT_CPU_REF; oct_cpu_set_name(set); set <<= 1) {
        const octet_status status = oct_cpu_parse(&ctx, oct_cpu_set_name(set), &sets);
        if (status != (machine & set ? OCTET_OK : OCTET_UNSUPPORTED_CPU))
            return check_failed("%s: status %d", oct_cpu_set_name(set), (int)status);
        if (status == OCTET_OK && sets != (machine & (2 * set - 1)))
            return check_failed("%s gives sets %x", oct_cpu_set_name(set), sets);
    }
    if (oct_cpu_parse(&ctx, "ref,ref", &sets) != OCTET_OK || sets != OCT_CPU_REF)
        return check_failed("a list gives sets %x", sets);
    static const char *const wrong[] = {"sse9", "ref,", ",ref", "REF", "ref avx2", "avx", "refs"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ctx.message[0] = '\0';
        if (oct_cpu_parse(&ctx, wrong[i], &sets) != OCTET_UNSUPPORTED_CPU || !ctx.message[0])
            return check_failed("\"%s\" is taken", wrong[i]);
    }
    if (oct_cpu_enable(OCT_CPU_REF) != OCT_CPU_REF)
        return check_failed("the system is asked for what no set needs");
#if defined(__x86_64__)
    if (!(machine & OCT_CPU_AMX) && oct_cpu_enable(OCT_CPU_REF | OCT_CPU_AMX) != OCT_CPU_REF)
        return check_failed("a system without AMX gave leave to use it");
#endif
    char name[8];
    oct_cpu_name(name, sizeof name);
    return strlen(name) > 0 || check_failed("the processor has no name");
}

/* Two equal buffers with random bytes, one for the reference. */
struct twins {
    struct check_memory expected, output;
};

static struct twins make_twins(struct check_random *random, size_t size)
{
    struct twins twins = {check_allocate(random, size, 0), check_allocate(random, size, 0)};
    memcpy(twins.expected.bytes, twins.output.bytes, size);
    return twins;
}

static bool finish_twins(struct twins *twins, struct check_memory *input, const char *text)
{
    const bool whole = check_whole(&twins->output) && check_whole(input);
    const bool same = memcmp(twins->expected.bytes, twins->output.bytes, twins->output.size) == 0;
    check_release(&twins->expected);
    check_release(&twins->output);
    check_release(input);
    if (!whole)
        return check_failed("%s: wrote outside its memory", text);
    return same || check_failed("%s: differs from the reference", text);
}

static void number_halves(struct check_random *random, enum oct_type type,
                          struct check_memory *memory)
{
    uint16_t *halves = (uint16_t *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / 2; i++)
        halves[i] = check_half_of(type, check_float(random, -9.0f, 9.0f));
}

static void number_floats(struct check_random *random, struct check_memory *memory)
{
    float *values = (float *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / 4; i++)
        values[i] = check_float(random, -9.0f, 9.0f);
}

enum oct_type check_half_type(const struct oct_kernels *kernels)
{
    return kernels->half_storage == OCT_TYPE_F16 ? OCT_TYPE_F16 : OCT_TYPE_BF16;
}

const struct oct_conv_kernel *const *check_kernels(const struct oct_kernel_list *list,
                                                   enum oct_type type, int *count)
{
    const enum oct_type half = list->sets & OCT_CPU_FP16 ? OCT_TYPE_F16 : OCT_TYPE_BF16;
    *count = type == OCT_TYPE_U8    ? list->conv_u8_count
             : type == OCT_TYPE_F32 ? list->conv_f32_count
             : type == half         ? list->conv_half_count
                                    : 0;
    return type == OCT_TYPE_U8    ? list->conv_u8
           : type == OCT_TYPE_F32 ? list->conv_f32
                                  : list->conv_half;
}

const struct oct_conv_kernel *check_chosen(const struct oct_kernels *kernels, enum oct_type type,
                                           const struct oct_conv_shape *shape)
{
    return type == OCT_TYPE_U8    ? kernels->choose_conv_u8(shape)
           : type == OCT_TYPE_F32 ? kernels->choose_conv_f32(shape)
                                  : kernels->choose_conv_half(shape);
}

typedef void pool_function(const struct oct_pool_job *job, int row_begin, int row_end,
                           void *scratch);

/* Room for a tensor with `border` pixels around it. */
static size_t bordered(struct check_random *random, struct oct_view *view, int channels, int height,
                       int width, int border)
{
    view->pixel = (size_t)channels + 4u * (size_t)check_int(random, 0, 3);
    view->row = view->pixel * (size_t)(width + 2 * border) + 4u * (size_t)check_int(random, 0, 3);
    return (view->row * (size_t)(height + 2 * border - 1) +
            view->pixel * (size_t)(width + 2 * border - 1) + (size_t)channels) *
           oct_type_bytes(view->type);
}

enum { SMALL_KERNEL = 5 }; /* of most windows; a few means are of the largest */

/* Windows of any stride and padding, of which half reads the border as others read the picture. */
static void any_window(struct check_random *random, struct oct_pool_job *job, bool means)
{
    const int height = check_int(random, 1, 14), width = check_int(random, 1, 23);
    const bool same_size = !means && check_int(random, 0, 2) == 0;
    job->kernel = same_size ? 2 * check_int(random, 0, 3) + 1 : check_int(random, 1, SMALL_KERNEL);
    if (means && check_int(random, 0, 5) == 0)
        job->kernel = check_int(random, OCT_KERNEL_MAX - 3, OCT_KERNEL_MAX);
    job->stride = same_size ? 1 : check_int(random, 1, 3);
    job->padding = same_size ? job->kernel / 2 : check_int(random, 0, job->kernel - 1);
    const bool counts = means || (!same_size && check_int(random, 0, 1));
    int behind = same_size ? job->padding : check_int(random, 0, job->kernel - 1);
    while (job->padding + behind + (height < width ? height : width) < job->kernel)
        behind++, job->padding++; /* one pixel, and a window of several */
    job->padding = job->padding < job->kernel ? job->padding : job->kernel - 1;
    behind = behind < job->kernel ? behind : job->kernel - 1;
    job->height = (height + job->padding + behind - job->kernel) / job->stride + 1;
    job->width = (width + job->padding + behind - job->kernel) / job->stride + 1;
    job->first = counts ? -job->padding : 0;
    job->end_row = height + (counts ? behind : 0);
    job->end_column = width + (counts ? behind : 0);
}

/* Job, input, and room for two outputs. */
struct pool_case {
    struct oct_pool_job job;
    struct check_memory input;
    struct twins twins;
};

static struct pool_case make_pool(struct check_random *random, enum oct_type type, bool means)
{
    struct pool_case p = {.job.channels = 4 * check_int(random, 1, 40)};
    struct oct_pool_job *job = &p.job;
    any_window(random, job, means);
    /* as much as the largest kernel's padding */
    const bool large = means && job->kernel > SMALL_KERNEL;
    const int border = large ? OCT_KERNEL_MAX - 1 : SMALL_KERNEL - 1;
    struct oct_view in = {.type = type, .quantization = {0.03f, check_int(random, 0, 255)}};
    struct oct_view out = {.type = type, .quantization = {0.02f, check_int(random, 0, 255)}};
    out.inverse_scale = 1.0f / out.quantization.scale;
    const int height = job->end_row + (job->first ? 0 : border), width = job->end_column + border;
    const size_t size = bordered(random, &in, job->channels, height, width, border);
    const size_t bytes = bordered(random, &out, job->channels, job->height, job->width, 0);
    p.input = check_allocate(random, size, 64);
    if (type == OCT_TYPE_F32)
        number_floats(random, &p.input);
    if (check_is_half(type))
        number_halves(random, type, &p.input);
    for (size_t i = 0; type == OCT_TYPE_U8 && large && i < p.input.size; i++)
        p.input.bytes[i] |= 0xe0; /* sums beyond 2^15 */
    p.twins = make_twins(random, bytes);
    in.data = p.input.bytes + (size_t)border * (in.row + in.pixel) * oct_type_bytes(type);
    job->input = in;
    job->output = out;
    job->share =
        (type == OCT_TYPE_U8 ? in.quantization.scale : 1.0f) / (float)(job->kernel * job->kernel);
    return p;
}

static bool check_pool_by(const struct oct_kernels *kernels, pool_function *reference,
                          pool_function *pool, struct pool_case *p, struct check_random *random)
{
    struct oct_pool_job *job = &p->job;
    struct check_memory scratch = check_allocate(random, oct_pool_scratch_bytes_ref(job), 0);
    job->output.data = p->twins.expected.bytes;
    reference(job, 0, job->height, scratch.bytes);
    check_release(&scratch);
    scratch = check_allocate(random, kernels->pool_scratch_bytes(job), 0);
    job->output.data = p->twins.output.bytes;
    const int middle = check_int(random, 0, job->height);
    for (int part = 0; part < 2; part++)
        pool(job, part ? 0 : middle, part ? middle : job->height, scratch.bytes);
    const bool whole = check_whole(&scratch);
    check_release(&scratch);
    char text[120];
    snprintf(text, sizeof text, "%d channels, to %dx%d, kernel %d, stride %d, padding %d, %s",
             job->channels, job->width, job->height, job->kernel, job->stride, job->padding,
             job->first ? "which counts" : "which does not count");
    return finish_twins(&p->twins, &p->input, text) &&
           (whole || check_failed("%s: wrote outside its scratch", text));
}

bool check_pool(const struct oct_kernels *kernels, enum oct_type type, struct check_random *random)
{
    pool_function *const references[] = {oct_max_pool_u8_ref, oct_max_pool_f32_ref,
                                         oct_max_pool_bf16_ref, oct_max_pool_f16_ref};
    pool_function *const pools[] = {kernels->max_pool_u8, kernels->max_pool_f32,
                                    kernels->max_pool_half, kernels->max_pool_half};
    struct pool_case p = make_pool(random, type, false);
    return check_pool_by(kernels, references[type], pools[type], &p, random);
}

bool check_mean(const struct oct_kernels *kernels, struct check_random *random)
{
    const enum oct_type type = (enum oct_type)check_int(random, 0, CHECK_TYPES - 1);
    struct pool_case p = make_pool(random, type, true);
    return check_pool_by(kernels, oct_mean_pool_ref, kernels->mean_pool, &p, random);
}

bool check_upsample(const struct oct_kernels *kernels, struct check_random *random)
{
    const enum oct_type type = (enum oct_type)check_int(random, 0, CHECK_TYPES - 1);
    const size_t bytes = oct_type_bytes(type);
    const int channels = 4 * check_int(random, 1, 70), width = 2 * check_int(random, 1, 12),
              height = 2 * check_int(random, 1, 5);
    struct oct_view in = {.type = type,
                          .pixel = (size_t)channels + 4u * (size_t)check_int(random, 0, 3)};
    struct oct_view out = {.type = type,
                           .pixel = (size_t)channels + 4u * (size_t)check_int(random, 0, 3)};
    in.row = in.pixel * (size_t)(width / 2) + 4;
    out.row = out.pixel * (size_t)width + 8;
    const size_t in_size =
        in.row * (size_t)(height / 2 - 1) + in.pixel * (size_t)(width / 2 - 1) + (size_t)channels;
    const size_t out_size =
        out.row * (size_t)(height - 1) + out.pixel * (size_t)(width - 1) + (size_t)channels;
    struct check_memory input = check_allocate(random, in_size * bytes, 64);
    struct twins twins = make_twins(random, out_size * bytes);
    in.data = input.bytes;
    out.data = twins.expected.bytes;
    oct_upsample2_ref(&in, &out, channels, width, 0, height);
    out.data = twins.output.bytes;
    const int middle = check_int(random, 0, height);
    kernels->upsample2(&in, &out, channels, width, middle, height);
    kernels->upsample2(&in, &out, channels, width, 0, middle);
    char text[100];
    snprintf(text, sizeof text, "%d channels, to %dx%d, %zu bytes each", channels, width, height,
             bytes);
    return finish_twins(&twins, &input, text);
}

/* Values that spread over all codes, beyond both ends, onto ties and NaN. */
static void number_steps(struct check_random *random, struct check_memory *memory, float scale)
{
    float *values = (float *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / 4; i++) {
        const float steps = check_float(random, -300.0f, 300.0f);
        const int kind = check_int(random, 0, 19);
        values[i] = kind == 0 ? NAN : kind < 6 ? (floorf(steps) + 0.5f) * scale : steps * scale;
    }
}

bool check_convert(const struct oct_kernels *kernels, struct check_random *random)
{
    const int from = check_int(random, 0, CHECK_TYPES - 1);
    const int to = (from + check_int(random, 1, CHECK_TYPES - 1)) % CHECK_TYPES;
    const int channels = 4 * check_int(random, 1, 40), width = check_int(random, 1, 12),
              height = check_int(random, 1, 6);
    const float scale = check_int(random, 0, 1) ? check_float(random, 0.001f, 2.0f) : 0.125f;
    struct oct_view views[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        struct oct_view *view = &views[i];
        *view = (struct oct_view){.type = (enum oct_type)(i ? to : from),
                                  .quantization = {scale, check_int(random, 0, 255)},
                                  .inverse_scale = 1.0f / scale};
        view->pixel = (size_t)channels + 4u * (size_t)check_int(random, 0, 3);
        view->row = view->pixel * (size_t)width + 4u * (size_t)check_int(random, 0, 2);
        size[i] = (view->row * (size_t)(height - 1) + view->pixel * (size_t)(width - 1) +
                   (size_t)channels) *
                  oct_type_bytes(view->type);
    }
    struct oct_view *in = &views[0], *out = &views[1];
    struct check_memory input = check_allocate(random, size[0], 64);
    if (in->type == OCT_TYPE_F32)
        number_steps(random, &input, scale);
    else if (check_is_half(in->type))
        number_halves(random, in->type, &input);
    struct twins twins = make_twins(random, size[1]);
    in->data = input.bytes;
    out->data = twins.expected.bytes;
    oct_convert_ref(in, out, channels, width, 0, height);
    out->data = twins.output.bytes;
    const int middle = check_int(random, 0, height);
    kernels->convert(in, out, channels, width, middle, height);
    kernels->convert(in, out, channels, width, 0, middle);
    char text[100];
    snprintf(text, sizeof text, "%d channels, %dx%d, from %s to %s", channels, width, height,
             oct_type_name((enum oct_type)from), oct_type_name((enum oct_type)to));
    return finish_twins(&twins, &input, text);
}

bool check_pixels(const struct oct_kernels *kernels, struct check_random *random)
{
    const size_t pixels = (size_t)check_int(random, 1, 300);
    struct check_memory input = check_allocate(random, 4 * pixels, 0);
    struct twins twins = make_twins(random, 16 * pixels);
    oct_pixels_to_float_ref(input.bytes, (float *)(void *)twins.expected.bytes, pixels);
    kernels->pixels_to_float(input.bytes, (float *)(void *)twins.output.bytes, pixels);
    struct check_memory again = check_allocate(random, 4 * pixels, 0);
    struct twins halves = make_twins(random, 8 * pixels);
    for (size_t i = 0; i < 4 * pixels; i++)
        ((uint16_t *)(void *)halves.expected.bytes)[i] =
            check_half_of(check_half_type(kernels), (float)again.bytes[i] * (1.0f / 255.0f));
    kernels->pixels_to_half(again.bytes, (uint16_t *)(void *)halves.output.bytes, pixels);
    const bool good = finish_twins(&halves, &again, "pixels to half");
    return finish_twins(&twins, &input, "pixels") && good;
}

bool check_burn(const struct oct_kernels *kernels)
{
    if (kernels->burn_u8(1000) < 1000 || kernels->burn_f32(1000) < 1000 ||
        kernels->burn_half(1000) < 1000)
        return check_failed("a burn loop reports too little work");
    return true;
}

/* Every choice for a shape must be a whole kernel, of F32 one that computes what all do. */
bool check_choice(const struct oct_kernels *kernels, struct check_random *random)
{
    const int channels = 4 * check_int(random, 1, check_int(random, 0, 1) ? 16 : 160);
    const int large = check_int(random, 0, 1) ? 16 : 400;
    const struct oct_conv_shape shape = {.input_channels = channels,
                                         .output_channels = 4 * check_int(random, 1, 160),
                                         .kernel = 1 + 2 * check_int(random, 0, 2),
                                         .stride = check_int(random, 1, 2),
                                         .output_height = check_int(random, 1, large),
                                         .output_width = check_int(random, 1, large),
                                         .input_pixel = channels + 4 * check_int(random, 0, 9),
                                         .reach = check_int(random, 0, 3) ? INT32_MAX : 1 << 20};
    const enum oct_type types[] = {OCT_TYPE_U8, OCT_TYPE_F32, check_half_type(kernels)};
    for (int i = 0; i < 3; i++) {
        const enum oct_type type = types[i];
        const struct oct_conv_kernel *kernel = check_chosen(kernels, type, &shape);
        if (!kernel || !kernel->name || !kernel->packed_bytes || !kernel->pack ||
            !kernel->scratch_bytes || !kernel->run || kernel->tile_pixels < 1 ||
            kernel->tile_channels < 1 || (kernel->fits && !kernel->fits(&shape)))
            return check_failed("no kernel for %d channels to %d", shape.input_channels,
                                shape.output_channels);
        /* what F32 computes must not depend on the set */
        if (type == OCT_TYPE_F32 &&
            (kernel->fits != NULL) != oct_is_transformed(&shape, OCT_WINOGRAD_PIXELS_F32))
            return check_failed("%s for %dx%d pixels of %d channels", kernel->name,
                                shape.output_width, shape.output_height, shape.input_channels);
    }
    return true;
}
