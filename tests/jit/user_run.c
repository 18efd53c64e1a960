// SPDX-License-Identifier: BSD-3-Clause
/*
 * user_run.c - runs a static arm64 program in the interpreter, as qemu-aarch64 would.
 *
 *	user_run [--fast] PROGRAM [ARGUMENT...]
 *
 * With --fast it executes instructions by the helpers that translated code calls (fast.h).
 *
 * It serves exactly what the test programs of this folder need: write, exit and exit_group. Guest
 * memory is the program's segments and a stack, mapped at their own addresses. This file is also
 *the other side of vmm/jit's interfaces (mem.h, sysreg.h, exception.h): a flat EL0 without MMU,
 *where an exception other than SVC ends the run.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debug.h"
#include "exception.h"
#include "fast.h"
#include "fp.h"
#include "fpsr.h"
#include "interp.h"
#include "mem.h"
#include "sysreg.h"

#define STACK_TOP  0x7f0000000000ull
#define STACK_SIZE (1u << 20)
#define PAGE       4096u
#define NR_REGIONS 16

#define SYS_WRITE      64
#define SYS_EXIT       93
#define SYS_EXIT_GROUP 94

struct region {
	uint64_t start;
	uint64_t size;
};

static struct region regions[NR_REGIONS];
static unsigned int nr_regions;

static bool region_add(uint64_t start, uint64_t size, int prot)
{
	void *at = mmap((void *)(uintptr_t)start, size, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at == MAP_FAILED || nr_regions == NR_REGIONS) {
		return false;
	}
	regions[nr_regions++] = (struct region){start, size};
	return true;
}

/* Host address of guest memory, or NULL: a data abort. */
static void *guest(struct jit_cpu *cpu, uint64_t va, uint64_t size)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		if (va - regions[i].start < regions[i].size &&
		    size <= regions[i].size - (va - regions[i].start)) {
			return (void *)(uintptr_t)va;
		}
	}
	exception_raise_far(cpu, EC_DATA_ABORT_EL0, 0, va);
	return NULL;
}

bool mem_read_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val)
{
	const void *p = guest(cpu, va, size);

	(void)access;
	if (p) {
		memcpy(val, p, size);
	}
	return p;
}

bool mem_write_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val)
{
	void *p = guest(cpu, va, size);

	(void)access;
	if (p) {
		memcpy(p, val, size);
	}
	return p;
}

bool mem_read_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val)
{
	return mem_read_slow(cpu, va, 2 * size, access, val);
}

bool mem_write_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val)
{
	return mem_write_slow(cpu, va, 2 * size, access, val);
}

bool mem_read_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg, void *val)
{
	(void)lg;
	return mem_read_slow(cpu, va, size, MEM_PLAIN, val);
}

bool mem_write_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg,
		     const void *val)
{
	(void)lg;
	return mem_write_slow(cpu, va, size, MEM_PLAIN, val);
}

static void split_pair(const void *p, unsigned int size, bool pair, uint64_t val[2])
{
	unsigned int part = pair ? size / 2 : size;

	val[0] = val[1] = 0;
	memcpy(&val[0], p, part);
	if (pair) {
		memcpy(&val[1], (const char *)p + part, part);
	}
}

static void join_pair(void *p, unsigned int size, bool pair, const uint64_t val[2])
{
	unsigned int part = pair ? size / 2 : size;

	memcpy(p, &val[0], part);
	if (pair) {
		memcpy((char *)p + part, &val[1], part);
	}
}

bool mem_load_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			uint64_t val[2])
{
	const void *p = guest(cpu, va, size);

	if (p) {
		split_pair(p, size, pair, val);
		cpu->monitor = (struct cpu_monitor){.va = va, .size = size};
	}
	return p;
}

bool mem_store_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			 const uint64_t val[2], uint32_t *failed)
{
	void *p = guest(cpu, va, size);

	if (!p) {
		return false;
	}
	*failed = cpu->monitor.size != size || cpu->monitor.va != va;
	if (!*failed) {
		join_pair(p, size, pair, val);
	}
	cpu->monitor.size = 0;
	return true;
}

bool mem_compare_swap(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
		      const uint64_t expected[2], const uint64_t desired[2], uint64_t val[2])
{
	void *p = guest(cpu, va, size);

	if (!p) {
		return false;
	}
	split_pair(p, size, pair, val);
	if (val[0] == expected[0] && val[1] == expected[1]) {
		join_pair(p, size, pair, desired);
	}
	return true;
}

static uint64_t atomic_result(enum mem_atomic_op op, uint64_t old, uint64_t operand,
			      unsigned int bits)
{
	int64_t a = (int64_t)(old << (64 - bits)), b = (int64_t)(operand << (64 - bits));

	switch (op) {
	case MEM_ATOMIC_ADD:
		return old + operand;
	case MEM_ATOMIC_CLR:
		return old & ~operand;
	case MEM_ATOMIC_EOR:
		return old ^ operand;
	case MEM_ATOMIC_SET:
		return old | operand;
	case MEM_ATOMIC_SMAX:
		return a > b ? old : operand;
	case MEM_ATOMIC_SMIN:
		return a < b ? old : operand;
	case MEM_ATOMIC_UMAX:
		return old > operand ? old : operand;
	case MEM_ATOMIC_UMIN:
		return old < operand ? old : operand;
	default:
		return operand;
	}
}

