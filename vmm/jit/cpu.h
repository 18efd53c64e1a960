/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cpu.h - the state of one emulated AArch64 vCPU (EL0 and EL1).
 *
 * One struct, owned by one host thread. The interpreter, the system code (exception.c, sysreg.c,
 * mem.c, ...) and translated code all work on this layout; translated code holds its address
 * (plus JIT_CPU_BIAS) in a host register, so the fields it touches most come first. What other
 * threads may touch is at the end and is accessed with C11 atomics only.
 *
 * Conventions:
 *  - x[31] is the *current* stack pointer (SP_EL0 or SP_EL1, as PSTATE.SP says); the other one
 * waits in sp_el[]. XZR has no slot: the decoder knows whether number 31 means SP or zero.
 *  - pc is the address of the instruction being executed; whoever executes it moves pc on.
 *  - NZCV lives in `flags` in the order x86's LAHF and SETO leave them, so translated code stores
 *    them in three instructions. C code uses cpu_nzcv() and cpu_set_nzcv(); other bits are noise.
 */
#ifndef VMM_JIT_CPU_H
#define VMM_JIT_CPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What translated code adds to the struct's address: of the registers at its start, the first ones
 * are the host's there, and what follows them is wanted more. */
#define JIT_CPU_BIAS 176

#define CPU_FLAG_N (1u << 15)
#define CPU_FLAG_Z (1u << 14)
#define CPU_FLAG_C (1u << 8)
#define CPU_FLAG_V (1u << 0)

/* cpu->flags_from: SUB of the operands, unless one of the others is named. */
#define CPU_FLAGS_FROM       (1u << 0)
#define CPU_FLAGS_FROM_ADD   (1u << 1)
#define CPU_FLAGS_FROM_TEST  (1u << 2) /* a is the result of a logical operation */
#define CPU_FLAGS_FROM_WIDE  (1u << 3) /* of 64 bits, not 32 */
#define CPU_FLAGS_FROM_IMM   (1u << 4) /* operand b is here, not in flags_b */
#define CPU_FLAGS_FROM_FLOAT (1u << 5) /* a comparison of doubles (WIDE) or singles */
#define CPU_FLAGS_FROM_SHIFT 8

#define CPU_REG_SP 31

#define CPU_DAIF_D 8 /* in cpu->daif */

/* Result of executing one instruction; returned by the interpreter's exec_* functions. */
enum exec_result {
	EXEC_NEXT = 0,  /* done; the caller moves pc on by 4 */
	EXEC_JUMP,      /* done; pc holds the target */
	EXEC_EXCEPTION, /* an exception is recorded in cpu->exc; pc is unchanged: exception_take()
			 */
};

union vreg {
	uint64_t d[2];
	uint32_t s[4];
	uint16_t h[8];
	uint8_t b[16];
	double f64[2];
	float f32[4];
	unsigned __int128 q;
} __attribute__((aligned(16)));

/*
 * A page of the software TLB. A tag is the page's virtual address. Where that kind of access must
 * take the slow path it is tlb_invalid_tag(): a page that belongs into another entry, which no
 * address looked up in this one can match. (No constant would do: a guest may use any address.)
 * Host address of a byte = its virtual address + addend.
 */
struct tlb_entry {
	uint64_t read;
	uint64_t write;
	uint64_t addend;
	uint64_t pa; /* of the page; bits 5:0 are log2 of the size of the block it is part of; and
			flags, TLB_PA_... */
};

#define TLB_PA_GLOBAL (1u << 6) /* not tied to an ASID */
#define TLB_PA_READ   (1u << 7) /* in the second level: what is allowed there */
#define TLB_PA_WRITE  (1u << 8)
#define TLB_PA_SLOTS  (1u << 9) /* in the first level: see tlb_flush_slots_page() */

#define TLB_PAGE_SHIFT    12
#define TLB_PAGE_SIZE     (1ull << TLB_PAGE_SHIFT)
#define TLB_L1_SHIFT      11
#define TLB_L1_NR_ENTRIES (1u << TLB_L1_SHIFT)

