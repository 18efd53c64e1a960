/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of the ICH_* system registers (Arm IHI 0069H, 12.4). */
#ifndef EL2_ICH_BITS_H
#define EL2_ICH_BITS_H

#include <core/types.h>

/* ICH_HCR_EL2 */
#define ICH_HCR_EN            BIT(0)
#define ICH_HCR_LRENPIE       BIT(2) /* maintenance interrupt: an EOI had no list register */
#define ICH_HCR_NPIE          BIT(3) /* no list register pending */
#define ICH_HCR_VGRP0EIE      BIT(4) /* group 0 is enabled */
#define ICH_HCR_VGRP1EIE      BIT(6)
#define ICH_HCR_TDIR          BIT(14) /* trap ICC_DIR_EL1 */
#define ICH_HCR_EOICOUNT(hcr) ((u32)FIELD(hcr, 31, 27))

/* ICH_VTR_EL2 */
#define ICH_VTR_NR_LRS(vtr)  ((u32)FIELD(vtr, 4, 0) + 1)
#define ICH_VTR_TDS          BIT(19) /* ICH_HCR_EL2.TDIR exists */
#define ICH_VTR_A3V          BIT(21)
#define ICH_VTR_SEIS         BIT(22)
#define ICH_VTR_IDBITS(vtr)  FIELD(vtr, 25, 23)
#define ICH_VTR_PREBITS(vtr) ((u32)FIELD(vtr, 28, 26) + 1)
#define ICH_VTR_PRIBITS(vtr) ((u32)FIELD(vtr, 31, 29) + 1)

/* ICH_LR<n>_EL2 */
#define ICH_LR_INTID(lr)   ((u32)FIELD(lr, 31, 0))
#define ICH_LR_PINTID(irq) ((u64)(irq) << 32)
#define ICH_LR_EOI         BIT(41) /* HW = 0: maintenance interrupt when it is deactivated */
#define ICH_LR_PRIORITY(p) ((u64)(p) << 48)
#define ICH_LR_GROUP1      BIT(60)
#define ICH_LR_HW          BIT(61)
#define ICH_LR_PENDING     BIT(62)
#define ICH_LR_ACTIVE      BIT(63)
#define ICH_LR_STATE       (ICH_LR_PENDING | ICH_LR_ACTIVE)

/* ICH_VMCR_EL2 */
#define ICH_VMCR_VENG0  BIT(0)
#define ICH_VMCR_VENG1  BIT(1)
#define ICH_VMCR_VFIQEN BIT(3)
#define ICH_VMCR_VCBPR  BIT(4)
#define ICH_VMCR_VEOIM  BIT(9)
#define ICH_VMCR_VBPR1  MASK(20, 18)
#define ICH_VMCR_VBPR0  MASK(23, 21)
#define ICH_VMCR_VPMR   MASK(31, 24)

#endif
