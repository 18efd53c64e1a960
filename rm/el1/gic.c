// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic.c: the least that makes WFI return when a message comes: one SPI, enabled in the RM's virtual
 * GICv3 and delivered to its only vCPU. It is never taken as an exception.
 */
#include "el1.h"

#include <hyp/stubs.h>

/* Distributor registers (IHI 0069, 12.9). */
#define GICD_CTLR          0x0000u
#define GICD_IGROUPR(n)    (0x0080u + (n) / 32 * 4)
#define GICD_ISENABLER(n)  (0x0100u + (n) / 32 * 4)
#define GICD_IPRIORITYR(n) (0x0400u + (n))
#define GICD_ICFGR(n)      (0x0c00u + (n) / 16 * 4)
#define GICD_IROUTER(n)    (0x6000u + (n)*8)
#define GICD_CTLR_ENABLE1A (1u << 1)
#define GICD_CTLR_ARE      (1u << 4)
#define ICFGR_EDGE(n)      (2u << (n) % 16 * 2)

#define NR_IRQS      64u
#define PRIORITY     0x80u
#define PRIORITY_ALL 0xf0u
#define SPURIOUS     1020u

static void gicd_write(const struct boot_info *boot, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(boot->gicd.base + offset) = value;
}

int gic_init(const struct boot_info *boot, uint32_t intid)
{
	gicd_write(boot, GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE1A);
	gicd_write(boot, GICD_IGROUPR(intid), 1u << intid % 32);
	gicd_write(boot, GICD_ICFGR(intid), ICFGR_EDGE(intid));
	*(volatile uint8_t *)(boot->gicd.base + GICD_IPRIORITYR(intid)) = PRIORITY;
	*(volatile uint64_t *)(boot->gicd.base + GICD_IROUTER(intid)) = 0;
	gicd_write(boot, GICD_ISENABLER(intid), 1u << intid % 32);
	__asm__ volatile("msr S3_0_C4_C6_0, %0\n"   /* ICC_PMR_EL1 */
			 "msr S3_0_C12_C12_7, %1\n" /* ICC_IGRPEN1_EL1 */
			 "isb"
			 :
			 : "r"((uint64_t)PRIORITY_ALL), "r"(1ull)
			 : "memory");
	return HYP_OK;
}

void gic_wait(void)
{
	uint64_t intid;

	__asm__ volatile("dsb sy; wfi" : : : "memory");
	for (;;) {
		__asm__ volatile("mrs %0, S3_0_C12_C12_0" : "=r"(intid)); /* ICC_IAR1_EL1 */
		if (intid >= SPURIOUS) {
			return;
		}
		__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" : : "r"(intid)); /* ICC_EOIR1_EL1 */
	}
}
