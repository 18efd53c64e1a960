// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vcache.c - copies of guest vector registers in xmm registers, within one block.
 *
 * A result is stored when its copy gives way to another, or at the next exit, unless it has been
 * replaced by then: most are intermediate. Where a cold path calls C it stores what is newer than
 * memory first, and loads afterwards what the hot path will rely on. Replacement is round-robin,
 * but scratch values (IR_VT0 ...), which have no home, stay until their instruction ends.
 *
 * A loop of one block is emitted twice: once to see which vectors it reads before it writes them,
 * and then with these in registers of their own, loaded before the loop's head. The code within
 * only reads from there; what it has written is moved there at the jump back, and stored when the
 * loop is left.
 */
#include <emmintrin.h>
#include <string.h>

#include "x64_emit.h"

#define FIRST_COPY 4
#define NR_XMM     16

#define OP_MOVAPS       (X64_0F | 0x28)
#define OP_MOVD         (X64_66 | X64_0F | 0x6e)
#define OP_MOVQ         (X64_F3 | X64_0F | 0x7e)
#define OP_MOVAPS_STORE (X64_0F | 0x29)

static void store(struct emit *e, unsigned int n, unsigned int xmm)
{
	x64_rm(e->b, false, OP_MOVAPS_STORE, xmm, emit_vector_reg(n));
}

static void load(struct emit *e, unsigned int n, unsigned int xmm)
{
	x64_rm(e->b, false, OP_MOVAPS, xmm, emit_vector_reg(n));
}

/* The lowest 1 << size bytes alone. */
static void load_scalar(struct emit *e, unsigned int n, unsigned int xmm, unsigned int size)
{
	x64_rm(e->b, false, size == 3 ? OP_MOVQ : OP_MOVD, xmm, emit_vector_reg(n));
}

/* The lowest of a set, which is not empty. */
static unsigned int first(uint32_t vectors)
{
	return (unsigned int)__builtin_ctz(vectors);
}

void emit_vector_forget(struct emit *e)
{
	e->vectors_newer = 0;
	e->scalars[0] = 0;
	e->scalars[1] = 0;
	memset(e->vector_part, 0, sizeof(e->vector_part));
	memset(e->vector_host, -1, sizeof(e->vector_host));
	memset(e->vector_guest, -1, sizeof(e->vector_guest));
}

static void forget_copy(struct emit *e, unsigned int xmm)
{
	if (e->vector_guest[xmm] >= 0) {
		e->vector_host[e->vector_guest[xmm]] = -1;
		e->vector_guest[xmm] = -1;
	}
}

struct x64_mem emit_vector_home(struct emit *e, unsigned int n)
{
	if (e->vectors_newer >> n & 1) {
		store(e, n, (unsigned int)e->vector_host[n]);
		e->vectors_newer &= ~(1u << n);
	}
	return emit_vector_reg(n);
}

void emit_vector_store(struct emit *e)
{
	while (e->vectors_newer) {
		emit_vector_home(e, first(e->vectors_newer));
	}
}

/* May the copy not be replaced now? */
static bool is_held(const struct emit *e, unsigned int xmm)
{
	return e->vector_busy >> xmm & 1 || e->vector_guest[xmm] >= IR_VT0;
}

static void note_held(struct emit *e)
{
	unsigned int held = 0;

	for (unsigned int xmm = FIRST_COPY; xmm < NR_XMM; xmm++) {
		held += is_held(e, xmm);
	}
	if (held > e->vectors_held) {
		e->vectors_held = held;
	}
}

/* What is above the scalar is not known to be zero. */
static void note_whole(struct emit *e, unsigned int xmm)
{
	e->scalars[0] &= (uint16_t) ~(1u << xmm);
	e->scalars[1] &= (uint16_t) ~(1u << xmm);
	e->vector_part[xmm] = 0;
}

static void note_scalar(struct emit *e, unsigned int xmm, unsigned int size)
{
	for (unsigned int i = size - 2; i < 2; i++) {
		e->scalars[i] |= (uint16_t)(1u << xmm);
	}
}

unsigned int emit_vector_def(struct emit *e)
{
	unsigned int xmm;

	do {
		xmm = FIRST_COPY + e->nr_kept + e->vector_next;
		e->vector_next = (e->vector_next + 1) % (NR_XMM - FIRST_COPY - e->nr_kept);
	} while (is_held(e, xmm));
	if (e->vector_guest[xmm] >= 0) {
		emit_vector_home(e, (unsigned int)e->vector_guest[xmm]);
	}
	forget_copy(e, xmm);
	note_whole(e, xmm);
	e->vector_busy |= 1u << xmm;
	note_held(e);
	return xmm;
}

static unsigned int new_copy(struct emit *e, unsigned int n)
{
	unsigned int xmm = emit_vector_def(e);

	e->vectors_read |= 1u << n & ~e->vectors_written;
	e->vector_host[n] = (int8_t)xmm;
	e->vector_guest[xmm] = (int8_t)n;
	return xmm;
}

unsigned int emit_vector_use(struct emit *e, unsigned int n)
{
	unsigned int xmm;

	if (e->vector_host[n] < 0) {
		load(e, n, new_copy(e, n));
	}
	xmm = (unsigned int)e->vector_host[n];
	if (e->vector_part[xmm]) {
		load(e, n, xmm);
		note_whole(e, xmm);
	}
	e->vector_busy |= 1u << xmm;
	return xmm;
}

