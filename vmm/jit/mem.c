// SPDX-License-Identifier: BSD-3-Clause
/*
 * mem.c - the slow paths of guest memory access: TLB misses, MMIO, unaligned and page-crossing
 * accesses, exclusives and atomics, faults.
 *
 * An access is cut at page boundaries into at most two parts. All parts are resolved (translated,
 * permissions checked) before the first is performed, so a fault leaves memory as it was.
 */
#include "bus.h"
#include "debug.h"
#include "exception.h"
#include "mem.h"
#include "tlb.h"

#define SCTLR_A (1ull << 1)

#define ISS_WNR                   (1u << 6)
#define FSC_EXCLUSIVE_UNSUPPORTED 0x35

/* Where one page-contained part of an access goes. */
struct mem_place {
	void *host; /* NULL: the bus */
	uint64_t pa;
	bool tracked; /* a write there must be reported: the page has code */
};

static bool mem_raise_abort(struct jit_cpu *cpu, uint64_t va, bool write, int fsc)
{
	exception_raise_far(cpu, cpu->el ? EC_DATA_ABORT_EL1 : EC_DATA_ABORT_EL0,
			    (uint32_t)fsc | (write ? ISS_WNR : 0), va);
	return false;
}

static unsigned int mem_bank(const struct jit_cpu *cpu, unsigned int access)
{
	return (access & MEM_UNPRIV) && !cpu->uao ? TLB_BANK_EL0 : cpu->bank;
}

/* Raises the exception of a watchpoint; true when there is none. */
static bool mem_watch(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int bank,
		      bool write)
{
	uint64_t address = mmu_strip_tag(cpu, va), first;

	if (!debug_watches(cpu, address, size, write, bank != TLB_BANK_EL0, &first)) {
		return true;
	}
	exception_raise_far(cpu, cpu->el ? EC_WATCHPOINT_EL1 : EC_WATCHPOINT_EL0,
			    MMU_FAULT_DEBUG | (write ? ISS_WNR : 0), va + (first - address));
	return false;
}

/* Can an access that reaches the bus, or one more store to memory, be taken back if it must be? */
static bool mem_journal_allows(struct jit_cpu *cpu, bool bus)
{
	struct mem_journal *j = cpu->journal;

	if (!j || (!bus && j->nr + 2 <= MEM_JOURNAL_LENGTH)) {
		return true;
	}
	j->refused = true;
	return false;
}

/* Around every store to memory; `size` bytes at place->host. */
static void mem_begin_store(struct jit_cpu *cpu, const struct mem_place *place, unsigned int size)
{
	struct mem_journal *j = cpu->journal;

	if (j) {
		j->stores[j->nr].host = place->host;
		j->stores[j->nr].size = size;
		memcpy(j->stores[j->nr++].before, place->host, size);
	}
}

static void mem_end_store(struct jit_cpu *cpu, const struct mem_place *place, unsigned int size)
{
	if (place->tracked && !cpu->journal) {
		vm_memory_written(cpu->vm, place->pa, size);
	}
}

