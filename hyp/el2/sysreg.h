/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers of Armv8-A (Arm ARM, DDI 0487, chapter D): accessors, barriers, and the fields
 * that EL2 uses. Registers that the assembler may not know go by their S<op0>_... encoding.
 */
#ifndef EL2_SYSREG_H
#define EL2_SYSREG_H

#include <core/types.h>

#define read_sysreg(reg)                                                                           \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrs %0, " #reg : "=r"(value_));                                  \
		value_;                                                                            \
	})
#define write_sysreg(value, reg) __asm__ volatile("msr " #reg ", %x0" : : "rZ"((u64)(value)))

#define isb()             __asm__ volatile("isb" : : : "memory")
#define dsb(domain)       __asm__ volatile("dsb " #domain : : : "memory")
#define dmb(domain)       __asm__ volatile("dmb " #domain : : : "memory")
#define wfi()             __asm__ volatile("wfi" : : : "memory")
#define at_s1e1r(va)      __asm__ volatile("at s1e1r, %0" : : "r"((u64)(va)) : "memory")
#define tlbi(op)          __asm__ volatile("tlbi " #op : : : "memory")
#define tlbi_arg(op, arg) __asm__ volatile("tlbi " #op ", %0" : : "r"((u64)(arg)) : "memory")

/* HCR_EL2 (D19.2.48) */
#define HCR_VM    BIT(0)
#define HCR_SWIO  BIT(1)
#define HCR_FMO   BIT(3)
#define HCR_IMO   BIT(4)
#define HCR_AMO   BIT(5)
#define HCR_TWI   BIT(13)
#define HCR_TWE   BIT(14)
#define HCR_TID1  BIT(16)
#define HCR_TID3  BIT(18)
#define HCR_TSC   BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR  BIT(21)
#define HCR_TSW   BIT(22)
#define HCR_RW    BIT(31)
#define HCR_TLOR  BIT(35)
#define HCR_TERR  BIT(36)
#define HCR_APK   BIT(40)
#define HCR_API   BIT(41)

/* CPTR_EL2 with HCR_EL2.E2H = 0 (D19.2.34) */
#define CPTR_TFP  BIT(10)
#define CPTR_TSM  BIT(12)
#define CPTR_TZ   BIT(8)
#define CPTR_TTA  BIT(20)
#define CPTR_TAM  BIT(30)
#define CPTR_RES1 (MASK(13, 12) | BIT(9) | MASK(7, 0))

/* MDCR_EL2 (D19.3.18) */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDE   BIT(8)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TPMS  BIT(14)
#define MDCR_TTRF  BIT(19)

/* CNTHCTL_EL2, CNTx_CTL */
#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN  BIT(1)
#define CNT_CTL_ENABLE   BIT(0)
#define CNT_CTL_IMASK    BIT(1)
#define CNT_CTL_ISTATUS  BIT(2)

/* ESR_ELx (D19.2.37) */
#define ESR_EC(esr)       FIELD(esr, 31, 26)
#define ESR_IL            BIT(25)
#define ESR_ISS(esr)      FIELD(esr, 24, 0)
#define EC_UNKNOWN        0x00
#define EC_WFX            0x01
#define EC_FP             0x07
#define EC_PAUTH          0x09
#define EC_ILLEGAL        0x0e
#define EC_SVC64          0x15
#define EC_HVC64          0x16
#define EC_SMC64          0x17
#define EC_SYS64          0x18
#define EC_SVE            0x19
#define EC_SME            0x1d
#define EC_IABT_LOW       0x20
#define EC_IABT_CUR       0x21
#define EC_DABT_LOW       0x24
#define EC_DABT_CUR       0x25
#define EC_SERROR         0x2f
#define EC_BREAKPOINT_LOW 0x30
#define EC_STEP_LOW       0x32
#define EC_WATCHPOINT_LOW 0x34
#define EC_BRK64          0x3c
/* ISS of data and instruction aborts */
#define ISS_FSC(esr)    FIELD(esr, 5, 0)
#define ISS_WNR(esr)    (FIELD(esr, 6, 6) != 0)
#define ISS_S1PTW(esr)  (FIELD(esr, 7, 7) != 0)
#define ISS_CM(esr)     (FIELD(esr, 8, 8) != 0)
#define ISS_EA(esr)     (FIELD(esr, 9, 9) != 0)
#define ISS_FNV(esr)    (FIELD(esr, 10, 10) != 0)
#define ISS_SF(esr)     (FIELD(esr, 15, 15) != 0)
#define ISS_SRT(esr)    FIELD(esr, 20, 16)
#define ISS_SSE(esr)    (FIELD(esr, 21, 21) != 0)
#define ISS_SAS(esr)    FIELD(esr, 23, 22)
#define ISS_ISV(esr)    (FIELD(esr, 24, 24) != 0)
#define FSC_TYPE(fsc)   ((fsc)&0x3c)
#define FSC_TRANSLATION 0x04
#define FSC_ACCESS      0x08
#define FSC_PERMISSION  0x0c
#define FSC_EXTERNAL    0x10

/* SPSR_ELx */
#define PSTATE_EL0t 0x0
#define PSTATE_EL1t 0x4
#define PSTATE_EL1h 0x5
#define PSTATE_EL2h 0x9
#define PSTATE_MODE 0x1full /* M[4:0], AArch32 included */
#define PSTATE_F    BIT(6)
#define PSTATE_I    BIT(7)
#define PSTATE_A    BIT(8)
#define PSTATE_D    BIT(9)
#define PSTATE_SSBS BIT(12)
#define PSTATE_IL   BIT(20)
#define PSTATE_SS   BIT(21)
#define PSTATE_PAN  BIT(22)
#define PSTATE_UAO  BIT(23)
#define PSTATE_DIT  BIT(24)
#define PSTATE_TCO  BIT(25)
#define PSTATE_NZCV MASK(31, 28)

#define MPIDR_AFFINITY 0xff00ffffffull

/* System register encodings as ESR_EL2.ISS gives them for EC_SYS64: Op0 21:20, Op2 19:17,
 * Op1 16:14, CRn 13:10, Rt 9:5, CRm 4:1, direction 0 (1 = read). */
#define SYS_ISS(op0, op1, crn, crm, op2)                                                           \
	((u32)(op0) << 20 | (u32)(op2) << 17 | (u32)(op1) << 14 | (u32)(crn) << 10 |               \
	 (u32)(crm) << 1)
#define SYS_ISS_MASK 0x3ffc1eu

#endif
