/* SPDX-License-Identifier: Apache-2.0 */
/* The table of activations, and what each is. */
#include "network/activations.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct oct_activation_row rows[OCT_ACTIVATION_COUNT] = {
    [OCT_ACTIVATION_NONE] = {"none", "", "Add", false},
    [OCT_ACTIVATION_SILU] = {"silu", "SiLU", "SiLU+Add", false},
    [OCT_ACTIVATION_RELU] = {"relu", "ReLU", "ReLU+Add", false},
    [OCT_ACTIVATION_LEAKY_RELU] = {"leaky_relu", "LeakyReLU", "LeakyReLU+Add", true},
    [OCT_ACTIVATION_HARDSWISH] = {"hardswish", "HardSwish", "HardSwish+Add", false},
    [OCT_ACTIVATION_GELU] = {"gelu", "GELU", "GELU+Add", false},
    [OCT_ACTIVATION_GELU_TANH] = {"gelu_tanh", "GELU", "GELU+Add", false},
};

const struct oct_activation_row *oct_activation_row(enum oct_activation activation)
{
    return &rows[activation];
}

int oct_activation_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i].name) == 0)
            return (int)i;
    return -1;
}

double oct_activation_exact(enum oct_activation activation, double slope, double y)
{
    switch (activation) {
    case OCT_ACTIVATION_SILU:
        return y / (1.0 + exp(-y));
    case OCT_ACTIVATION_RELU:
        return y > 0.0 ? y : 0.0;
    case OCT_ACTIVATION_LEAKY_RELU:
        return y > 0.0 ? y : y * slope;
    case OCT_ACTIVATION_HARDSWISH:
        return y * fmin(fmax(y / 6.0 + 0.5, 0.0), 1.0);
    case OCT_ACTIVATION_GELU:
        return 0.5 * y * (1.0 + erf(y * 0.70710678118654752440));
    case OCT_ACTIVATION_GELU_TANH:
        return 0.5 * y * (1.0 + tanh(0.79788456080286535588 * (y + 0.044715 * y * y * y)));
    case OCT_ACTIVATION_NONE:
    case OCT_ACTIVATION_COUNT:
        break;
    }
    return y;
}

float oct_activation_value(enum oct_activation activation, float slope, float y)
{
    return (float)oct_activation_exact(activation, (double)slope, (double)y);
}
