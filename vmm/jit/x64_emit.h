/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x64_emit.h - the x86-64 back end: from one IR block to code.
 *
 * Register use in translated code:
 *   rbp            struct jit_cpu + JIT_CPU_BIAS
 *   rax, rcx, rdx  scratch within one operation; rdx is IR_T0
 *   the other 11   eleven guest registers, always (emit_pinned[]); all others are in memory
 *   xmm0 to xmm3   scratch within one operation
 *   xmm4 to xmm15  copies of guest vector registers (x64_vcache.c), which may be newer than memory
 *   rsp            16-byte aligned; frames of calls are there (x64_return.c)
 * The host's flags may hold NZCV for the operations that follow at once; emit.host_flags says how.
 *
 * Hot code of a block comes first, then its cold paths, one behind the other.
 */
#ifndef VMM_JIT_X64_EMIT_H
#define VMM_JIT_X64_EMIT_H

#include "cache.h"
#include "cpu.h"
#include "ir.h"
#include "decode.h"
#include "x64_asm.h"

struct emit_result {
	uint8_t *entry; /* 8-byte aligned; its first instruction is at least 5 bytes */
	uint8_t *leave; /* cold code: back to the dispatcher, with pc at the block */
	/* Statistics: host instructions, and jumps within the page that link blocks. */
	unsigned int nr_hot_insns;
	unsigned int nr_cold_insns;
	unsigned int nr_sites;
	unsigned int
		nr_self_links; /* those that are linked from the start: to the block's own entry */
};

/* Never fails: the caller has seen to it that there is room for the largest block. */
void emit_block(struct x64_buf *buf, const struct cache_stubs *stubs, const struct ir_block *block,
		bool no_chain, struct emit_result *result);
void emit_stubs(struct x64_buf *buf, struct cache_stubs *stubs);
/* Lets a guarded jump go to `target`, in the page with this number. False: it is linked already. */
bool emit_link_guard(uint8_t *guard, uint32_t page_number, const uint8_t *target);

/* What follows is for the back end's own files. */

#define EMIT_T0 RDX

/* How the host's flags hold NZCV. */
enum emit_flags {
	EMIT_FLAGS_NONE,
	EMIT_FLAGS_SUB,    /* as after x86's SUB: CF is the inverse of C */
	EMIT_FLAGS_DIRECT, /* CF is C */
	/* As after (U)COMISx; its operands may be the other way round, for the conditions that then
	 * are one of the host's; or ZF alone counts. */
	EMIT_FLAGS_FLOAT,
	EMIT_FLAGS_FLOAT_SWAPPED,
	EMIT_FLAGS_FLOAT_EQUAL,
};

struct emit;

/* A cold path: `site` is the jump that goes there. */
struct emit_cold {
	void (*emit)(struct emit *e, const struct emit_cold *cold);
	uint8_t *site;
	const struct ir_op *op;
	uint8_t *back; /* where the hot path goes on, if there before the next instruction */
	uint32_t slot; /* displacement of the L0 slot from rbp */
	uint8_t size;
	int8_t reg; /* holds the address */
	bool write;
	int8_t newer[32];   /* copies newer than memory when the jump was taken, or -1 */
	int8_t vectors[32]; /* those that the hot path goes on with; by emit_vector_note_copies() */
};

/* Each instruction has at most a memory access or an exit, and each of these at most three. */
#define EMIT_MAX_COLD (IR_MAX_INSNS * 3 + 4)

/* Vectors that stay in xmm registers around a loop. */
#define EMIT_MAX_KEPT 8

#define EMIT_SMALL 511 /* see emit.small */

