// SPDX-License-Identifier: BSD-3-Clause
/*
 * suggest.c: edit distance (insert, delete, replace, swap of neighbours all cost 1) between short
 * words.
 *
 * A name is near enough when at most a third of the word, and at least one letter, differs; a word
 * that is the beginning of a name counts as distance 1.
 */
#include "options/suggest.h"

#include <string.h>

#define SUGGEST_MAX_LENGTH 40

static size_t suggest_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance; both lengths at most SUGGEST_MAX_LENGTH. */
static size_t suggest_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[SUGGEST_MAX_LENGTH + 1][SUGGEST_MAX_LENGTH + 1];

	for (size_t i = 0; i <= na; i++) {
		for (size_t j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				row[i][j] = i + j;
				continue;
			}
			row[i][j] = suggest_min(row[i - 1][j], row[i][j - 1]) + 1;
			row[i][j] =
				suggest_min(row[i][j], row[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[i][j] = suggest_min(row[i][j], row[i - 2][j - 2] + 1);
			}
		}
	}
	return row[na][nb];
}

void suggest_init(struct suggest *suggest, const char *word, size_t length)
{
	*suggest = (struct suggest){.word = word, .length = length, .distance = (size_t)-1};
}

void suggest_offer(struct suggest *suggest, const char *name)
{
	size_t length = strlen(name), distance;

	if (suggest->length > SUGGEST_MAX_LENGTH || length > SUGGEST_MAX_LENGTH) {
		return;
	}
	distance = suggest_distance(suggest->word, suggest->length, name, length);
	if (suggest->length >= 2 && strncmp(suggest->word, name, suggest->length) == 0) {
		distance = 1;
	}
	if (distance < suggest->distance) {
		suggest->distance = distance;
		suggest->best = name;
	}
}

const char *suggest_best(const struct suggest *suggest)
{
	size_t allowed = suggest->length < 4 ? 1 : (suggest->length + 1) / 3;

	return suggest->best && suggest->distance <= allowed ? suggest->best : NULL;
}
