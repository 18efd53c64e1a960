/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stage 2 needs of the hardware: address sizes, VTCR_EL2, barriers and TLB maintenance.
 * tests/fake/ has its own.
 */
#ifndef EL2_S2ARCH_H
#define EL2_S2ARCH_H

#include <core/types.h>

struct stage2;

/* Largest IPA size: ID_AA64MMFR0_EL1.PARange, at most 48. */
u32 s2arch_max_ipa_bits(void);
/* VTCR_EL2 for that IPA size and start level (Arm ARM D19.2.160). */
u64 s2arch_vtcr(u32 ipa_bits, u32 root_level);

/* HCR_EL2 bits that stage 2 wants: FWB where the core has it. */
u64 s2arch_hcr(void);
/* MemAttr (descriptor bits 5:2) of normal write-back memory and of Device-nGnRE (D8.5.5). */
u64 s2arch_memattr_normal(void);
u64 s2arch_memattr_device(void);

/* Before a VM first sees pages: their data is at the point of coherency (unless FWB makes that
 * needless), and no instruction cache holds older contents. */
void s2arch_publish(paddr_t pa, u64 nr_pages);

/* Makes table writes visible to walks on every core. */
void s2arch_sync(void);

/* Removes stage-2 (and dependent stage-1) entries of the VM from all cores' TLBs: a range's; those
 * of table walks after a table was unlinked; all. Includes the barriers on both sides. */
void s2arch_tlbi_range(const struct stage2 *s2, ipaddr_t ipa, u64 bytes);
void s2arch_tlbi_walk(const struct stage2 *s2);
void s2arch_tlbi_all(const struct stage2 *s2);

#endif