struct emit {
	struct x64_buf *b;
	const struct ir_block *block;
	const struct cache_stubs *stubs;
	enum emit_flags host_flags;
	bool flags_stored; /* cpu->flags_from is known to be 0 */
	uint8_t kept_cond; /* A64 condition in cpu->kept_cond, or IR_NONE */
	bool no_chain;
	bool sp_aligned; /* SP has been checked and only moved by multiples of 16 since */
	uint64_t small;  /* values that seem to be indices into small tables, by number; a guess */
	uint16_t slots[IR_T0 + 1]; /* that values made in this block use as bases; 0: none */
	bool left;                 /* an unconditional exit was emitted: the rest is unreachable */
	uint8_t *entry;
	uint8_t *limit_site;     /* the jump that emit_count_check() made */
	unsigned int nr_counted; /* instructions that emit_count() has added */
	uint8_t *insn_start[IR_MAX_INSNS + 1];
	int8_t vector_host[IR_NR_VECTORS]; /* xmm register with a copy of the guest's, or -1 */
	int8_t vector_guest[16];           /* the other way round */
	unsigned int vector_next;          /* the next one to reuse */
	uint32_t vector_busy;              /* operands of the current operation: not to be reused */
	uint32_t vectors_newer;            /* guest's registers whose copy is newer than memory */
	uint16_t scalars[2];               /* xmm registers known to be zero above 4, or 8, bytes */
	uint8_t vector_part[16];   /* log2 of the bytes that an xmm register has of the guest's, and
				      zeros; 0: all */
	unsigned int vectors_held; /* the most copies that could not be replaced at a time */
	/* A block that jumps to its own start; x64_vcache.c. */
	bool loops;
	uint8_t *loop;         /* where that jump goes: behind the loads of what is kept */
	struct ir_op fp_check; /* what the loop needs of FP, looked at before it */
	uint32_t vectors_read; /* before they were written, if at all */
	uint32_t vectors_written;
	uint32_t loop_writes; /* the latter, when emitted for the second time */
	uint8_t vectors_kept[EMIT_MAX_KEPT];
	unsigned int nr_kept;
	struct ir_op return_jump; /* of a call: to the instruction behind it */
	unsigned int nr_cold;
	unsigned int insn_cold; /* the current guest instruction's first */
	struct emit_result *result;
	struct emit_cold cold[EMIT_MAX_COLD]; /* the last member: it is not cleared */
};

/* Displacement of a field of struct jit_cpu from rbp. */
#define EMIT_CPU(field) ((int32_t)offsetof(struct jit_cpu, field) - JIT_CPU_BIAS)

static inline struct x64_mem emit_cpu(int32_t displacement)
{
	return x64_at(RBP, displacement);
}

static inline struct x64_mem emit_guest_reg(unsigned int n)
{
	return emit_cpu(EMIT_CPU(x) + 8 * (int32_t)n);
}

static inline struct x64_mem emit_vector_reg(unsigned int n)
{
	return emit_cpu(EMIT_CPU(v) + 16 * (int32_t)n);
}

/* Host register that always holds a guest register or T0; X64_NO_REG if it lives in memory. */
enum x64_reg emit_pinned(unsigned int value);
/* A host register with the value: its own, or `scratch` after a load. Keeps flags. */
enum x64_reg emit_use(struct emit *e, unsigned int value, enum x64_reg scratch);
/* Puts the value into a given register. Keeps flags. */
void emit_load(struct emit *e, enum x64_reg to, unsigned int value, bool wide);
/* Where to compute a result: its own register, or `scratch`; emit_commit() then stores it. */
enum x64_reg emit_def(unsigned int value, enum x64_reg scratch);
void emit_commit(struct emit *e, unsigned int value, enum x64_reg from);

/* The host condition for an A64 one that op has; emits what is needed to have the flags. Uses rax.
 */
enum x64_cond emit_condition(struct emit *e, const struct ir_op *op, unsigned int cond);
/* Are they to be stored as where they come from? */
static inline bool emit_flags_want_origin(const struct ir_op *op)
{
	return op->flags_live && !op->flags_read;
}

/* Before an addition or subtraction, and after a logical operation: notes where NZCV comes from, if
 * that is how its flags are stored. The first uses rcx, both keep the host's flags. */
void emit_flags_from_operands(struct emit *e, const struct ir_op *op, enum x64_reg a, bool add);
void emit_flags_from_result(struct emit *e, const struct ir_op *op, enum x64_reg result);
/* The same for a comparison of floats. */
void emit_flags_from_floats(struct emit *e, const struct ir_op *op);
/* cpu->flags from what UCOMISx has left. Uses rax. */
void emit_flags_of_floats(struct x64_buf *b);
/* After an operation whose result flags are in the host's flags. */
void emit_flags_set(struct emit *e, const struct ir_op *op, enum emit_flags how, bool has_origin);
/* Keeps the condition that op is asked for behind the loss of the host's flags. */
void emit_flags_keep(struct emit *e, const struct ir_op *op);
/* cpu->flags has just been written, or has been and flags_from is 0 already. */
void emit_flags_written(struct emit *e);
void emit_flags_in_memory(struct emit *e);
/* op reads cpu->flags. */
void emit_flags_to_memory(struct emit *e, const struct ir_op *op);
/* A call of it keeps all registers but xmm0. */
void emit_stub_resolve_flags(struct x64_buf *b);

struct emit_cold *emit_add_cold(struct emit *e, const struct ir_op *op, uint8_t *site,
				void (*emit)(struct emit *, const struct emit_cold *));
/* Cold: executes the guest instruction by its exec function and goes on behind it. */
void emit_cold_interpret(struct emit *e, const struct emit_cold *cold);
/* Which L0 slot an access with this value as its base uses. */
unsigned int emit_slot(const struct emit *e, unsigned int value);
/* Where an operation's instruction is in the page. */
static inline int64_t emit_offset(const struct emit *e, const struct ir_op *op)
{
	return e->block->offsets[op->index];
}
/* The address at `offset` from that of the page. Keeps flags. */
void emit_address(struct emit *e, enum x64_reg to, int64_t offset);
/* A block at the guest address in rax is about to be entered: cpu->page. Keeps rax's page alone. */
void emit_enter_page(struct x64_buf *b);