/* Level-1 tables are indexed by the low bits of the page number. */
static inline unsigned int tlb_index(uint64_t va)
{
	return (unsigned int)(va >> TLB_PAGE_SHIFT) & (TLB_L1_NR_ENTRIES - 1);
}

/* For entry `index` of such a table. */
static inline uint64_t tlb_invalid_tag(unsigned int index)
{
	return (uint64_t)(index ^ 1) << TLB_PAGE_SHIFT;
}

/* One level-1 table per set of permissions; see mem.h. */
enum tlb_bank {
	TLB_BANK_EL0,     /* EL0, and LDTR/STTR at EL1 */
	TLB_BANK_EL1,     /* EL1, PSTATE.PAN = 0 */
	TLB_BANK_EL1_PAN, /* EL1, PSTATE.PAN = 1 */
	TLB_NR_BANKS,
};

/*
 * The second level, for all address spaces, and for instruction fetch: reached from C only. An
 * entry is valid while the name it was made under (context.h) is in use.
 */
struct tlb_l2_entry {
	uint64_t page; /* and the bank, or TLB_BANK_CODE + EL, in bits 2:0 */
	uint64_t name;
	uint64_t addend;
	uint64_t pa; /* as in struct tlb_entry */
};

#define TLB_L2_SHIFT      13
#define TLB_L2_NR_ENTRIES (1u << TLB_L2_SHIFT)
#define TLB_BANK_CODE     TLB_NR_BANKS
#define TLB_L2_NR_BANKS   (TLB_NR_BANKS + 2)

/* Entries of tlb[][] that were filled since the last flush, so that a flush can be short. */
#define TLB_NR_FILLED 1024

struct tlb_filled {
	unsigned int nr;                 /* TLB_NR_FILLED: overflown, any may be */
	uint16_t entries[TLB_NR_FILLED]; /* bank * TLB_L1_NR_ENTRIES + index */
};

#define TLB_BLOCK_SHIFT   21
#define TLB_NR_BLOCK_BITS 4096

/* A block that was flushed and not entered since; tlb_block_flushed(). */
#define TLB_NR_FLUSHED 64

struct tlb_flushed {
	uint64_t block; /* its number + 1; 0: none */
	unsigned int asid;
};

/* Maintenance requested by other CPUs; tlb.c. */
struct tlb_queue;

/*
 * Level 0 of the TLB, for translated code: the page a base register was last used with. At a fixed
 * address, so that a hit adds no latency to the load. One set per bank; emit_slot() says which one
 * an access uses. An access hits when its address - page is below the limit, which leaves out the
 * last bytes of the page, so that one limit serves all sizes, and is 0 where the slow path must
 * decide.
 */
struct tlb_slot {
	uint64_t page;
	uint64_t read_limit;
	uint64_t write_limit;
	uint64_t addend;
};

#define TLB_NR_SLOTS   256 /* the first of them by base register */
#define TLB_SLOT_SIZE  32  /* the largest access */
#define TLB_SLOT_LIMIT (4096 - TLB_SLOT_SIZE + 1)

/* Where translated code for a guest address is, in a given context (cpu->code_context). */
struct cpu_jump {
	uint64_t va;
	uint64_t context;
	const void *code;
	uint32_t mapped_slot; /* of its page, in bytes, in cpu->mapped[] */
	int32_t mapped_tag;
};

#define CPU_JUMP_SHIFT 14
#define CPU_NR_JUMPS   (1u << CPU_JUMP_SHIFT)
/*
 * The two places of an entry: where it is looked for first, and where it goes when another one
 * wants to be there. `context` is cpu->code_context: programs in different address spaces use the
 * same addresses.
 */
#define CPU_JUMP_INDEX(va, context)  (((va) ^ (context)) >> 2 & (CPU_NR_JUMPS - 1))
#define CPU_JUMP_INDEX2(va, context) CPU_JUMP_INDEX((va) ^ (va) >> CPU_JUMP_SHIFT, context)

/*
 * Where an address space is known to have the code pages that the cache numbers: number n's virtual
 * address at [n % CPU_NR_MAPPED], plus a tag that tells it from other numbers there: a signed byte,
 * never 0. So zero is no entry, be there a page at address 0. The last place stays empty, for jumps
 * that have no target yet. Jumps to other pages look here; what jumps[] does not know under the
 * current name must not be here.
 */
