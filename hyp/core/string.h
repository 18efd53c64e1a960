/* SPDX-License-Identifier: BSD-3-Clause */
/* The few C library functions that EL2 has; the compiler may call the first three itself. */
#ifndef CORE_STRING_H
#define CORE_STRING_H

#include <stddef.h>

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);

#endif
