// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_crypto.c - ciphers and hashes, by the host's instructions for them.
 *
 * Both sides do the same steps, but cut differently: a round of AES adds its key first on Arm, last
 * on x86; SHA's state lies the other way round, in other halves.
 */
#include "x64_vector.h"

#define OP_AESIMC      V38(0xdb)
#define OP_AESENC      V38(0xdc)
#define OP_AESENCLAST  V38(0xdd)
#define OP_AESDEC      V38(0xde)
#define OP_AESDECLAST  V38(0xdf)
#define OP_PCLMULQDQ   (X64_66 | X64_0F3A | 0x44)
#define OP_SHA256RNDS2 (X64_0F38 | 0xcb) /* the third operand is xmm0 */
#define OP_SHA256MSG1  (X64_0F38 | 0xcc)
#define OP_SHA256MSG2  (X64_0F38 | 0xcd)
#define OP_SHA1RNDS4   (X64_0F3A | 0xcc)
#define OP_PUNPCKLQDQ  V(0x6c)
#define OP_PUNPCKHQDQ  V(0x6d)
#define OP_PADDD       V(0xfe)
#define OP_PSUBD       V(0xfa)
#define OP_SHUFPS      (X64_0F | 0xc6)

#define WORDS_BACKWARDS 0x1b /* of PSHUFD */

static void shuffle_words(struct emit *e, unsigned int dst, unsigned int src, uint8_t order)
{
	x64_rr(e->b, false, OP_PSHUFD, dst, src);
	x64_byte(e->b, order);
}

/* Half a round, or a whole one, with a key of zero at its end. */
static void emit_aes_round(struct emit *e, const struct ir_op *op, unsigned int opcode)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, OP_PXOR, 0, 0, 0);
	emit_vex(e, OP_PXOR, 1, a, b);
	emit_vex(e, opcode, dst, 1, 0);
	emit_vector_commit(e, op->dst, dst);
}

/* MixColumns alone: AESDECLAST undoes the other steps of AESENC. */
static void emit_aes_mix(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->aux == IR_VEC_AESIMC) {
		x64_vex_rr(e->b, false, OP_AESIMC, dst, 0, a);
	} else {
		emit_vex(e, OP_PXOR, 0, 0, 0);
		emit_vex(e, OP_AESDECLAST, dst, a, 0);
		emit_vex(e, OP_AESENC, dst, dst, 0);
	}
	emit_vector_commit(e, op->dst, dst);
}

static void emit_pmull(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, OP_PCLMULQDQ, dst, a, b);
	x64_byte(e->b, op->c ? 0x11 : 0x00);
	emit_vector_commit(e, op->dst, dst);
}

/* The host adds the constant of these rounds, which the guest has done; and has e in the last word
 * of the schedule. */
static void emit_sha1(struct emit *e, const struct ir_op *op)
{
	static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
	unsigned int abcd = emit_vector_use(e, op->dst), schedule = emit_vector_use(e, op->b);
	unsigned int first = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_mov_imm(e->b, RAX, constants[op->imm]);
	x64_rr(e->b, false, OP_MOVD, 0, RAX);
	shuffle_words(e, 0, 0, 0);
	emit_vex(e, OP_PSUBD, 0, schedule, 0);
	shuffle_words(e, 0, 0, WORDS_BACKWARDS);
	x64_vex_rr(e->b, false, V(0x73), 7, 1, first); /* pslldq */
	x64_byte(e->b, 12);
	emit_vex(e, OP_PADDD, 0, 0, 1);
	shuffle_words(e, dst, abcd, WORDS_BACKWARDS);
	x64_rr(e->b, false, OP_SHA1RNDS4, dst, 0);
	x64_byte(e->b, (uint8_t)op->imm);
	shuffle_words(e, dst, dst, WORDS_BACKWARDS);
	emit_vector_commit(e, op->dst, dst);
}

/* Four rounds. The host's operands are words f, e, b, a and h, g, d, c; two rounds make the former,
 * and turn what the former was into the latter. */
static void emit_sha256_rounds(struct emit *e, const struct ir_op *op)
{
	bool first_half = op->aux == IR_VEC_SHA256H;
	unsigned int abcd = emit_vector_use(e, first_half ? op->dst : op->a);
	unsigned int efgh = emit_vector_use(e, first_half ? op->a : op->dst);
	unsigned int schedule = emit_vector_use(e, op->b), dst = emit_vector_def(e);

	shuffle_words(e, 1, abcd, WORDS_BACKWARDS);
	shuffle_words(e, 2, efgh, WORDS_BACKWARDS);
	emit_vex(e, OP_PUNPCKLQDQ, 3, 2, 1);
	emit_vex(e, OP_PUNPCKHQDQ, 1, 2, 1);
	x64_rr(e->b, false, OP_MOVAPS, 0, schedule);
	x64_rr(e->b, false, OP_SHA256RNDS2, 3, 1);
	shuffle_words(e, 0, schedule, 0xee);
	x64_rr(e->b, false, OP_SHA256RNDS2, 1, 3);
	x64_vex_rr(e->b, false, OP_SHUFPS, dst, 1, 3);
	x64_byte(e->b, first_half ? 0xbb : 0x11);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_sha256_schedule(struct emit *e, const struct ir_op *op)
{
	unsigned int older = emit_vector_use(e, op->dst), a = emit_vector_use(e, op->a);
	unsigned int b, dst = emit_vector_def(e);

	if (op->aux == IR_VEC_SHA256SU0) {
		x64_rr(e->b, false, OP_MOVAPS, dst, older);
		x64_rr(e->b, false, OP_SHA256MSG1, dst, a);
	} else {
		b = emit_vector_use(e, op->b);
		emit_vex(e, OP_PALIGNR, dst, b, a);
		x64_byte(e->b, 4);
		emit_vex(e, OP_PADDD, dst, dst, older);
		x64_rr(e->b, false, OP_SHA256MSG2, dst, b);
	}
	emit_vector_commit(e, op->dst, dst);
}

void emit_vector_crypto(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_vec)op->aux) {
	case IR_VEC_AESE:
		emit_aes_round(e, op, OP_AESENCLAST);
		break;
	case IR_VEC_AESE_AESMC:
		emit_aes_round(e, op, OP_AESENC);
		break;
	case IR_VEC_AESD:
		emit_aes_round(e, op, OP_AESDECLAST);
		break;
	case IR_VEC_AESD_AESIMC:
		emit_aes_round(e, op, OP_AESDEC);
		break;
	case IR_VEC_AESMC:
	case IR_VEC_AESIMC:
		emit_aes_mix(e, op);
		break;
	case IR_VEC_PMULL:
		emit_pmull(e, op);
		break;
	case IR_VEC_SHA1:
		emit_sha1(e, op);
		break;
	case IR_VEC_SHA256H:
	case IR_VEC_SHA256H2:
		emit_sha256_rounds(e, op);
		break;
	default:
		emit_sha256_schedule(e, op);
		break;
	}
}