#define CPU_NR_MAPPED      1024
#define CPU_MAPPED_SLOT(n) ((n) % CPU_NR_MAPPED * (uint32_t)sizeof(uint64_t))
#define CPU_MAPPED_TAG(n)  ((int8_t)((n) / CPU_NR_MAPPED + 1))
#define CPU_MAX_MAPPED     (255u * CPU_NR_MAPPED)

#define CPU_NR_CONTEXTS    16
#define CPU_NR_RECENT      64
#define CPU_CONTEXT_FILTER (1u << 14)

/* An address space; context.h. */
struct cpu_context {
	uint64_t jumps; /* name of its entries in jumps[] */
	uint64_t pages; /* and in the second-level TLB; 0: this one is unused */
	uint64_t used;  /* larger: later */
	unsigned int asid;
	unsigned int nr_recent;
	uint64_t recent[CPU_NR_RECENT]; /* pages the first-level TLB held last, | bank */
	uint64_t mapped[CPU_NR_MAPPED + 1];
};

/* The exclusive monitor: LDXR remembers what it saw, STXR compares and swaps. */
struct cpu_monitor {
	uint64_t va;
	uint64_t value[2];
	uint32_t size; /* bytes; 0: open */
};

/* An exception that was recognised but not yet taken; see exception.h. */
struct cpu_exception {
	uint64_t far;
	uint32_t esr;
	uint8_t return_offset; /* preferred return address - pc: 0, or 4 (SVC, HVC) */
	bool has_far;
	bool hvc; /* to be served by PSCI, not taken in the guest */
};

#define CPU_NR_BREAKPOINTS 6
#define CPU_NR_WATCHPOINTS 4

struct cpu_debug_regs {
	uint64_t mdscr;
	uint64_t bvr[CPU_NR_BREAKPOINTS];
	uint64_t bcr[CPU_NR_BREAKPOINTS];
	uint64_t wvr[CPU_NR_WATCHPOINTS];
	uint64_t wcr[CPU_NR_WATCHPOINTS];
	uint64_t claim;
	bool os_lock;
	bool os_double_lock;
	uint8_t nr_breakpoints; /* armed: enabled, and MDSCR_EL1.MDE and the locks allow it */
	uint8_t nr_watchpoints;
};

#define CPU_NR_EVENT_COUNTERS 6
#define CPU_CYCLE_COUNTER     CPU_NR_EVENT_COUNTERS /* its index in arrays of counters */
#define CPU_NR_COUNTERS       (CPU_NR_EVENT_COUNTERS + 1)

/* The performance monitors; pmu.h. Sets of counters have the cycle counter in bit 31. */
struct cpu_pmu {
	uint64_t count[CPU_NR_COUNTERS]; /* as of the last pmu_sync() */
	uint32_t type[CPU_NR_COUNTERS];  /* PMEVTYPER<n>_EL0, PMCCFILTR_EL0 */
	uint32_t enabled;                /* PMCNTENSET_EL0 */
	uint32_t interrupts;             /* PMINTENSET_EL1 */
	uint32_t overflown;              /* PMOVSSET_EL0 */
	uint32_t select;                 /* PMSELR_EL0 */
	uint32_t userenr;
	bool on;        /* PMCR_EL0.E */
	bool running;   /* and a counter is enabled */
	uint8_t counts; /* bit n: a counter counts instructions at ELn */
	uint64_t seen_insns;
	uint64_t seen_time;
};

/* EL1 (and EL0) system registers that are plain storage; ID registers are constants. */
struct cpu_sysregs {
	uint64_t sctlr;
	uint64_t tcr;
	uint64_t ttbr[2];
	uint64_t mair;
	uint64_t amair;
	uint64_t vbar;
	uint64_t elr;
	uint64_t spsr;
	uint64_t esr;
	uint64_t far;
	uint64_t par;
	uint64_t cpacr;
	uint64_t contextidr;
	uint64_t cntkctl;
	uint64_t csselr;
	uint64_t afsr[2];
	uint64_t tpidr_el0;
	uint64_t tpidrro_el0;
	uint64_t tpidr_el1;
	uint64_t cntv_cval;
	uint64_t cntp_cval;
	uint64_t scxtnum_el0;
	uint64_t scxtnum_el1;
	uint32_t cntv_ctl;
	uint32_t cntp_ctl;
};

