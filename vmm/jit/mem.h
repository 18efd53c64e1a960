/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mem.h - loads, stores, exclusives and atomics on guest virtual addresses.
 *
 * The only way the interpreter and the helpers of translated code reach guest memory. The inline
 * part looks into the level-1 software TLB; everything else (walks, MMIO, unaligned, page-crossing,
 * watchpoints) is in mem.c.
 *
 * Every function returns true when the access is done. False: it faulted, the exception is recorded
 * in cpu->exc with exact ESR and FAR, no byte of memory was changed, and the caller returns
 * EXEC_EXCEPTION having changed no register.
 *
 * `lg` is the binary logarithm of the access size in bytes (0 to 3; pairs and vectors have their
 * own functions). Values are zero-extended; sign extension is the caller's. Addresses may carry a
 * tag in the top byte (TBI); that is handled here.
 */
#ifndef VMM_JIT_MEM_H
#define VMM_JIT_MEM_H

#include <string.h>

#include "cpu.h"

/* Kinds of access; bits. */
enum mem_access {
	MEM_PLAIN = 0,
	MEM_UNPRIV = 1 << 0, /* LDTR, STTR: with EL0's permissions (unless UAO) */
	MEM_ORDERED =
		1 << 1, /* acquire or release: must be aligned; a store is followed by a fence */
};

/* Read-modify-write operations: memory = op(memory, operand). */
enum mem_atomic_op {
	MEM_ATOMIC_ADD,
	MEM_ATOMIC_CLR, /* memory & ~operand */
	MEM_ATOMIC_EOR,
	MEM_ATOMIC_SET,
	MEM_ATOMIC_SMAX,
	MEM_ATOMIC_SMIN,
	MEM_ATOMIC_UMAX,
	MEM_ATOMIC_UMIN,
	MEM_ATOMIC_SWP,
};

/*
 * Lock-step executes instructions on a CPU of its own first, and then takes their stores back. With
 * cpu->journal set every store is entered before it happens, and nothing reaches the bus: such an
 * access fails and sets `refused`. (A store of 64 bytes at most, which is two if it crosses a
 * page.)
 */
#define MEM_JOURNAL_LENGTH 192

struct mem_journal {
	unsigned int nr;
	bool refused;
	struct {
		void *host;
		unsigned int size;
		uint8_t before[64];
		uint8_t after[64];
	} stores[MEM_JOURNAL_LENGTH];
};

bool mem_read_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val);
bool mem_write_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val);

static inline struct tlb_entry *mem_tlb_entry(struct jit_cpu *cpu, unsigned int bank, uint64_t va)
{
	return &cpu->tlb[bank][tlb_index(va)];
}

/* Little-endian guest on little-endian host; mixed-endian data (SCTLR.EE, E0E) is not offered. */
static inline bool mem_read(struct jit_cpu *cpu, uint64_t va, unsigned int lg, unsigned int access,
			    uint64_t *val)
{
	uint64_t value = 0;

	if (access == MEM_PLAIN) {
		struct tlb_entry *e = mem_tlb_entry(cpu, cpu->bank, va);

		if (__builtin_expect(va - e->read <= TLB_PAGE_SIZE - (1u << lg), 1)) {
			const void *p = (const void *)(uintptr_t)(va + e->addend);

			switch (lg) {
			case 0:
				value = __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
				break;
			case 1:
				memcpy(&value, p, 2);
				break;
			case 2:
				memcpy(&value, p, 4);
				break;
			default:
				memcpy(&value, p, 8);
				break;
			}
			*val = value;
			return true;
		}
	}
	if (!mem_read_slow(cpu, va, 1u << lg, access, &value)) {
		return false;
	}
	*val = value;
	return true;
}

static inline bool mem_write(struct jit_cpu *cpu, uint64_t va, unsigned int lg, unsigned int access,
			     uint64_t val)
{
	if (access == MEM_PLAIN) {
		struct tlb_entry *e = mem_tlb_entry(cpu, cpu->bank, va);

		if (__builtin_expect(va - e->write <= TLB_PAGE_SIZE - (1u << lg), 1)) {
			void *p = (void *)(uintptr_t)(va + e->addend);

			switch (lg) {
			case 0:
				memcpy(p, &val, 1);
				break;
			case 1:
				memcpy(p, &val, 2);
				break;
			case 2:
				memcpy(p, &val, 4);
				break;
			default:
				memcpy(p, &val, 8);
				break;
			}
			return true;
		}
	}
	return mem_write_slow(cpu, va, 1u << lg, access, &val);
}