/* Translates the page of va and finds its memory; `size` bytes of it will be accessed. */
static bool mem_resolve(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int bank,
			bool write, bool aligned, struct mem_place *place)
{
	uint64_t address = mmu_strip_tag(cpu, va);
	struct tlb_entry *e = mem_tlb_entry(cpu, bank, address);
	struct mmu_result result;
	struct vm_region *region;
	int fault;

	cpu_count(cpu, CPU_STAT_SLOW);
	if (address - (write ? e->write : e->read) < TLB_PAGE_SIZE ||
	    (tlb_refill(cpu, bank, address) &&
	     address - (write ? e->write : e->read) < TLB_PAGE_SIZE)) {
		place->host = (void *)(uintptr_t)(address + e->addend);
		place->pa = (e->pa & ~(TLB_PAGE_SIZE - 1)) | (address & (TLB_PAGE_SIZE - 1));
		place->tracked = false;
		return true;
	}
	cpu_count(cpu, CPU_STAT_WALKS);
	fault = mmu_translate(cpu, va, write ? MMU_WRITE : MMU_READ, bank != TLB_BANK_EL0,
			      bank == TLB_BANK_EL1_PAN, &result);
	if (fault != MMU_OK) {
		return mem_raise_abort(cpu, va, write, fault);
	}
	if (result.device && !aligned) {
		return mem_raise_abort(cpu, va, write, MMU_FAULT_ALIGNMENT);
	}
	if (!mem_watch(cpu, va, size, bank, write)) {
		return false;
	}
	place->pa = result.pa;
	place->host = NULL;
	place->tracked = false;
	region = vm_find_region(cpu->vm, result.pa, size);
	if (!region || (write && region->read_only)) {
		return mem_journal_allows(cpu, true);
	}
	if (write && !mem_journal_allows(cpu, false)) {
		return false;
	}
	place->host = region->host + (result.pa - region->base);
	place->tracked = write && vm_page_has_code(cpu->vm, result.pa);
	if (place->tracked) {
		cpu_count(cpu, CPU_STAT_CODE_WRITES);
	}
	if (!result.device && !cpu->slow_memory) {
		tlb_fill(cpu, bank, address, &result, region);
	}
	return true;
}

static void mem_read_place(struct jit_cpu *cpu, const struct mem_place *place, unsigned int size,
			   void *val)
{
	uint64_t value;

	if (place->host) {
		if (size == 8) { /* one access, so that an aligned one is single-copy atomic */
			value = __atomic_load_n((const uint64_t *)place->host, __ATOMIC_ACQUIRE);
			memcpy(val, &value, 8);
		} else {
			memcpy(val, place->host, size);
		}
		return;
	}
	cpu_count(cpu, CPU_STAT_MMIO_READS);
	for (unsigned int done = 0, part; done < size; done += part) {
		for (part = 8; part > size - done; part /= 2) {
		}
		bus_read(cpu->vm->bus, place->pa + done, part, &value);
		memcpy((uint8_t *)val + done, &value, part);
	}
}

static void mem_write_place(struct jit_cpu *cpu, const struct mem_place *place, unsigned int size,
			    const void *val)
{
	uint64_t value;

	if (place->host) {
		mem_begin_store(cpu, place, size);
		switch (size) {
		case 2:
			memcpy(place->host, val, 2);
			break;
		case 4:
			memcpy(place->host, val, 4);
			break;
		case 8:
			memcpy(place->host, val, 8);
			break;
		default:
			memcpy(place->host, val, size);
			break;
		}
		mem_end_store(cpu, place, size);
		return;
	}
	cpu_count(cpu, CPU_STAT_MMIO_WRITES);
	for (unsigned int done = 0, part; done < size; done += part) {
		for (part = 8; part > size - done; part /= 2) {
		}
		value = 0;
		memcpy(&value, (const uint8_t *)val + done, part);
		bus_write(cpu->vm->bus, place->pa + done, part, value);
	}
}

/*
 * The common body. `align` is what the access must be aligned to where alignment is checked
 * (SCTLR.A, Device memory); `must_align`: always.
 */
static bool mem_access(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int align,
		       bool must_align, unsigned int access, bool write, void *val)
{
	struct mem_place place[2];
	unsigned int bank = mem_bank(cpu, access);
	unsigned int in_page = TLB_PAGE_SIZE - (va & (TLB_PAGE_SIZE - 1));
	unsigned int first = size < in_page ? size : in_page;
	bool aligned = !(va & (align - 1));

	if (!aligned && (must_align || (cpu->sys.sctlr & SCTLR_A))) {
		return mem_raise_abort(cpu, va, write, MMU_FAULT_ALIGNMENT);
	}
	if (!mem_resolve(cpu, va, first, bank, write, aligned, &place[0])) {
		return false;
	}
	if (first < size &&
	    !mem_resolve(cpu, va + first, size - first, bank, write, aligned, &place[1])) {
		return false;
	}
	if (write) {
		mem_write_place(cpu, &place[0], first, val);
		if (first < size) {
			mem_write_place(cpu, &place[1], size - first, (uint8_t *)val + first);
		}
		if (access & MEM_ORDERED) {
			mem_barrier();
		}
	} else {
		mem_read_place(cpu, &place[0], first, val);
		if (first < size) {
			mem_read_place(cpu, &place[1], size - first, (uint8_t *)val + first);
		}
	}
	return true;
}