/* Operands of translated code, in reach of its base register. Filled by cpu_init_constants(). */
struct cpu_constants {
	union vreg ones;
	union vreg abs[2];        /* by size: single, double */
	union vreg min_normal[2]; /* the smallest normal number */
	union vreg tbl_bias;      /* 0x70 in each byte: indices from 16 up get bit 7 set */
	union vreg tbl_size;      /* 16 in each byte */
	/* Orders of bytes for PSHUFB, by size of the elements, which stay whole. */
	union vreg gather[2];    /* even elements below, odd ones above */
	union vreg by_member[2]; /* those of structures of four */
	/* For IR_VEC_THREE: by c, wide, size, imm, and which of the three; bit 7: from another. */
	union vreg three[2][2][4][3][3];
	union vreg reverse[3][2]; /* backwards within groups of 2, 4 and 8 bytes */
	union vreg half[3];       /* of the lowest bit that narrowing keeps, by the narrow size */
	union vreg nibbles;       /* 0x0f in each byte */
	union vreg popcount;      /* of 0 to 15 */
	union vreg byte_low[9];   /* 0xff >> n in each byte */
	union vreg sign[2];       /* by size: single, double */
	union vreg u32_high; /* three constants to convert unsigned words, x64_vector_float.c */
	union vreg u32_low;
	union vreg u32_bias;
	uint16_t fcmp_flags[70]; /* ZF, PF, CF as LAHF leaves them -> cpu->flags */
};

/* What a CPU counts; stat.c prints them. Accesses that hit L0 or L1 inline are nowhere counted. */
enum cpu_stat {
	CPU_STAT_INTERPRETED, /* instructions, by interp_step() */
	CPU_STAT_HELPED,      /* instructions for which translated code called C */
	CPU_STAT_EXITS,       /* first of one for each enum translate_exit of the dispatcher's */
	CPU_STAT_EXITS_LAST = CPU_STAT_EXITS + 3,
	CPU_STAT_LOOKUPS,    /* jumps[] did not know the address */
	CPU_STAT_UNMAPPED,   /* a guard did not know that its link's target is mapped */
	CPU_STAT_REFILLS,    /* L0 missed and asked L1 */
	CPU_STAT_SLOW,       /* data accesses, or halves of them, in C */
	CPU_STAT_L2_HITS,    /* of those, and of fetches, found in the second-level TLB */
	CPU_STAT_WALKS,      /* translation table walks for data */
	CPU_STAT_CODE_WALKS, /* and for instructions */
	CPU_STAT_MMIO_READS,
	CPU_STAT_MMIO_WRITES,
	CPU_STAT_CODE_WRITES, /* stores to pages that hold translated code */
	CPU_STAT_FLUSHES_ALL,
	CPU_STAT_FLUSHES_ASID,
	CPU_STAT_FLUSHES_BLOCK,
	CPU_STAT_FLUSHES_PAGE,
	CPU_STAT_SWITCHES, /* of address space */
	CPU_STAT_RESTORED, /* pages brought back into the first level by these */
	CPU_STAT_SYSTEM_CALLS,
	CPU_STAT_FAULTS, /* instruction and data aborts */
	CPU_STAT_OTHER_EXCEPTIONS,
	CPU_STAT_INTERRUPTS,
	CPU_STAT_HVC,
	CPU_STAT_WAITS, /* WFI that slept */
	CPU_STAT_ATTENTION,
	CPU_STAT_COMPARED,   /* instructions, in lock-step */
	CPU_STAT_UNCOMPARED, /* blocks that could not be: MMIO, FP that the translator refused */
	CPU_NR_STATS,
};

struct jit_vm;

#define CPU_LINE_ALIGNED __attribute__((aligned(64)))

