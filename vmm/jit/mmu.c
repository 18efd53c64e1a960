// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmu.c - the stage-1 EL1&0 translation table walk.
 *
 * 4, 16 and 64 KiB granules, 48-bit virtual and physical addresses, hierarchical permissions, WXN,
 * PAN, EPD, E0PD, TBI, the access flag. Not offered, and hidden in the ID registers: hardware
 * update of flags, 52-bit addresses, small translation tables.
 */
#include <string.h>

#include "mmu.h"
#include "vm.h"

#define SCTLR_M   (1ull << 0)
#define SCTLR_WXN (1ull << 19)

#define TCR_A1   (1ull << 22)
#define TCR_AS   (1ull << 36)
#define TCR_TBI0 (1ull << 37)

#define DESC_VALID    (1ull << 0)
#define DESC_TABLE    (1ull << 1)
#define DESC_ATTR(d)  ((d) >> 2 & 7)
#define DESC_AP1      (1ull << 6)
#define DESC_AP2      (1ull << 7)
#define DESC_AF       (1ull << 10)
#define DESC_NG       (1ull << 11)
#define DESC_PXN      (1ull << 53)
#define DESC_UXN      (1ull << 54)
#define DESC_PXNTABLE (1ull << 59)
#define DESC_UXNTABLE (1ull << 60)
#define DESC_APTABLE0 (1ull << 61) /* no access from EL0 */
#define DESC_APTABLE1 (1ull << 62) /* no writes */

#define ADDRESS_MASK 0x0000fffffffff000ull

/* One half of the address space, as TCR describes it. */
struct mmu_half {
	uint64_t ttbr;
	unsigned int granule_bits; /* 12, 14, 16 */
	unsigned int input_bits;   /* 64 - TxSZ */
	bool walk_disabled;        /* EPDx */
	bool no_el0;               /* E0PDx */
	bool flat_permissions;     /* HPDx: attributes of tables are ignored */
};

static unsigned int mmu_clamp_input_bits(unsigned int txsz)
{
	/* Values out of range behave as the nearest one (D8.2.2 permits it): 25 to 48 bits. */
	if (txsz < 16) {
		txsz = 16;
	} else if (txsz > 39) {
		txsz = 39;
	}
	return 64 - txsz;
}

static void mmu_half_of(const struct jit_cpu *cpu, unsigned int high, struct mmu_half *half)
{
	static const uint8_t tg0_bits[] = {12, 16, 14, 12};
	static const uint8_t tg1_bits[] = {12, 14, 12, 16};
	uint64_t tcr = cpu->sys.tcr;

	half->ttbr = cpu->sys.ttbr[high];
	if (high) {
		half->granule_bits = tg1_bits[tcr >> 30 & 3];
		half->input_bits = mmu_clamp_input_bits(tcr >> 16 & 0x3f);
	} else {
		half->granule_bits = tg0_bits[tcr >> 14 & 3];
		half->input_bits = mmu_clamp_input_bits(tcr & 0x3f);
	}
	half->walk_disabled = tcr >> (high ? 23 : 7) & 1;
	half->flat_permissions = tcr >> (high ? 42 : 41) & 1;
	half->no_el0 = tcr >> (high ? 56 : 55) & 1;
}

static unsigned int mmu_output_bits(const struct jit_cpu *cpu)
{
	static const uint8_t ips_bits[] = {32, 36, 40, 42, 44, 48, 48, 48};
	unsigned int bits = ips_bits[cpu->sys.tcr >> 32 & 7];

	return bits < VM_PA_BITS ? bits : VM_PA_BITS;
}

static bool mmu_tbi(const struct jit_cpu *cpu, uint64_t va)
{
	return cpu->sys.tcr & (TCR_TBI0 << (va >> 55 & 1));
}

