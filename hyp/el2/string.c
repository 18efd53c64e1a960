/* SPDX-License-Identifier: BSD-3-Clause */
/* memset and friends for EL2: words at a time where alignment allows; no FP registers. */
#include <stdint.h>
#include <core/string.h>

void *memset(void *to, int value, size_t bytes)
{
	unsigned char *at = to;
	uint64_t word = (unsigned char)value * 0x0101010101010101ull;

	while (bytes && ((uintptr_t)at & 7)) {
		*at++ = (unsigned char)value;
		bytes--;
	}
	for (; bytes >= 32; bytes -= 32, at += 32) {
		volatile uint64_t *words = (void *)at;

		words[0] = word;
		words[1] = word;
		words[2] = word;
		words[3] = word;
	}
	for (; bytes >= 8; bytes -= 8, at += 8) {
		*(volatile uint64_t *)(void *)at = word;
	}
	while (bytes--) {
		*at++ = (unsigned char)value;
	}
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if ((((uintptr_t)d | (uintptr_t)s) & 7) == 0) {
		for (; bytes >= 8; bytes -= 8, d += 8, s += 8) {
			*(volatile uint64_t *)(void *)d = *(const uint64_t *)(const void *)s;
		}
	}
	while (bytes--) {
		*(volatile unsigned char *)d++ = *s++;
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; bytes; bytes--, x++, y++) {
		if (*x != *y) {
			return *x - *y;
		}
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t n = 0;

	while (((const volatile char *)text)[n]) {
		n++;
	}
	return n;
}