struct jit_cpu {
	/* Hot: reached with 8-bit displacements from translated code, but for x[0] to x[5]. */
	uint64_t x[32];
	uint64_t page;    /* translated code's: address of the page that it runs in */
	uint64_t *mapped; /* of the current context, or of EL1 */
	/* Translated code's: if not 0, NZCV is what this operation on a and b gives, and `flags` is
	 * old. C code never sees that: the stubs through which it is reached work it out. */
	uint64_t flags_a;
	uint64_t flags_b;
	uint32_t flags_from;   /* CPU_FLAGS_FROM_... */
	uint32_t flags;        /* NZCV, see the top of the file */
	uint64_t frames_limit; /* x64_return.c: where no other frame fits */

	uint64_t pc;
	uint8_t el;    /* PSTATE.EL: 0 or 1 */
	uint8_t spsel; /* PSTATE.SP */
	uint8_t daif;  /* PSTATE.DAIF: bit 3 D, 2 A, 1 I, 0 F */
	uint8_t pan;
	uint8_t uao;
	uint8_t ssbs;
	uint8_t dit;
	uint8_t il;         /* PSTATE.IL: the next instruction is illegal */
	uint8_t ss;         /* PSTATE.SS: software step, not yet stepped */
	uint8_t bank;       /* enum tlb_bank of ordinary accesses; tlb_select_bank() sets it */
	uint8_t kept_cond;  /* translated code's: a condition whose flags are gone */
	uint8_t event;      /* WFE's event register */
	uint8_t fp_enabled; /* CPACR_EL1.FPEN allows FP and SIMD at this EL */
	uint32_t fp_inline; /* what translated code may execute: 0 nothing, 1 all but FP arithmetic,
			       2 all */

	/* FP control. fpsr holds what is folded in; sticky bits may also wait in the host's MXCSR
	 * while translated code runs: C code reads fpsr through fpsr_read(). */
	uint32_t fpcr;
	uint32_t fpsr;

	union vreg v[32];

	struct cpu_monitor monitor;
	struct cpu_exception exc;

	/* Where the current page of code lies. */
	uint64_t fetch_va;
	uint64_t fetch_size; /* 4096, or 0: unknown */
	uint64_t fetch_addend;

	/* Instructions retired in blocks that count them; at the limit a counter overflows. */
	uint64_t insns;
	uint64_t insns_limit;

	uint64_t sp_el[2]; /* the banked SP that is not x[31] */
	struct cpu_sysregs sys;
	struct cpu_debug_regs debug;
	struct cpu_pmu pmu;

	/* None of these tables' entries is to lie in two lines of the host's cache. */
	struct tlb_entry tlb[TLB_NR_BANKS][TLB_L1_NR_ENTRIES] CPU_LINE_ALIGNED;
	struct tlb_filled tlb_filled[2]; /* [1]: with global pages */
	struct tlb_l2_entry *tlb_l2;
	uint64_t tlb_blocks[TLB_NR_BLOCK_BITS / 64]; /* filter: 2 MiB with pages of larger blocks */
	struct tlb_flushed tlb_flushed[TLB_NR_FLUSHED];
	bool tlb_huge_blocks; /* there are pages of blocks beyond 2 MiB */
	bool tlb_el1_local;   /* EL1's banks have had pages tied to the current ASID */
	bool slow_memory;     /* never fill tlb[]: SCTLR_EL1.A, or the user wants it */
	struct tlb_queue *tlb_queue;
	struct mem_journal
		*journal; /* mem.h; NULL but for the CPU that lock-step tries things on */

