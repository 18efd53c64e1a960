/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual CPU: registers, run state, and the links to what schedules it.
 *
 * A vCPU is run in one of two ways. EL2's scheduler runs host, RM and static VMs' vCPUs. A proxy
 * vCPU runs inside a VCPU_RUN call of a host thread; .parent is the host vCPU that made the call,
 * for as long as it lasts.
 *
 * Run state changes (field .state) are made by compare-and-swap: whoever moves a vCPU from READY
 * to RUNNING owns all its other fields until it moves it on. Other cores only set bits in
 * .requests and kick.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <stdatomic.h>
#include <core/types.h>
#include <hyp/calls.h>
#include <vgic/vgic.h>

struct cpu;
struct vm;
struct doorbell;

/* General registers; at offset 0 of struct vcpu, known to vectors.S. */
struct vcpu_regs {
	u64 x[31];
	u64 pc;     /* ELR_EL2 */
	u64 pstate; /* SPSR_EL2 */
};

/* EL1 state that is saved when another vCPU is loaded on the core. */
#define VCPU_SYSREGS(X)                                                                            \
	X(sctlr_el1)                                                                               \
	X(actlr_el1)                                                                               \
	X(cpacr_el1)                                                                               \
	X(ttbr0_el1)                                                                               \
	X(ttbr1_el1)                                                                               \
	X(tcr_el1)                                                                                 \
	X(mair_el1)                                                                                \
	X(amair_el1)                                                                               \
	X(vbar_el1)                                                                                \
	X(esr_el1)                                                                                 \
	X(far_el1)                                                                                 \
	X(afsr0_el1)                                                                               \
	X(afsr1_el1)                                                                               \
	X(elr_el1)                                                                                 \
	X(spsr_el1)                                                                                \
	X(sp_el0)                                                                                  \
	X(sp_el1)                                                                                  \
	X(tpidr_el0)                                                                               \
	X(tpidrro_el0)                                                                             \
	X(tpidr_el1)                                                                               \
	X(contextidr_el1)                                                                          \
	X(par_el1)                                                                                 \
	X(csselr_el1)                                                                              \
	X(cntkctl_el1)                                                                             \
	X(mdscr_el1)

#define VCPU_SYSREG_FIELD(name) u64 name;
struct vcpu_sysregs {
	VCPU_SYSREGS(VCPU_SYSREG_FIELD)
};
#undef VCPU_SYSREG_FIELD

struct vcpu_fp {
	__uint128_t v[32];
	u64 fpsr;
	u64 fpcr;
};

/* Generic timers of a vCPU. The virtual timer is the hardware's while loaded; the physical one
 * is emulated (CNTHCTL_EL2.EL1PCEN = 0). */
struct vcpu_timer {
	u64 cntv_ctl;
	u64 cntv_cval;
	u64 cntp_ctl;
	u64 cntp_cval;
	bool cntp_level; /* the line, as the virtual GIC knows it */
};

/* Breakpoint and watchpoint registers, DBGBVR<n>_EL1 and so on. */
enum debug_kind { DEBUG_BVR, DEBUG_BCR, DEBUG_WVR, DEBUG_WCR, DEBUG_KINDS };
struct debug_bank {
	u64 reg[DEBUG_KINDS][16];
};

struct vcpu_debug {
	u64 mdscr;                     /* MDSCR_EL1 as the VM wrote it */
	u64 control;                   /* HYP_DEBUG_* by whoever runs it */
	const struct debug_bank *live; /* what the hardware holds while it runs; NULL: nothing */
	struct debug_bank own;
	struct debug_bank host; /* for HYP_DEBUG_HW */
};

enum vcpu_state {
	VCPU_OFF,     /* powered off */
	VCPU_READY,   /* may run, waits for a core or for VCPU_RUN */
	VCPU_RUNNING, /* loaded on a core */
	VCPU_BLOCKED, /* in WFI; an interrupt makes it READY (a proxy: and rings its doorbell) */
	VCPU_CLAIMED, /* any but RUNNING before, and soon again: a call has it for itself */
};

