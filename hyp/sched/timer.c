/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers. See timer.h. */
#include <core/cpu.h>
#include <core/vm.h>
#include <el2/switch.h>
#include <el2/timerarch.h>
#include <sched/sched.h>
#include <sched/timer.h>

#define CTL_WRITABLE (CNT_CTL_ENABLE | CNT_CTL_IMASK)

u64 timer_now(void)
{
	return timerarch_count();
}

u64 timer_ns_to_ticks(u64 ns)
{
	return ns * (timerarch_frequency() / 1000) / 1000000;
}

static bool armed(u64 ctl)
{
	return (ctl & CTL_WRITABLE) == CNT_CTL_ENABLE;
}

static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

/*
 * When a count that is offset behind the physical one comes to cval. What a counter takes centuries
 * to reach is never: whoever sleeps until then may compare signed. What lies before the physical
 * count's start is past.
 */
static u64 to_physical(u64 cval, u64 offset)
{
	u64 deadline = cval + offset;
	bool behind = (s64)offset >= 0;

	if (!behind && deadline > cval) {
		return 0;
	}
	return (behind && deadline < cval) || (deadline & BIT(63)) ? TIMER_NEVER : deadline;
}

static u64 virt_deadline(const struct vcpu *vcpu)
{
	u64 ctl = vcpu->timer.cntv_ctl;
	u64 cval = vcpu->timer.cntv_cval;

	if (vcpu_is_loaded(vcpu)) {
		timerarch_virt_read(&ctl, &cval);
	}
	return armed(ctl) ? cval + vcpu->vm->cntvoff : TIMER_NEVER;
}

static u64 phys_deadline(const struct vcpu *vcpu)
{
	return armed(vcpu->timer.cntp_ctl) ? vcpu->timer.cntp_cval : TIMER_NEVER;
}

u64 timer_vcpu_deadline(const struct vcpu *vcpu)
{
	u64 offset = vcpu->vm->cntvoff;
	u64 virt = virt_deadline(vcpu);

	virt = virt == TIMER_NEVER ? virt : to_physical(virt - offset, offset);
	return earlier(virt, to_physical(phys_deadline(vcpu), 0));
}

/* The emulated timer's line follows its condition (D11.2.4); no-op if it has not changed. */
static void phys_update_line(struct vcpu *vcpu, u64 now)
{
	bool level = phys_deadline(vcpu) <= now;

	if (level != vcpu->timer.cntp_level) {
		vcpu->timer.cntp_level = level;
		vgic_set_line(vcpu->vm, vcpu, TIMER_PHYS_INTID, level);
	}
}

/* What the EL2 timer watches for a vCPU that is on the core but whose line is already up: nothing.
 */
static u64 phys_watch(const struct vcpu *vcpu)
{
	return vcpu->timer.cntp_level ? TIMER_NEVER : phys_deadline(vcpu);
}

void timer_program(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->current;
	u64 deadline = sched_deadline(cpu);

	if (vcpu->vm) {
		deadline = earlier(deadline, phys_watch(vcpu));
	}
	if (vcpu->parent) {
		deadline = earlier(deadline, virt_deadline(vcpu->parent));
		deadline = earlier(deadline, phys_watch(vcpu->parent));
	}
	if (deadline != cpu->timer_deadline) {
		cpu->timer_deadline = deadline;
		timerarch_hyp_set(deadline);
	}
}

void timer_expired(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->current;
	u64 now = timer_now();

	if (vcpu->vm) {
		phys_update_line(vcpu, now);
	}
	if (vcpu->parent) {
		phys_update_line(vcpu->parent, now);
		if (virt_deadline(vcpu->parent) <= now) {
			vcpu_request(vcpu->parent, VCPU_REQ_TIMER);
		}
	}
	sched_tick(cpu, now);
	/* Silent until what is due was acted upon: trap_exit() or the idle loop programs it anew. A
	 * deadline in the past would only interrupt the handling of itself. */
	cpu->timer_deadline = TIMER_NEVER;
	timerarch_hyp_set(TIMER_NEVER);
}

void timer_load(struct vcpu *vcpu)
{
	timerarch_virt_load(vcpu->timer.cntv_ctl & CTL_WRITABLE, vcpu->timer.cntv_cval,
			    vcpu->vm->cntvoff);
	timer_program(vcpu->cpu);
}

void timer_put(struct vcpu *vcpu)
{
	timerarch_virt_save(&vcpu->timer.cntv_ctl, &vcpu->timer.cntv_cval);
}

u64 timer_phys_read(struct vcpu *vcpu, enum timer_reg reg)
{
	const struct vcpu_timer *timer = &vcpu->timer;

	switch (reg) {
	case TIMER_CTL:
		return timer->cntp_ctl |
		       ((timer->cntp_ctl & CNT_CTL_ENABLE) && timer->cntp_cval <= timer_now()
				? CNT_CTL_ISTATUS
				: 0);
	case TIMER_CVAL:
		return timer->cntp_cval;
	default:
		return (u32)(timer->cntp_cval - timer_now());
	}
}

void timer_phys_write(struct vcpu *vcpu, enum timer_reg reg, u64 value)
{
	struct vcpu_timer *timer = &vcpu->timer;

	switch (reg) {
	case TIMER_CTL:
		timer->cntp_ctl = value & CTL_WRITABLE;
		break;
	case TIMER_CVAL:
		timer->cntp_cval = value;
		break;
	default:
		/* TVAL is a signed 32-bit distance from now (D11.2.4). */
		timer->cntp_cval = timer_now() + (u64)(s64)(int32_t)(u32)value;
	}
	phys_update_line(vcpu, timer_now());
	timer_program(vcpu->cpu);
}