	/* Translated code. */
	struct cpu_constants constants;
	struct tlb_slot slots[TLB_NR_BANKS][TLB_NR_SLOTS] CPU_LINE_ALIGNED;
	uint64_t code_context; /* names what translated code depends on besides its address */
	uint64_t frames_top;   /* x64_return.c: where its frames on the host's stack begin */
	uint64_t frames_end;   /* and, while C code runs, where they end */
	uint64_t link_site;    /* the jump that left translated code last, from the cache's start */
	struct cpu_jump jumps[CPU_NR_JUMPS] CPU_LINE_ALIGNED;
	struct cpu_context *context; /* the current one */
	struct cpu_context contexts[CPU_NR_CONTEXTS];
	uint64_t context_next;   /* the last name given */
	uint64_t context_uses;   /* counts switches */
	uint64_t context_global; /* name of global pages in the second-level TLB */
	uint64_t context_el1;    /* name of EL1's jumps */
	uint64_t mapped_el1[CPU_NR_MAPPED + 1];
	bool context_el1_local;  /* EL1 has run code that is tied to an ASID */
	bool context_el0_global; /* EL0 has run code that is not */
	/* Filters: where jumps[] knows code; by 4 KiB and 2 MiB, EL, lower and upper half. */
	uint64_t context_filters[2][2][2][CPU_CONTEXT_FILTER / 64];
	unsigned int context_nr_filtered;

	struct jit_vm *vm;
	bool pmu_line; /* level of the PMU's interrupt */
	void *owner;   /* what the accelerator's vCPU is; opaque here */
	unsigned int index;
	uint64_t mpidr;

	/* Shared with other threads. */
	_Atomic uint64_t stats[CPU_NR_STATS]; /* written by the CPU's own thread only */
	_Atomic uint32_t attention; /* enum cpu_attention bits: leave the fast loop and look */
	_Atomic uint32_t irq_lines; /* bit 0 IRQ, bit 1 FIQ: what the GIC asserts to this CPU */
	_Atomic uint32_t power;     /* enum cpu_power */
	_Atomic uint64_t deadline;  /* guest time at which a timer fires next; UINT64_MAX: never */
	_Atomic bool in_code;       /* runs translated code: it must not be freed */
	_Atomic bool asleep; /* waits on `attention` as a futex: wake it after setting a bit */
	/* Written by CPU_ON before power becomes CPU_POWER_ON_PENDING. */
	uint64_t start_pc;
	uint64_t start_x0;
};

enum cpu_power {
	CPU_POWER_OFF,
	CPU_POWER_ON_SETUP,   /* CPU_ON is filling in start_pc and start_x0 */
	CPU_POWER_ON_PENDING, /* PSCI CPU_ON was called; the CPU's thread has not seen it yet */
	CPU_POWER_ON,
};

enum cpu_attention {
	CPU_ATTN_IRQ = 1 << 0,   /* interrupt lines or masks may have changed */
	CPU_ATTN_TLBI = 1 << 1,  /* requests of other CPUs wait in the queue */
	CPU_ATTN_STOP = 1 << 2,  /* leave the run loop */
	CPU_ATTN_STATE = 1 << 3, /* PSTATE.IL is set, or software step is active */
};

void cpu_init_constants(struct cpu_constants *constants);

/* One writer: a plain addition whose result others may read. */
static inline void cpu_count_many(struct jit_cpu *cpu, unsigned int stat, uint64_t nr)
{
	uint64_t count = atomic_load_explicit(&cpu->stats[stat], memory_order_relaxed);

	atomic_store_explicit(&cpu->stats[stat], count + nr, memory_order_relaxed);
}

static inline void cpu_count(struct jit_cpu *cpu, unsigned int stat)
{
	cpu_count_many(cpu, stat, 1);
}

/* N is bit 3, V is bit 0. */
static inline unsigned int cpu_nzcv(const struct jit_cpu *cpu)
{
	uint32_t f = cpu->flags;

	return (f >> 15 & 1) << 3 | (f >> 14 & 1) << 2 | (f >> 8 & 1) << 1 | (f & 1);
}

static inline void cpu_set_nzcv(struct jit_cpu *cpu, unsigned int nzcv)
{
	cpu->flags =
		(nzcv >> 3 & 1) << 15 | (nzcv >> 2 & 1) << 14 | (nzcv >> 1 & 1) << 8 | (nzcv & 1);
}

static inline void cpu_set_flags(struct jit_cpu *cpu, bool n, bool z, bool c, bool v)
{
	cpu->flags = (uint32_t)n << 15 | (uint32_t)z << 14 | (uint32_t)c << 8 | (uint32_t)v;
}

static inline bool cpu_flag_c(const struct jit_cpu *cpu)
{
	return cpu->flags & CPU_FLAG_C;
}

#endif