bool mem_atomic(struct jit_cpu *cpu, uint64_t va, unsigned int lg, enum mem_atomic_op op,
		uint64_t operand, uint64_t *old)
{
	void *p = guest(cpu, va, 1u << lg);
	uint64_t val;

	if (!p) {
		return false;
	}
	*old = 0;
	memcpy(old, p, 1u << lg);
	val = atomic_result(op, *old, operand, 8u << lg);
	memcpy(p, &val, 1u << lg);
	return true;
}

bool mem_fetch_slow(struct jit_cpu *cpu, uint64_t va, uint32_t *insn)
{
	return mem_read_slow(cpu, va, 4, MEM_PLAIN, insn);
}

enum exec_result exception_raise_far(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss,
				     uint64_t far)
{
	cpu->exc.esr = (uint32_t)ec << ESR_EC_SHIFT | iss;
	cpu->exc.far = far;
	return EXEC_EXCEPTION;
}

enum exec_result exception_raise(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss)
{
	return exception_raise_far(cpu, ec, iss, 0);
}

enum exec_result exception_raise_undefined(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_UNKNOWN, 0);
}

enum exec_result exception_raise_svc(struct jit_cpu *cpu, uint16_t imm)
{
	return exception_raise(cpu, EC_SVC64, imm);
}

enum exec_result exception_raise_hvc(struct jit_cpu *cpu, uint16_t imm)
{
	return exception_raise(cpu, EC_HVC64, imm);
}

enum exec_result exception_raise_smc(struct jit_cpu *cpu, uint16_t imm)
{
	return exception_raise(cpu, EC_SMC64, imm);
}

enum exec_result exception_raise_brk(struct jit_cpu *cpu, uint16_t imm)
{
	return exception_raise(cpu, EC_BRK64, imm);
}

enum exec_result exception_raise_sp_align(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_SP_ALIGN, 0);
}

enum exec_result exception_raise_fp_access(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_FP_ACCESS, 0);
}

bool debug_find_breakpoint(const struct jit_cpu *cpu)
{
	(void)cpu;
	return false;
}

bool exception_sp_misaligned(const struct jit_cpu *cpu)
{
	(void)cpu;
	return false;
}

enum exec_result exception_eret(struct jit_cpu *cpu)
{
	return exception_raise_undefined(cpu);
}

#define REG_NZCV      SYSREG(3, 3, 4, 2, 0)
#define REG_FPCR      SYSREG(3, 3, 4, 4, 0)
#define REG_FPSR      SYSREG(3, 3, 4, 4, 1)
#define REG_TPIDR_EL0 SYSREG(3, 3, 13, 0, 2)

#define FPCR_MASK (FPCR_AHP | FPCR_DN | FPCR_FZ | 3u << FPCR_RMODE_SHIFT)
#define FPSR_MASK (FPSR_QC | FPSR_IDC | 0x1fu)

enum exec_result sysreg_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t *val)
{
	(void)rt;
	switch (reg) {
	case REG_NZCV:
		*val = (uint64_t)cpu_nzcv(cpu) << 28;
		return EXEC_NEXT;
	case REG_FPCR:
		*val = cpu->fpcr;
		return EXEC_NEXT;
	case REG_FPSR:
		*val = cpu->fpsr;
		return EXEC_NEXT;
	case REG_TPIDR_EL0:
		*val = cpu->sys.tpidr_el0;
		return EXEC_NEXT;
	default:
		return exception_raise_undefined(cpu);
	}
}

enum exec_result sysreg_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t val)
{
	(void)rt;
	switch (reg) {
	case REG_NZCV:
		cpu_set_nzcv(cpu, val >> 28 & 15);
		return EXEC_NEXT;
	case REG_FPCR:
		cpu->fpcr = (uint32_t)val & FPCR_MASK;
		return EXEC_NEXT;
	case REG_FPSR:
		cpu->fpsr = (uint32_t)val & FPSR_MASK;
		return EXEC_NEXT;
	case REG_TPIDR_EL0:
		cpu->sys.tpidr_el0 = val;
		return EXEC_NEXT;
	default:
		return exception_raise_undefined(cpu);
	}
}

/* Cache maintenance has nothing to do. */
enum exec_result sysreg_sys(struct jit_cpu *cpu, uint16_t op, unsigned int rt, uint64_t val)
{
	(void)cpu, (void)op, (void)rt, (void)val;
	return EXEC_NEXT;
}

enum exec_result sysreg_write_pstate(struct jit_cpu *cpu, unsigned int op1, unsigned int op2,
				     unsigned int imm)
{
	(void)op1, (void)op2, (void)imm;
	return exception_raise_undefined(cpu);
}

enum exec_result sysreg_hint(struct jit_cpu *cpu, unsigned int imm)
{
	(void)cpu, (void)imm;
	return EXEC_NEXT;
}

enum exec_result sysreg_isb(struct jit_cpu *cpu)
{
	(void)cpu;
	return EXEC_NEXT;
}