uint64_t mmu_strip_tag(const struct jit_cpu *cpu, uint64_t va)
{
	if (!mmu_tbi(cpu, va)) {
		return va;
	}
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

unsigned int mmu_asid_of(const struct jit_cpu *cpu, uint64_t val)
{
	return (unsigned int)(val >> 48) & (cpu->sys.tcr & TCR_AS ? 0xffff : 0xff);
}

unsigned int mmu_asid(const struct jit_cpu *cpu)
{
	return mmu_asid_of(cpu, cpu->sys.ttbr[cpu->sys.tcr & TCR_A1 ? 1 : 0]);
}

/* D8.3.2: the walk is off; addresses are physical, data is Device-nGnRnE. */
static int mmu_translate_flat(uint64_t va, enum mmu_access access, struct mmu_result *result)
{
	/* The tag, bits 63:56, was already stripped or is part of what is too big. */
	if (va >> VM_PA_BITS) {
		return MMU_FAULT_ADDRESS_SIZE;
	}
	*result = (struct mmu_result){
		.pa = va,
		.size = TLB_PAGE_SIZE,
		.attr = access == MMU_EXEC ? 0xaa : 0x00,
		.device = access != MMU_EXEC,
		.read = true,
		.write = true,
		.exec = true,
		.global = true,
	};
	return MMU_OK;
}

/* Permissions of a leaf (D8.4.1), `tables` being the OR of the table descriptors above. */
static void mmu_permissions(const struct jit_cpu *cpu, uint64_t leaf, uint64_t tables,
			    unsigned int el, bool pan, struct mmu_result *result)
{
	bool user = (leaf & DESC_AP1) && !(tables & DESC_APTABLE0);
	bool writable = !(leaf & DESC_AP2) && !(tables & DESC_APTABLE1);
	bool wxn = cpu->sys.sctlr & SCTLR_WXN;

	if (el == 0) {
		result->read = user;
		result->write = user && writable;
		result->exec =
			!(leaf & DESC_UXN) && !(tables & DESC_UXNTABLE) && !(wxn && result->write);
		return;
	}
	/* What EL0 can write is never executed at EL1; that does not depend on PAN. */
	result->exec = !(leaf & DESC_PXN) && !(tables & DESC_PXNTABLE) && !(user && writable) &&
		       !(wxn && writable);
	result->read = !(pan && user);
	result->write = writable && !(pan && user);
}

static bool mmu_allowed(const struct mmu_result *result, enum mmu_access access)
{
	switch (access) {
	case MMU_READ:
		return result->read;
	case MMU_WRITE:
		return result->write;
	default:
		return result->exec;
	}
}

/* Where blocks may be: level 1 and 2 with 4 KiB granules, level 2 with the others. */
static bool mmu_block_allowed(unsigned int granule_bits, unsigned int level)
{
	return level == 2 || (level == 1 && granule_bits == 12);
}

/* Walks the tables of one half. On success *leaf, *tables, *level, *shift describe the leaf. */
static int mmu_walk(struct jit_cpu *cpu, const struct mmu_half *half, uint64_t va, uint64_t *leaf,
		    uint64_t *tables, unsigned int *level_out, unsigned int *shift_out)
{
	unsigned int stride = half->granule_bits - 3;
	unsigned int nr_levels = (half->input_bits - half->granule_bits + stride - 1) / stride;
	unsigned int level = 4 - nr_levels;
	unsigned int shift = half->granule_bits + (nr_levels - 1) * stride;
	unsigned int index_bits = half->input_bits - shift;
	unsigned int output_bits = mmu_output_bits(cpu);
	uint64_t base = half->ttbr & 0x0000fffffffffffeull & ~((8ull << index_bits) - 1);

	*tables = 0;
	if (base >> output_bits) {
		return MMU_FAULT_ADDRESS_SIZE; /* reported for level 0 */
	}
	for (;; level++) {
		uint64_t index = va >> shift & ((1ull << index_bits) - 1);
		uint64_t *p = vm_host_address(cpu->vm, base + index * 8, 8);
		uint64_t desc, address;

		if (!p) {
			return MMU_FAULT_EXTERNAL_WALK + level;
		}
		desc = __atomic_load_n(p, __ATOMIC_RELAXED);
		if (!(desc & DESC_VALID)) {
			return MMU_FAULT_TRANSLATION + level;
		}
		address = desc & ADDRESS_MASK & ~((1ull << half->granule_bits) - 1);
		if (level == 3 || !(desc & DESC_TABLE)) {
			if (level == 3 ? !(desc & DESC_TABLE)
				       : !mmu_block_allowed(half->granule_bits, level)) {
				return MMU_FAULT_TRANSLATION + level;
			}
			if (address >> output_bits) {
				return MMU_FAULT_ADDRESS_SIZE + level;
			}
			*leaf = desc;
			*level_out = level;
			*shift_out = shift;
			return MMU_OK;
		}
		if (address >> output_bits) {
			return MMU_FAULT_ADDRESS_SIZE + level;
		}
		*tables |= desc;
		base = address;
		index_bits = stride;
		shift -= stride;
	}
}

int mmu_translate(struct jit_cpu *cpu, uint64_t va, enum mmu_access access, unsigned int el,
		  bool pan, struct mmu_result *result)
{
	struct mmu_half half;
	uint64_t leaf = 0, tables = 0, top;
	unsigned int level = 0, shift = 0;
	unsigned int high = va >> 55 & 1;
	int fault;

	va = mmu_strip_tag(cpu, va);
	if (!(cpu->sys.sctlr & SCTLR_M)) {
		return mmu_translate_flat(va, access, result);
	}
	mmu_half_of(cpu, high, &half);
	top = (uint64_t)((int64_t)va >> half.input_bits);
	if (top != (high ? ~0ull : 0)) {
		return MMU_FAULT_TRANSLATION;
	}
	if (half.walk_disabled || (half.no_el0 && el == 0)) {
		return MMU_FAULT_TRANSLATION;
	}
	fault = mmu_walk(cpu, &half, va, &leaf, &tables, &level, &shift);
	if (fault != MMU_OK) {
		return fault;
	}
	if (!(leaf & DESC_AF)) {
		return MMU_FAULT_ACCESS_FLAG + (int)level;
	}
	if (half.flat_permissions) {
		tables = 0;
	}
	mmu_permissions(cpu, leaf, tables, el, pan, result);
	if (!mmu_allowed(result, access)) {
		return MMU_FAULT_PERMISSION + (int)level;
	}
	result->size = 1ull << shift;
	result->pa = (leaf & ADDRESS_MASK & ~(result->size - 1)) | (va & (result->size - 1));
	result->attr = cpu->sys.mair >> (8 * DESC_ATTR(leaf));
	result->device = !(result->attr & 0xf0);
	result->global = !(leaf & DESC_NG);
	return MMU_OK;
}