/* A vector of `size` bytes (1, 2, 4, 8 or 16); the rest of *val is zeroed. */
static inline bool mem_read_vector(struct jit_cpu *cpu, uint64_t va, unsigned int size,
				   union vreg *val)
{
	struct tlb_entry *e = mem_tlb_entry(cpu, cpu->bank, va);
	union vreg value = {.d = {0, 0}};

	if (__builtin_expect(va - e->read <= TLB_PAGE_SIZE - size, 1)) {
		memcpy(&value, (const void *)(uintptr_t)(va + e->addend), size);
	} else if (!mem_read_slow(cpu, va, size, MEM_PLAIN, &value)) {
		return false;
	}
	*val = value;
	return true;
}

static inline bool mem_write_vector(struct jit_cpu *cpu, uint64_t va, unsigned int size,
				    const union vreg *val)
{
	struct tlb_entry *e = mem_tlb_entry(cpu, cpu->bank, va);

	if (__builtin_expect(va - e->write <= TLB_PAGE_SIZE - size, 1)) {
		memcpy((void *)(uintptr_t)(va + e->addend), val, size);
		return true;
	}
	return mem_write_slow(cpu, va, size, MEM_PLAIN, val);
}

/*
 * Two elements of `size` bytes (4, 8 or 16) at va and va + size, both checked before either is
 * accessed: LDP, STP and their relatives. The elements lie `size` bytes apart in *val too.
 */
bool mem_read_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val);
bool mem_write_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val);

/*
 * A structure access (LD1..LD4, ST1..ST4, up to 64 bytes in all): `size` bytes in one go, with
 * alignment checked (where SCTLR.A asks for it) against elements of `1 << lg` bytes.
 */
bool mem_read_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg,
		    void *val);
bool mem_write_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg,
		     const void *val);

/*
 * LDXR, LDAXR (size 1 to 8 in val[0]) and LDXP, LDAXP (size 8 or 16: the two halves, each
 * size / 2 bytes, in val[0] and val[1] when `pair`).
 */
bool mem_load_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			uint64_t val[2]);
/* STXR and relatives. *failed is 0 when stored, 1 when not: the value of the status register. */
bool mem_store_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			 const uint64_t val[2], uint32_t *failed);

static inline void mem_clear_exclusive(struct jit_cpu *cpu)
{
	cpu->monitor.size = 0;
}

/* LD<op>, SWP. Sequentially consistent whatever the guest asked for. *old is zero-extended. */
bool mem_atomic(struct jit_cpu *cpu, uint64_t va, unsigned int lg, enum mem_atomic_op op,
		uint64_t operand, uint64_t *old);
/* CAS (pair false: [0] only) and CASP (pair true; size 8 or 16 in all). val[] out: what was there.
 */
bool mem_compare_swap(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
		      const uint64_t expected[2], const uint64_t desired[2], uint64_t val[2]);

/* DC ZVA: zero the 64-byte block that holds va. */
bool mem_zero_block(struct jit_cpu *cpu, uint64_t va);

/* Where an instruction lies; its page is all memory. */
struct mem_code {
	uint64_t pa;
	const uint8_t *host;
	bool global; /* its page is not tied to an ASID */
};

bool mem_find_code(struct jit_cpu *cpu, uint64_t va, struct mem_code *code);

/* The instruction at va (4-byte aligned or an alignment fault). */
bool mem_fetch_slow(struct jit_cpu *cpu, uint64_t va, uint32_t *insn);

static inline bool mem_fetch(struct jit_cpu *cpu, uint64_t va, uint32_t *insn)
{
	if (__builtin_expect(va - cpu->fetch_va < cpu->fetch_size && !(va & 3), 1)) {
		memcpy(insn, (const void *)(uintptr_t)(va + cpu->fetch_addend), 4);
		return true;
	}
	return mem_fetch_slow(cpu, va, insn);
}

/* DMB, DSB: full fence, whatever the kind. */
static inline void mem_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