/* xmm register numbers. emit_vector_def() gives a free one, emit_vector_commit() makes it the guest
 * register's value. A def that is not committed just stays free. */
unsigned int emit_vector_use(struct emit *e, unsigned int n);
/* Where only the lowest 1 << size bytes, 4 or 8, count: what lies above is the guest's, or zero. */
unsigned int emit_vector_use_scalar(struct emit *e, unsigned int n, unsigned int size);
unsigned int emit_vector_def(struct emit *e);
void emit_vector_commit(struct emit *e, unsigned int n, unsigned int xmm);
/* The same for a scalar of 1 << size bytes, 4 or 8, with zeros above. Is there one in xmm? */
void emit_vector_commit_scalar(struct emit *e, unsigned int n, unsigned int xmm, unsigned int size);
bool emit_vector_is_scalar(const struct emit *e, unsigned int size, unsigned int xmm);
void emit_vector_end_op(struct emit *e);
void emit_vector_end_insn(struct emit *e);
/* The guest register's place in memory, brought up to date. */
struct x64_mem emit_vector_home(struct emit *e, unsigned int n);
/* Brings all of them up to date. Keeps flags. */
void emit_vector_store(struct emit *e);
/* Forgets all copies: C code was called. */
void emit_vector_forget(struct emit *e);
/* How many vectors a loop can keep, once it was emitted; to keep these, up to `room` in all. */
unsigned int emit_vector_room(const struct emit *e);
void emit_vector_keep(struct emit *e, uint32_t vectors, unsigned int room);
/* Loads them before the loop; moves them to where they were loaded for the next round, or from
 * there to memory. */
void emit_vector_loop_begin(struct emit *e);
void emit_vector_loop_again(struct emit *e);
void emit_vector_loop_end(struct emit *e);
/* For cold paths: what is newer than memory at the jump there; storing that; loading the copies
 * that the hot path will rely on. */
void emit_vector_note(const struct emit *e, int8_t *newer);
void emit_vector_store_noted(struct emit *e, const int8_t *newer);
void emit_vector_note_copies(const struct emit *e, int8_t *vectors);
void emit_vector_reload(struct emit *e, const int8_t *vectors);

void emit_arithmetic(struct emit *e, const struct ir_op *op);
/* False: not an operation on bits. */
bool emit_bits(struct emit *e, const struct ir_op *op);
void emit_memory(struct emit *e, const struct ir_op *op);
void emit_atomic(struct emit *e, const struct ir_op *op);
/* Finds [op->a + op->imm] through the base's L0 slot; SP as a base is checked. Loads and stores may
 * then use the result. Uses rax and rcx, which may be part of it. */
struct x64_mem emit_memory_place(struct emit *e, const struct ir_op *op, unsigned int size);
void emit_exit(struct emit *e, const struct ir_op *op);
/* Does `offset` from the page's address lie in it? */
bool emit_same_page(int64_t offset);
/* A jump to op->imm, which is in the block's page, but not its own start. */
void emit_jump_in_page(struct emit *e, const struct ir_op *op);
/* x64_return.c. Before a call leaves: X30 and its frame. Uses rax. Instead of a lookup of the
 * address in rax: the return. And around translated code, in the stubs. */
void emit_call_frame(struct emit *e, const struct ir_op *op);
void emit_return(struct emit *e);
void stub_frames(struct x64_buf *b, struct cache_stubs *stubs);
void stub_frames_begin(struct x64_buf *b, const struct cache_stubs *stubs);
void stub_frames_end(struct x64_buf *b);
/* x64_refill.c */
void stub_refills(struct x64_buf *b, struct cache_stubs *stubs);
void stub_count(struct x64_buf *b, enum cpu_stat stat);
/* In a block that counts: adds the instructions up to op, which comes next, if others may now look.
 * Uses rax, keeps flags. */
void emit_count(struct emit *e, const struct ir_op *op);
/* At its entry: a jump that is to be patched, taken when a counter has overflown, or NULL. */
uint8_t *emit_count_check(struct emit *e);
void emit_float(struct emit *e, const struct ir_op *op);
void emit_vector(struct emit *e, const struct ir_op *op);
/* Cold unless the result in xmm has neither NaNs nor (if underflow is possible) numbers whose
 * rounding x86 and Arm report differently. Uses rax, rcx and xmm0. */
void emit_check_scalar(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow);
void emit_check_vector(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow);

#endif
