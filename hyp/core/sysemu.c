/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers that trap: a table of encodings and handlers, and rules for whole groups (ID
 * registers, debug registers). Everything else is Undefined to the VM.
 */
#include <core/debug.h>
#include <core/idreg.h>
#include <core/inject.h>
#include <core/sysemu.h>
#include <core/trap.h>
#include <core/vm.h>
#include <el2/sysreg.h>
#include <sched/timer.h>

struct access {
	struct vcpu *vcpu;
	bool write;
	u64 value; /* in: of a write; out: of a read */
};

typedef void (*handler_t)(struct access *access);

static void zero_or_ignore(struct access *access)
{
	access->value = 0;
}

static void cntp_ctl(struct access *access)
{
	if (access->write) {
		timer_phys_write(access->vcpu, TIMER_CTL, access->value);
	} else {
		access->value = timer_phys_read(access->vcpu, TIMER_CTL);
	}
}

static void cntp_cval(struct access *access)
{
	if (access->write) {
		timer_phys_write(access->vcpu, TIMER_CVAL, access->value);
	} else {
		access->value = timer_phys_read(access->vcpu, TIMER_CVAL);
	}
}

static void cntp_tval(struct access *access)
{
	if (access->write) {
		timer_phys_write(access->vcpu, TIMER_TVAL, access->value);
	} else {
		access->value = timer_phys_read(access->vcpu, TIMER_TVAL);
	}
}

static void sgi1r(struct access *access)
{
	vgic_sgi(access->vcpu, access->value, 1);
}

static void asgi1r(struct access *access)
{
	vgic_sgi(access->vcpu, access->value, 2);
}

static void sgi0r(struct access *access)
{
	vgic_sgi(access->vcpu, access->value, 0);
}

static void icc_dir(struct access *access)
{
	vgic_dir(access->vcpu, access->value);
}

static void mdscr(struct access *access)
{
	if (access->write) {
		debug_write_mdscr(access->vcpu, access->value);
	} else {
		access->value = access->vcpu->debug.mdscr;
	}
}

/* OSLSR_EL1: the OS lock is implemented (OSLM = 0b10) and open. */
static void oslsr(struct access *access)
{
	access->value = 1u << 3;
}

enum { RW, RO, WO };

static const struct {
	u32 encoding; /* SYS_ISS() */
	u8 mode;
	handler_t handle;
} registers[] = {
	{SYS_ISS(3, 0, 12, 11, 5), WO, sgi1r}, /* first: the one that is hot */
	{SYS_ISS(3, 0, 12, 11, 6), WO, asgi1r},
	{SYS_ISS(3, 0, 12, 11, 7), WO, sgi0r},
	{SYS_ISS(3, 0, 12, 11, 1), WO, icc_dir},
	{SYS_ISS(3, 3, 14, 2, 0), RW, cntp_tval},
	{SYS_ISS(3, 3, 14, 2, 1), RW, cntp_ctl},
	{SYS_ISS(3, 3, 14, 2, 2), RW, cntp_cval},
	{SYS_ISS(3, 0, 1, 0, 1), RW, zero_or_ignore}, /* ACTLR_EL1 */
	{SYS_ISS(2, 0, 1, 0, 4), WO, zero_or_ignore}, /* OSLAR_EL1 */
	{SYS_ISS(2, 0, 1, 1, 4), RO, oslsr},
	{SYS_ISS(2, 0, 1, 3, 4), RW, zero_or_ignore}, /* OSDLR_EL1 */
	{SYS_ISS(2, 0, 0, 2, 2), RW, mdscr},
	{SYS_ISS(1, 0, 7, 6, 2), WO, zero_or_ignore}, /* DC ISW, CSW, CISW: caches are coherent */
	{SYS_ISS(1, 0, 7, 10, 2), WO, zero_or_ignore},
	{SYS_ISS(1, 0, 7, 14, 2), WO, zero_or_ignore},
};

static handler_t find_single(u32 encoding, bool write)
{
	for (size_t i = 0; i < ARRAY_COUNT(registers); i++) {
		if (registers[i].encoding == encoding) {
			return registers[i].mode == (write ? RO : WO) ? NULL : registers[i].handle;
		}
	}
	return NULL;
}

/* ID_*_EL1, AIDR and so on: Op0 3, Op1 0, CRn 0. True if the read was answered. */
static bool read_id(u64 esr, struct access *access)
{
	u32 crm = (u32)FIELD(esr, 4, 1);

	if ((esr & SYS_ISS(3, 7, 15, 0, 0)) != SYS_ISS(3, 0, 0, 0, 0) || access->write || !crm) {
		return false;
	}
	access->value = idreg_read(crm, (u32)FIELD(esr, 19, 17));
	return true;
}

/* DBGBVR<n>, DBGBCR<n>, DBGWVR<n>, DBGWCR<n>: Op0 2, Op1 0, CRn 0, n in CRm. True: it is one. */
static bool breakpoint(u64 esr, struct access *access)
{
	u32 op2 = (u32)FIELD(esr, 19, 17);
	u64 *reg;

	if ((esr & SYS_ISS(3, 7, 15, 0, 0)) != SYS_ISS(2, 0, 0, 0, 0) || op2 < 4) {
		return false;
	}
	reg = debug_register(access->vcpu, op2 - 4, (u32)FIELD(esr, 4, 1));
	if (reg && access->write) {
		*reg = access->value;
		debug_update(access->vcpu);
	} else if (reg) {
		access->value = *reg;
	}
	return reg != NULL;
}

void sysemu_handle(struct vcpu *vcpu, u64 esr)
{
	u32 rt = (u32)FIELD(esr, 9, 5);
	bool write = (esr & 1) == 0;
	struct access access = {vcpu, write, write && rt != 31 ? vcpu->regs.x[rt] : 0};
	handler_t handle = find_single(esr & SYS_ISS_MASK, write);

	if (handle) {
		handle(&access);
	} else if (!breakpoint(esr, &access) && !read_id(esr, &access)) {
		inject_undefined(vcpu);
		return;
	}
	if (!write && rt != 31) {
		vcpu->regs.x[rt] = access.value;
	}
	trap_skip(vcpu);
}
