// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vcache.c - copies of guest vector registers in xmm registers, within one block.
 *
 * Write-through: every result is stored at once, so guest state is complete at any exit and no
 * cold path has anything to save. What the copies spare is the load, and with it the latency of
 * forwarding from the store. Replacement is round-robin, but scratch values (IR_VT0 ...), which
 * have no home, stay until their instruction ends.
 *
 * A loop of one block is emitted twice: once to see which vectors it reads before it writes them,
 * and then with these in registers of their own, loaded before the loop's head. The code within
 * only reads from there; what it has written is moved there at the jump back.
 */
#include <string.h>

#include "x64_emit.h"

#define FIRST_COPY 4
#define NR_XMM     16

#define OP_MOVAPS       (X64_0F | 0x28)
#define OP_MOVAPS_STORE (X64_0F | 0x29)

void emit_vector_forget(struct emit *e)
{
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

unsigned int emit_vector_def(struct emit *e)
{
	unsigned int xmm;

	do {
		xmm = FIRST_COPY + e->nr_kept + e->vector_next;
		e->vector_next = (e->vector_next + 1) % (NR_XMM - FIRST_COPY - e->nr_kept);
	} while (e->vector_busy >> xmm & 1 || e->vector_guest[xmm] >= IR_VT0);
	forget_copy(e, xmm);
	e->vector_busy |= 1u << xmm;
	return xmm;
}

unsigned int emit_vector_use(struct emit *e, unsigned int n)
{
	unsigned int xmm;

	if (e->vector_host[n] < 0) {
		e->vectors_read |= 1u << n & ~e->vectors_written;
		xmm = emit_vector_def(e);
		x64_rm(e->b, false, OP_MOVAPS, xmm, emit_vector_reg(n));
		e->vector_host[n] = (int8_t)xmm;
		e->vector_guest[xmm] = (int8_t)n;
	}
	xmm = (unsigned int)e->vector_host[n];
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
		x64_rm(e->b, false, OP_MOVAPS_STORE, xmm, emit_vector_reg(n));
	}
}

void emit_vector_end_op(struct emit *e)
{
	e->vector_busy = 0;
}

void emit_vector_end_insn(struct emit *e)
{
	for (unsigned int n = IR_VT0; n < IR_NR_VECTORS; n++) {
		if (e->vector_host[n] >= 0) {
			forget_copy(e, (unsigned int)e->vector_host[n]);
		}
	}
}

void emit_vector_keep(struct emit *e, uint32_t vectors)
{
	for (unsigned int n = 0; n < 32 && e->nr_kept < EMIT_MAX_KEPT; n++) {
		if (vectors >> n & 1) {
			e->vectors_kept[e->nr_kept++] = (uint8_t)n;
		}
	}
}

void emit_vector_loop_begin(struct emit *e)
{
	for (unsigned int i = 0; i < e->nr_kept; i++) {
		unsigned int n = e->vectors_kept[i], xmm = FIRST_COPY + i;

		x64_rm(e->b, false, OP_MOVAPS, xmm, emit_vector_reg(n));
		e->vector_host[n] = (int8_t)xmm;
		e->vector_guest[xmm] = (int8_t)n;
	}
	e->loop = e->b->p;
}

void emit_vector_loop_again(struct emit *e)
{
	for (unsigned int i = 0; i < e->nr_kept; i++) {
		unsigned int n = e->vectors_kept[i], xmm = FIRST_COPY + i;

		if (e->vector_host[n] < 0) {
			x64_rm(e->b, false, OP_MOVAPS, xmm, emit_vector_reg(n));
		} else if (e->vector_host[n] != (int)xmm) {
			x64_rr(e->b, false, OP_MOVAPS, xmm, (unsigned int)e->vector_host[n]);
		}
	}
}

void emit_vector_reload(struct emit *e, const int8_t *vectors)
{
	for (unsigned int n = 0; n < 32; n++) {
		if (vectors[n] >= 0) {
			x64_rm(e->b, false, OP_MOVAPS, (unsigned int)vectors[n],
			       emit_vector_reg(n));
		}
	}
}
