/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of another day: it starts, and has nothing else of what octet asks for. */
__attribute__((visibility("default"))) int cuInit(unsigned flags);
__attribute__((visibility("default"))) int cuGetErrorString(int result, const char **text);

int cuInit(unsigned flags)
{
    (void)flags;
    return 0;
}

int cuGetErrorString(int result, const char **text)
{
    (void)result;
    *text = "old";
    return 0;
}
