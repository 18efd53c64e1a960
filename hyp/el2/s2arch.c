/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 2 and the hardware. See s2arch.h. */
#include <core/log.h>
#include <el2/mmu.h>
#include <el2/s2arch.h>
#include <el2/sysreg.h>
#include <stage2/stage2.h>

#define HCR_FWB BIT(46)

/* Above this many pages one invalidation of the whole VM is cheaper than one a page. */
#define TLBI_MAX_PAGES 64

static bool has_fwb(void)
{
	return FIELD(read_sysreg(id_aa64mmfr2_el1), 43, 40) != 0;
}

u32 s2arch_max_ipa_bits(void)
{
	static const u8 bits[] = {32, 36, 40, 42, 44, 48, 48};
	u64 range = FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0);

	return bits[range < ARRAY_COUNT(bits) ? range : ARRAY_COUNT(bits) - 1];
}

u64 s2arch_vtcr(u32 ipa_bits, u32 root_level)
{
	u64 ps = FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0);
	u64 sl0 = 2 - root_level; /* 4 KiB granule: 2 starts at level 0, 1 at level 1 */

	return BIT(31) | (64 - ipa_bits) | sl0 << 6 | 1 << 8 | 1 << 10 | 3 << 12 |
	       (ps > 5 ? 5 : ps) << 16;
}

u64 s2arch_hcr(void)
{
	return has_fwb() ? HCR_FWB : 0;
}

u64 s2arch_memattr_normal(void)
{
	return (has_fwb() ? 0x6ull : 0xfull) << 2;
}

u64 s2arch_memattr_device(void)
{
	return 0x1ull << 2;
}

void s2arch_publish(paddr_t pa, u64 nr_pages)
{
	u64 ctr = read_sysreg(ctr_el0);

	if (!has_fwb()) {
		mmu_clean(pa, nr_pages);
	}
	if (FIELD(ctr, 29, 29) == 0) { /* CTR_EL0.DIC */
		__asm__ volatile("ic ialluis" : : : "memory");
		dsb(ish);
	}
}

void s2arch_sync(void)
{
	dsb(ishst);
	isb();
}

/* TLB maintenance by IPA or VMID acts on the current VTTBR_EL2; borrow it. */
static u64 vttbr_enter(const struct stage2 *s2)
{
	u64 old = read_sysreg(vttbr_el2);

	if (old != s2->vttbr) {
		write_sysreg(s2->vttbr, vttbr_el2);
		isb();
	}
	dsb(ishst);
	return old;
}

static void vttbr_leave(const struct stage2 *s2, u64 old)
{
	dsb(ish);
	if (old != s2->vttbr) {
		write_sysreg(old, vttbr_el2);
	}
	isb();
}

void s2arch_tlbi_range(const struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	u64 old = vttbr_enter(s2);

	if (bytes >> PAGE_SHIFT > TLBI_MAX_PAGES) {
		tlbi(vmalls12e1is);
	} else {
		for (u64 done = 0; done < bytes; done += PAGE_BYTES) {
			tlbi_arg(ipas2e1is, (ipa.ipa + done) >> PAGE_SHIFT);
		}
		dsb(ish);
		tlbi(vmalle1is);
	}
	vttbr_leave(s2, old);
}

void s2arch_tlbi_walk(const struct stage2 *s2)
{
	s2arch_tlbi_all(s2);
}

void s2arch_tlbi_all(const struct stage2 *s2)
{
	u64 old = vttbr_enter(s2);

	tlbi(vmalls12e1is);
	vttbr_leave(s2, old);
}