enum exec_result sysreg_dsb(struct jit_cpu *cpu)
{
	(void)cpu;
	return EXEC_NEXT;
}

/* Reads the program's segments; returns its entry, or 0. */
static uint64_t load_program(const char *path)
{
	Elf64_Ehdr header;
	uint64_t entry = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != EM_AARCH64) {
		goto out;
	}
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(Elf64_Phdr));
		Elf64_Phdr ph;
		uint64_t start, end;

		if (pread(fd, &ph, sizeof(ph), at) != sizeof(ph)) {
			goto out;
		}
		if (ph.p_type != PT_LOAD) {
			continue;
		}
		start = ph.p_vaddr & ~(uint64_t)(PAGE - 1);
		end = (ph.p_vaddr + ph.p_memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
		if (!region_add(start, end - start, PROT_READ | PROT_WRITE) ||
		    pread(fd, (void *)(uintptr_t)ph.p_vaddr, ph.p_filesz, (off_t)ph.p_offset) !=
			    (ssize_t)ph.p_filesz) {
			goto out;
		}
	}
	entry = header.e_entry;
out:
	if (fd >= 0) {
		close(fd);
	}
	return entry;
}

/* argc, argv, an empty environment and an empty auxiliary vector; returns SP. */
static uint64_t push_arguments(int argc, char **argv)
{
	char *strings = (char *)(uintptr_t)(STACK_TOP - PAGE);
	uint64_t *frame = (uint64_t *)(uintptr_t)(STACK_TOP - 2 * PAGE);
	uint64_t *p = frame;

	*p++ = (uint64_t)argc;
	for (int i = 0; i < argc; i++) {
		size_t size = strlen(argv[i]) + 1;

		if (strings + size > (char *)(uintptr_t)STACK_TOP || i > 256) {
			return 0;
		}
		memcpy(strings, argv[i], size);
		*p++ = (uint64_t)(uintptr_t)strings;
		strings += size;
	}
	memset(p, 0, 4 * sizeof(*p));
	return (uint64_t)(uintptr_t)frame;
}

/* Serves a system call; false: the program ended with *status. */
static bool serve(struct jit_cpu *cpu, int *status)
{
	const void *p;

	switch (cpu->x[8]) {
	case SYS_WRITE:
		p = guest(cpu, cpu->x[1], cpu->x[2]);
		cpu->x[0] = p ? (uint64_t)write((int)cpu->x[0], p, cpu->x[2]) : (uint64_t)-EFAULT;
		break;
	case SYS_EXIT:
	case SYS_EXIT_GROUP:
		*status = (int)cpu->x[0] & 0xff;
		return false;
	default:
		cpu->x[0] = (uint64_t)-ENOSYS;
		break;
	}
	cpu->pc += 4;
	return true;
}

/* As interp_step(), by the helpers. */
static enum exec_result fast_step(struct jit_cpu *cpu)
{
	enum exec_result result;
	uint32_t insn;

	if (!mem_fetch(cpu, cpu->pc, &insn)) {
		return EXEC_EXCEPTION;
	}
	result = a64_helper[a64_decode(insn)](cpu, insn);
	fpsr_fold(cpu);
	if (result == EXEC_NEXT) {
		cpu->pc += 4;
	}
	return result;
}

static int run(struct jit_cpu *cpu, enum exec_result (*step)(struct jit_cpu *cpu))
{
	int status = 0;

	for (;;) {
		if (step(cpu) != EXEC_EXCEPTION) {
			continue;
		}
		if (cpu->exc.esr >> ESR_EC_SHIFT != EC_SVC64) {
			fprintf(stderr, "user_run: pc %#llx: exception, ESR %#x, FAR %#llx\n",
				(unsigned long long)cpu->pc, cpu->exc.esr,
				(unsigned long long)cpu->exc.far);
			return 128;
		}
		if (!serve(cpu, &status)) {
			return status;
		}
	}
}

int main(int argc, char **argv)
{
	struct jit_cpu *cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~63ul);
	bool fast = argc > 1 && strcmp(argv[1], "--fast") == 0;

	argc -= fast;
	argv += fast;
	if (argc < 2 || !cpu) {
		fprintf(stderr, "usage: user_run [--fast] PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	memset(cpu, 0, sizeof(*cpu));
	for (unsigned int bank = 0; bank < TLB_NR_BANKS; bank++) {
		for (unsigned int i = 0; i < TLB_L1_NR_ENTRIES; i++) {
			cpu->tlb[bank][i].read = cpu->tlb[bank][i].write = tlb_invalid_tag(i);
		}
	}
	cpu->fp_enabled = 1;
	cpu->pc = load_program(argv[1]);
	if (!cpu->pc || !region_add(STACK_TOP - STACK_SIZE, STACK_SIZE, PROT_READ | PROT_WRITE)) {
		fprintf(stderr, "user_run: cannot load %s\n", argv[1]);
		return 2;
	}
	cpu->x[CPU_REG_SP] = push_arguments(argc - 1, argv + 1);
	return run(cpu, fast ? fast_step : interp_step);
}