bool mem_read_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val)
{
	return mem_access(cpu, va, size, size, access & MEM_ORDERED, access, false, val);
}

bool mem_write_slow(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val)
{
	uint64_t copy[2];

	memcpy(copy, val, size);
	return mem_access(cpu, va, size, size, access & MEM_ORDERED, access, true, copy);
}

bool mem_read_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		   void *val)
{
	return mem_access(cpu, va, 2 * size, size, false, access, false, val);
}

bool mem_write_pair(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int access,
		    const void *val)
{
	uint64_t copy[4];

	memcpy(copy, val, 2 * size);
	return mem_access(cpu, va, 2 * size, size, false, access, true, copy);
}

bool mem_read_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg, void *val)
{
	return mem_access(cpu, va, size, 1u << lg, false, MEM_PLAIN, false, val);
}

bool mem_write_block(struct jit_cpu *cpu, uint64_t va, unsigned int size, unsigned int lg,
		     const void *val)
{
	uint64_t copy[8];

	memcpy(copy, val, size);
	return mem_access(cpu, va, size, 1u << lg, false, MEM_PLAIN, true, copy);
}

bool mem_zero_block(struct jit_cpu *cpu, uint64_t va)
{
	uint64_t zero[8] = {0};

	struct mem_place place;
	uint64_t block = va & ~63ull;

	/* The fault reports the address given, not the block's (D7.2.4); Device memory faults. */
	if (!mem_resolve(cpu, va, 1, cpu->bank, true, false, &place)) {
		return false;
	}
	return mem_access(cpu, block, 64, 1, false, MEM_PLAIN, true, zero);
}

/* Memory for an exclusive or atomic access: aligned, RAM, writable if `write`. */
static bool mem_resolve_atomic(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool write,
			       struct mem_place *place)
{
	if (va & (size - 1)) {
		return mem_raise_abort(cpu, va, write, MMU_FAULT_ALIGNMENT);
	}
	if (!mem_resolve(cpu, va, size, cpu->bank, write, true, place)) {
		return false;
	}
	if (!place->host) {
		return mem_raise_abort(cpu, va, write, FSC_EXCLUSIVE_UNSUPPORTED);
	}
	return true;
}

/* The same for an access that both reads and writes. A fault that a read would have is a read's
 * (ESR_ELx.WnR, D17.2.37). */
static bool mem_resolve_update(struct jit_cpu *cpu, uint64_t va, unsigned int size,
			       struct mem_place *place)
{
	return mem_resolve_atomic(cpu, va, size, false, place) &&
	       mem_resolve_atomic(cpu, va, size, true, place);
}

static void mem_split_pair(unsigned __int128 value, unsigned int size, bool pair, uint64_t val[2])
{
	if (!pair) {
		val[0] = (uint64_t)value;
	} else if (size == 8) {
		val[0] = (uint32_t)value;
		val[1] = (uint64_t)value >> 32;
	} else {
		val[0] = (uint64_t)value;
		val[1] = (uint64_t)(value >> 64);
	}
}

static unsigned __int128 mem_join_pair(const uint64_t val[2], unsigned int size, bool pair)
{
	if (!pair) {
		return val[0];
	}
	if (size == 8) {
		return (uint32_t)val[0] | val[1] << 32;
	}
	return (unsigned __int128)val[1] << 64 | val[0];
}

