// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_return.c - calls and returns of the guest as calls and returns of the host.
 *
 * A BL or BLR pushes its return address and leaves by a CALL, behind which lies the jump to the
 * block at the return address. A RET whose target is that on top of the stack is a RET, which the
 * host's processor predicts, to code that finds the target in rax, as all that enter another page
 * do. Any other looks its target up and leaves the stack alone.
 *
 * A frame is good under the cpu->code_context under which it was pushed: the page of the call,
 * which is that of the return address, was mapped then. (Every instruction that may change that
 * ends its block, and the next one is looked up.) When code_context changes, frames_drop() lets all
 * frames lead to a lookup. It knows where they are: C code is only called by stub_exec(), which
 * notes where they end, and leaving translated code drops them all. So does a call for which there
 * is no room.
 */
#include "vm.h"
#include "x64_emit.h"

/* A frame, from rsp upwards: the host's return address, the guest's. */
#define FRAME_TARGET  8
#define FRAME_SIZE    16
#define FRAMES_MAX    1024
#define LINK_REGISTER 30
#define NO_TARGET     1 /* on top; not an address of an instruction, but a guest may try it */

/* Behind a return with a frame that leads nowhere any more, or with none at all; target in rax. */
void stub_frames(struct x64_buf *b, struct cache_stubs *stubs)
{
	stubs->frame_dropped = x64_exec_here(b);
	x64_alu_ri(b, true, ALU_ADD, RSP, FRAME_SIZE - 8);
	x64_jmp_to(b, stubs->lookup);
	stubs->no_frame = x64_exec_here(b);
	x64_alu_ri(b, true, ALU_SUB, RSP, 8);
	x64_jmp_to(b, stubs->lookup);
}

void stub_frames_begin(struct x64_buf *b, const struct cache_stubs *stubs)
{
	x64_mov_imm(b, RAX, NO_TARGET);
	x64_push(b, RAX);
	x64_mov_imm(b, RAX, (uint64_t)(uintptr_t)stubs->no_frame);
	x64_push(b, RAX);
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(frames_top)), RSP);
	x64_lea(b, true, RAX, x64_at(RSP, -FRAMES_MAX * FRAME_SIZE));
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(frames_limit)), RAX);
}

void stub_frames_end(struct x64_buf *b)
{
	x64_mov_load(b, true, RSP, emit_cpu(EMIT_CPU(frames_top)));
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(frames_end)), RSP);
	x64_alu_ri(b, true, ALU_ADD, RSP, FRAME_SIZE);
}

void frames_drop(struct jit_cpu *cpu)
{
	for (uint64_t frame = cpu->frames_end; frame < cpu->frames_top; frame += FRAME_SIZE) {
		*(const void **)(uintptr_t)frame = cpu->vm->cache->stubs.frame_dropped;
	}
}

/* Cold: no room. */
static void emit_cold_drop_frames(struct emit *e, const struct emit_cold *cold)
{
	x64_mov_load(e->b, true, RSP, emit_cpu(EMIT_CPU(frames_top)));
	x64_patch(x64_jmp_fwd(e->b), cold->back);
}

void emit_call_frame(struct emit *e, const struct ir_op *op)
{
	int64_t target = emit_offset(e, op) + 4;
	uint8_t *call;

	if (op->aux != IR_JUMP_CALL) {
		return;
	}
	emit_address(e, RAX, target);
	emit_commit(e, LINK_REGISTER, RAX);
	if (!emit_same_page(target)) {
		return;
	}
	emit_vector_store(e);
	x64_alu_rm(e->b, true, ALU_CMP, RSP, emit_cpu(EMIT_CPU(frames_limit)));
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_B), emit_cold_drop_frames)->back = e->b->p;
	x64_push(e->b, RAX);
	call = x64_call_fwd(e->b);
	x64_alu_ri(e->b, true, ALU_ADD, RSP, FRAME_SIZE - 8);
	emit_enter_page(e->b);
	e->return_jump = *op;
	e->return_jump.imm = target;
	emit_jump_in_page(e, &e->return_jump);
	e->result->nr_sites++;
	x64_patch_here(e->b, call);
}

void emit_return(struct emit *e)
{
	x64_alu_rm(e->b, true, ALU_CMP, RAX, x64_at(RSP, FRAME_TARGET));
	x64_jcc_to(e->b, CC_NE, e->stubs->lookup);
	x64_ret(e->b);
}
