// SPDX-License-Identifier: BSD-3-Clause
/*
 * libc.c: the few C library functions that this loader, libfdt and the compiler call. Short rather
 * than fast: the largest copy is the RM's image.
 */
#include "firmware.h"

#include <stdlib.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	return memmove(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f) {
		for (; bytes >= 8; bytes -= 8, t += 8, f += 8) {
			uint64_t word;

			__builtin_memcpy(&word, f, sizeof(word));
			__builtin_memcpy(t, &word, sizeof(word));
		}
		while (bytes--) {
			*t++ = *f++;
		}
	} else {
		while (bytes--) {
			t[bytes] = f[bytes];
		}
	}
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	uint64_t word = 0x0101010101010101ull * (unsigned char)value;
	unsigned char *t = to;

	for (; bytes >= 8; bytes -= 8, t += 8) {
		__builtin_memcpy(t, &word, sizeof(word));
	}
	while (bytes--) {
		*t++ = (unsigned char)value;
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *p = a, *q = b;

	for (; bytes; bytes--, p++, q++) {
		if (*p != *q) {
			return *p - *q;
		}
	}
	return 0;
}

void *memchr(const void *from, int c, size_t bytes)
{
	for (const unsigned char *p = from; bytes; bytes--, p++) {
		if (*p == (unsigned char)c) {
			return (void *)(uintptr_t)p;
		}
	}
	return NULL;
}

size_t strnlen(const char *s, size_t most)
{
	const char *end = memchr(s, '\0', most);

	return end ? (size_t)(end - s) : most;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
	}
	return n;
}

int strncmp(const char *a, const char *b, size_t most)
{
	for (; most; most--, a++, b++) {
		if (*a != *b || !*a) {
			return (unsigned char)*a - (unsigned char)*b;
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~(size_t)0);
}

char *strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		found = *s == (char)c ? s : found;
	} while (*s++);
	return (char *)(uintptr_t)found;
}

/* Debian's libfdt is compiled with stack protection. */
uintptr_t __stack_chk_guard = 0x57ac6ca4a47100ffull;

void __stack_chk_fail(void)
{
	firmware_say("stack overrun in the loader; this is a bug in hyp.efi");
	firmware_release();
	for (;;) {
		__asm__ volatile("wfi");
	}
}