/* Compare and swap of 1 to 16 bytes; returns what was there. */
static unsigned __int128 mem_host_cas(void *p, unsigned int size, unsigned __int128 expected,
				      unsigned __int128 desired)
{
	switch (size) {
	case 1:
		return __sync_val_compare_and_swap((uint8_t *)p, (uint8_t)expected,
						   (uint8_t)desired);
	case 2:
		return __sync_val_compare_and_swap((uint16_t *)p, (uint16_t)expected,
						   (uint16_t)desired);
	case 4:
		return __sync_val_compare_and_swap((uint32_t *)p, (uint32_t)expected,
						   (uint32_t)desired);
	case 8:
		return __sync_val_compare_and_swap((uint64_t *)p, (uint64_t)expected,
						   (uint64_t)desired);
	default:
		return __sync_val_compare_and_swap((unsigned __int128 *)p, expected, desired);
	}
}

static unsigned __int128 mem_host_load(const void *p, unsigned int size)
{
	switch (size) {
	case 1:
		return __atomic_load_n((const uint8_t *)p, __ATOMIC_SEQ_CST);
	case 2:
		return __atomic_load_n((const uint16_t *)p, __ATOMIC_SEQ_CST);
	case 4:
		return __atomic_load_n((const uint32_t *)p, __ATOMIC_SEQ_CST);
	case 8:
		return __atomic_load_n((const uint64_t *)p, __ATOMIC_SEQ_CST);
	default: {
		/*
		 * Two halves that agree with a second look. LDXP need not be atomic (B2.2.1): the
		 * STXP that follows compares all of it.
		 */
		const uint64_t *half = p;
		uint64_t low, high;

		do {
			low = __atomic_load_n(&half[0], __ATOMIC_SEQ_CST);
			high = __atomic_load_n(&half[1], __ATOMIC_SEQ_CST);
		} while (low != __atomic_load_n(&half[0], __ATOMIC_SEQ_CST));
		return (unsigned __int128)high << 64 | low;
	}
	}
}

bool mem_load_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			uint64_t val[2])
{
	struct mem_place place;
	unsigned __int128 value;

	if (!mem_resolve_atomic(cpu, va, size, false, &place)) {
		return false;
	}
	value = mem_host_load(place.host, size);
	cpu->monitor.va = va;
	cpu->monitor.size = size;
	cpu->monitor.value[0] = (uint64_t)value;
	cpu->monitor.value[1] = (uint64_t)(value >> 64);
	mem_split_pair(value, size, pair, val);
	return true;
}

bool mem_store_exclusive(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
			 const uint64_t val[2], uint32_t *failed)
{
	struct cpu_monitor monitor = cpu->monitor;
	unsigned __int128 expected = (unsigned __int128)monitor.value[1] << 64 | monitor.value[0];
	struct mem_place place;

	if (!mem_resolve_atomic(cpu, va, size, true, &place)) {
		return false;
	}
	cpu->monitor.size = 0;
	*failed = 1;
	mem_begin_store(cpu, &place, size);
	if (monitor.size == size && monitor.va == va &&
	    mem_host_cas(place.host, size, expected, mem_join_pair(val, size, pair)) == expected) {
		*failed = 0;
		mem_end_store(cpu, &place, size);
	}
	return true;
}

static uint64_t mem_atomic_result(enum mem_atomic_op op, unsigned int lg, uint64_t old,
				  uint64_t operand)
{
	unsigned int shift = 64 - (8u << lg);
	int64_t a = (int64_t)(old << shift);
	int64_t b = (int64_t)(operand << shift);
	bool take_operand = false;

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
		take_operand = b > a;
		break;
	case MEM_ATOMIC_SMIN:
		take_operand = b < a;
		break;
	case MEM_ATOMIC_UMAX:
		take_operand = (uint64_t)b > (uint64_t)a;
		break;
	case MEM_ATOMIC_UMIN:
		take_operand = (uint64_t)b < (uint64_t)a;
		break;
	case MEM_ATOMIC_SWP:
		take_operand = true;
		break;
	}
	return take_operand ? operand : old;
}