unsigned int emit_vector_use_scalar(struct emit *e, unsigned int n, unsigned int size)
{
	unsigned int xmm;

	if (e->vector_host[n] < 0) {
		xmm = new_copy(e, n);
		load_scalar(e, n, xmm, size);
		note_scalar(e, xmm, size);
		e->vector_part[xmm] = (uint8_t)size;
	}
	xmm = (unsigned int)e->vector_host[n];
	if (e->vector_part[xmm] && e->vector_part[xmm] < size) {
		return emit_vector_use(e, n);
	}
	e->vector_busy |= 1u << xmm;
	return xmm;
}

void emit_vector_commit(struct emit *e, unsigned int n, unsigned int xmm)
{
	if (e->vector_host[n] >= 0) {
		forget_copy(e, (unsigned int)e->vector_host[n]);
	}
	e->vector_host[n] = (int8_t)xmm;
	e->vector_guest[xmm] = (int8_t)n;
	if (n < IR_VT0) {
		e->vectors_written |= 1u << n;
		e->vectors_newer |= 1u << n;
	}
}

void emit_vector_commit_scalar(struct emit *e, unsigned int n, unsigned int xmm, unsigned int size)
{
	emit_vector_commit(e, n, xmm);
	note_scalar(e, xmm, size);
}

bool emit_vector_is_scalar(const struct emit *e, unsigned int size, unsigned int xmm)
{
	return e->scalars[size - 2] >> xmm & 1;
}

void emit_vector_end_op(struct emit *e)
{
	if (e->vector_busy) {
		note_held(e);
		e->vector_busy = 0;
	}
}

void emit_vector_end_insn(struct emit *e)
{
	for (unsigned int n = IR_VT0; n < IR_NR_VECTORS; n++) {
		if (e->vector_host[n] >= 0) {
			forget_copy(e, (unsigned int)e->vector_host[n]);
		}
	}
}

unsigned int emit_vector_room(const struct emit *e)
{
	unsigned int room = NR_XMM - FIRST_COPY - e->vectors_held;

	return room < EMIT_MAX_KEPT ? room : EMIT_MAX_KEPT;
}

void emit_vector_keep(struct emit *e, uint32_t vectors, unsigned int room)
{
	for (; vectors && e->nr_kept < room; vectors &= vectors - 1) {
		e->vectors_kept[e->nr_kept++] = (uint8_t)first(vectors);
	}
}

void emit_vector_loop_begin(struct emit *e)
{
	for (unsigned int i = 0; i < e->nr_kept; i++) {
		unsigned int n = e->vectors_kept[i], xmm = FIRST_COPY + i;

		load(e, n, xmm);
		e->vector_host[n] = (int8_t)xmm;
		e->vector_guest[xmm] = (int8_t)n;
		e->vectors_newer |= 1u << n & e->loop_writes;
	}
	e->loop = e->b->p;
}

void emit_vector_loop_again(struct emit *e)
{
	uint32_t newer = e->vectors_newer;

	for (unsigned int i = 0; i < e->nr_kept; i++) {
		unsigned int n = e->vectors_kept[i], xmm = FIRST_COPY + i;

		newer &= ~(1u << n);
		if (e->vector_host[n] < 0 || e->vector_part[e->vector_host[n]]) {
			load(e, n, xmm);
		} else if (e->vector_host[n] != (int)xmm) {
			x64_rr(e->b, false, OP_MOVAPS, xmm, (unsigned int)e->vector_host[n]);
		}
	}
	for (; newer; newer &= newer - 1) {
		store(e, first(newer), (unsigned int)e->vector_host[first(newer)]);
	}
}

void emit_vector_loop_end(struct emit *e)
{
	for (unsigned int i = 0; i < e->nr_kept; i++) {
		if (e->loop_writes >> e->vectors_kept[i] & 1) {
			store(e, e->vectors_kept[i], FIRST_COPY + i);
		}
	}
}

/* Those of 32 that are not negative: mostly none. */
static uint32_t those_set(const int8_t *vectors)
{
	int low = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)vectors));
	int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(vectors + 16)));

	return ~((uint32_t)low | (uint32_t)high << 16);
}

void emit_vector_note(const struct emit *e, int8_t *newer)
{
	memset(newer, -1, 32);
	for (uint32_t left = e->vectors_newer; left; left &= left - 1) {
		newer[first(left)] = e->vector_host[first(left)];
	}
}

void emit_vector_store_noted(struct emit *e, const int8_t *newer)
{
	for (uint32_t left = those_set(newer); left; left &= left - 1) {
		store(e, first(left), (unsigned int)newer[first(left)]);
	}
}

/* The register, and from bit 4 on the part. */
void emit_vector_note_copies(const struct emit *e, int8_t *vectors)
{
	memset(vectors, -1, 32);
	for (unsigned int xmm = FIRST_COPY; xmm < NR_XMM; xmm++) {
		if (e->vector_guest[xmm] >= 0 && e->vector_guest[xmm] < IR_VT0) {
			vectors[e->vector_guest[xmm]] = (int8_t)(xmm | e->vector_part[xmm] << 4u);
		}
	}
}

void emit_vector_reload(struct emit *e, const int8_t *vectors)
{
	for (uint32_t left = those_set(vectors); left; left &= left - 1) {
		unsigned int n = first(left), xmm = vectors[n] & 15,
			     part = (unsigned int)vectors[n] >> 4;

		if (part) {
			load_scalar(e, n, xmm, part);
		} else {
			load(e, n, xmm);
		}
	}
}