/* .requests bits, set by anyone, taken by the core that runs the vCPU before it enters it. */
#define VCPU_REQ_VGIC  BIT(0) /* interrupts changed: vgic_flush() */
#define VCPU_REQ_EXIT  BIT(1) /* VCPU_KICK: return to the caller of VCPU_RUN */
#define VCPU_REQ_OFF   BIT(2) /* power off, the VM was stopped */
#define VCPU_REQ_TIMER BIT(3) /* emulated timer: look at it again */

/* The access a proxy vCPU's last HYP_EXIT_FAULT left to the caller. */
struct vcpu_mmio {
	bool pending;
	bool write;
	bool sign_extend;
	bool is_64bit;
	u8 bytes;
	u8 rt;
};

struct vcpu {
	struct vcpu_regs regs; /* first: vectors.S */
	struct cpu *cpu;       /* loaded on, or ran last on; fixed vCPUs: always */
	struct vm *vm;
	struct vcpu *parent; /* proxy: whose VCPU_RUN runs it, NULL between calls */
	u32 index;           /* in the VM */
	u32 flags;           /* HYP_VCPU_* of VCPU_CREATE */
	u64 mpidr;           /* VMPIDR_EL2 */
	_Atomic u32 state;   /* enum vcpu_state */
	_Atomic u64 requests;

	u64 hcr; /* HCR_EL2 while loaded */
	u64 mdcr;
	struct vcpu_sysregs sys;
	struct vcpu_timer timer;
	struct vcpu_mmio mmio;
	struct vcpu_debug debug;
	u64 fault_va; /* of the last HYP_EXIT_FAULT */
	bool fault_is_fetch;
	u64 may_suspend; /* PSCI SYSTEM_SUSPEND is for whoever runs it to carry out */
	u64 stolen_ipa;  /* where whoever runs it counts stolen time, or HYP_NO_STOLEN */
	struct vgic_cpu vgic;

	struct doorbell *_Atomic wake_doorbell;
	u64 wake_flag; /* one bit */

	/* sched/ owns these; EL2-scheduled vCPUs only. */
	struct vcpu *queue_next;
	u32 priority;
	u64 slice_ns;
	u64 slice_end; /* CNTPCT */
	u64 deadline;  /* BLOCKED: CNTPCT at which its timers want it, or ~0 */

	struct cpu *fp_cpu; /* whose registers hold fp, if it is also that core's fp_owner */
	struct vcpu_fp fp __aligned(16);
};

static inline bool vcpu_is_proxy(const struct vcpu *vcpu)
{
	return (vcpu->flags & HYP_VCPU_PROXY) != 0;
}

/* The vCPU loaded on this core. */
struct vcpu *vcpu_current(void);

/* Anyone, any core: sets request bits; a running vCPU's core looks at once, a blocked one wakes. */
void vcpu_request(struct vcpu *vcpu, u64 requests);

/* The call VCPU_CREATE; the caller holds vm_table_lock. */
int vcpu_create_locked(struct vm *vm, u64 index, u64 mpidr, u64 flags,
		       struct vcpu **out) __must_check;

/* Registers as after creation; the caller has claimed the vCPU, or nobody else knows it. */
void vcpu_reset(struct vcpu *vcpu);
/* enum vcpu_state of a vCPU after creation or reset. */
u32 vcpu_initial_state(const struct vcpu *vcpu);

/* Powers on a vCPU that is OFF: it becomes READY, its core is powered on if need be, a waiting
 * proxy caller is woken. HYP_E_STATE: not OFF. The VM runs. */
int vcpu_power_on(struct vcpu *vcpu);

/* Takes a vCPU that is not running for the caller alone: state becomes CLAIMED, old is what
 * vcpu_release() puts back. HYP_E_BUSY. For register access. */
int vcpu_claim(struct vcpu *vcpu, u32 *old) __must_check;
void vcpu_release(struct vcpu *vcpu, u32 old);

#endif