bool mem_atomic(struct jit_cpu *cpu, uint64_t va, unsigned int lg, enum mem_atomic_op op,
		uint64_t operand, uint64_t *old)
{
	struct mem_place place;
	uint64_t seen, found;

	if (!mem_resolve_update(cpu, va, 1u << lg, &place)) {
		return false;
	}
	mem_begin_store(cpu, &place, 1u << lg);
	found = (uint64_t)mem_host_load(place.host, 1u << lg);
	do {
		seen = found;
		found = (uint64_t)mem_host_cas(place.host, 1u << lg, seen,
					       mem_atomic_result(op, lg, seen, operand));
	} while (found != seen);
	mem_end_store(cpu, &place, 1u << lg);
	*old = seen;
	return true;
}

bool mem_compare_swap(struct jit_cpu *cpu, uint64_t va, unsigned int size, bool pair,
		      const uint64_t expected[2], const uint64_t desired[2], uint64_t val[2])
{
	unsigned __int128 mask =
		size == 16 ? ~(unsigned __int128)0 : ((unsigned __int128)1 << (8 * size)) - 1;
	struct mem_place place;
	unsigned __int128 found;

	if (!mem_resolve_update(cpu, va, size, &place)) {
		return false;
	}
	mem_begin_store(cpu, &place, size);
	found = mem_host_cas(place.host, size, mem_join_pair(expected, size, pair) & mask,
			     mem_join_pair(desired, size, pair) & mask);
	mem_end_store(cpu, &place, size);
	mem_split_pair(found, size, pair, val);
	return true;
}

/* The entry of va's page in the TLB for code; NULL: it faulted. */
static const struct tlb_l2_entry *mem_fetch_entry(struct jit_cpu *cpu, uint64_t va,
						  uint64_t address)
{
	const struct tlb_l2_entry *e;
	enum exception_class ec = cpu->el ? EC_INSN_ABORT_EL1 : EC_INSN_ABORT_EL0;
	struct mmu_result result;
	struct vm_region *region;
	int fault;

	if (va & 3) {
		exception_raise_far(cpu, EC_PC_ALIGN, 0, va);
		return NULL;
	}
	e = tlb_find_code(cpu, address);
	if (e) {
		return e;
	}
	cpu_count(cpu, CPU_STAT_CODE_WALKS);
	fault = mmu_translate(cpu, va, MMU_EXEC, cpu->el, false, &result);
	if (fault != MMU_OK) {
		exception_raise_far(cpu, ec, (uint32_t)fault, va);
		return NULL;
	}
	region = vm_find_region(cpu->vm, result.pa & ~(TLB_PAGE_SIZE - 1), TLB_PAGE_SIZE);
	if (!region) {
		exception_raise_far(cpu, ec, MMU_FAULT_EXTERNAL, va);
		return NULL;
	}
	return tlb_fill_code(cpu, address, &result, region);
}

bool mem_find_code(struct jit_cpu *cpu, uint64_t va, struct mem_code *code)
{
	uint64_t address = mmu_strip_tag(cpu, va);
	const struct tlb_l2_entry *e = mem_fetch_entry(cpu, va, address);

	if (!e) {
		return false;
	}
	code->pa = (e->pa & ~(TLB_PAGE_SIZE - 1)) | (address & (TLB_PAGE_SIZE - 1));
	code->host = (const uint8_t *)(uintptr_t)(address + e->addend);
	code->global = e->pa & TLB_PA_GLOBAL;
	return true;
}

bool mem_fetch_slow(struct jit_cpu *cpu, uint64_t va, uint32_t *insn)
{
	uint64_t address = mmu_strip_tag(cpu, va);
	const struct tlb_l2_entry *e = mem_fetch_entry(cpu, va, address);

	if (!e) {
		return false;
	}
	memcpy(insn, (const void *)(uintptr_t)(address + e->addend), 4);
	if (va == address) {
		cpu->fetch_va = va & ~(TLB_PAGE_SIZE - 1);
		cpu->fetch_size = TLB_PAGE_SIZE;
		cpu->fetch_addend = e->addend;
	}
	return true;
}
