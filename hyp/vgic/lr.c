/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * List registers: which of a vCPU's interrupts the hardware holds, and when.
 *
 * A flush takes the state of every used list register back into the banks, and fills them anew
 * with the most urgent interrupts the vCPU has. It runs when something changed that cannot wait
 * (VCPU_REQ_VGIC, a maintenance interrupt), not at every exit: while nothing changes, the
 * hardware and the guest need nobody. An interrupt that merely arrives goes straight into a free
 * list register, or into the one it had before (list_raised()); .resync asks for more.
 *
 * A level-triggered interrupt without a physical one behind it asks for a flush at its
 * deactivation (ICH_LR<n>.EOI) while its line is high. When there are more interrupts than list
 * registers, so does every active one; and so do the last pending one that is taken (NPIE), the
 * end of an active one without a list register (LRENPIE, or TDIR for ICC_DIR_EL1), and a group
 * that the guest enables.
 *
 * .ready has a bit for every bank in which the vCPU may have something to see to. It is set
 * before the vCPU is asked to look, and cleared by the flush that finds nothing; a bank with a
 * listed interrupt keeps it.
 */
#include <core/boot.h>
#include <core/log.h>
#include <el2/ich.h>
#include <vgic/internal.h>

/* How long to wait for another core's flush: about a second, which only a dead core takes. */
#define SYNC_SPINS 50000000u

/* The most urgent interrupts found so far: sort key << 16 | INTID, ascending. */
struct choice {
	u32 nr;
	u32 max;
	u32 running; /* running priority */
	u64 vmcr;
	bool split;   /* EOImode 1, and ICC_DIR_EL1 can be trapped */
	bool dropped; /* something found no place */
	u32 best[VGIC_MAX_LRS];
};

/* vCPU index that interrupt i of the bank goes to. An active interrupt stays where it is. */
static u32 destination(const struct vgic_view *v, u32 i)
{
	if (v->spis == NULL) {
		return v->vcpu->index;
	}
	return v->spis->owner[i] != VGIC_VCPU_NONE ? v->spis->owner[i] : v->spis->target[i];
}

/* Of an SPI bank's bits, those that go to vCPU index. */
static u32 bits_of(const struct vgic_view *v, u32 bits, u32 index)
{
	u32 mine = 0;

	vgic_for_each_bit (i, bits) {
		if (destination(v, i) == index) {
			mine |= 1u << i;
		}
	}
	return mine;
}

/*
 * Ends the listing of interrupt i of vCPU me, whose list register held lr. soft: its pending
 * state came from the latch.
 */
static void unlist(const struct vgic_view *v, u32 i, u64 lr, bool soft, u32 me,
		   struct vgic_kicks *kicks)
{
	struct vgic_bank *bank = v->bank;
	u32 bit = 1u << i;
	bool pending = (lr & ICH_LR_PENDING) != 0;
	bool active = (lr & ICH_LR_ACTIVE) != 0;

	if (((bank->unpend | bank->unactive | bank->setactive) & bit) != 0) {
		pending = pending && (bank->unpend & bit) == 0;
		active = active && (bank->unactive & bit) == 0;
		if ((bank->setactive & bit) != 0) {
			if ((lr & ICH_LR_HW) != 0 && (lr & ICH_LR_STATE) == 0) {
				bank->phys &= ~bit;
			}
			vgic_hw_activate(v, bit);
			active = true;
		}
		bank->unpend &= ~bit;
		bank->unactive &= ~bit;
		bank->setactive &= ~bit;
	}
	/* The guest reprogrammed its timer before it took the interrupt. */
	if (v->spis == NULL && (lr & ICH_LR_HW) != 0 && pending && !ich_vtimer_asserted()) {
		pending = false;
	}

	bank->listed &= ~bit;
	bank->lr_pending &= ~bit;
	bank->latch |= pending && soft ? bit : 0;
	bank->active = active ? bank->active | bit : bank->active & ~bit;

	if ((bank->phys & bit) != 0 && ((bank->latch | bank->active) & bit) == 0) {
		if ((lr & ICH_LR_HW) == 0 || (lr & ICH_LR_STATE) != 0) {
			(void)vgic_hw_deactivate(v, i);
		} else {
			/* The guest's deactivation was the physical one's too. */
			bank->phys &= ~bit;
			if (v->spis == NULL) {
				cpu_this()->vtimer_active_hw = 0;
			}
		}
	}
	if (v->spis != NULL) {
		v->spis->owner[i] = active ? (u8)me : VGIC_VCPU_NONE;
		if (!active && v->spis->target[i] != me) {
			vgic_changed(v, bit, kicks);
		}
	}
}

/* What a list register says about interrupt i, which is active or whose physical one is. */
static u64 lr_state_linked(const struct vcpu *vcpu, const struct vgic_view *v, u32 i)
{
	const struct vgic_bank *bank = v->bank;
	u32 bit = 1u << i;
	bool active = (bank->active & bit) != 0;
	bool latch = (bank->latch & bit) != 0;
	bool edge = (bank->edge & bit) != 0;
	bool linked =
		(bank->hw & bank->phys & bit) != 0 && !(active && (latch || vcpu->vgic.overflow));
	/* Pending and active at once: edge-triggered ones that go to the same vCPU again. */
	bool both = edge && !linked && (v->spis == NULL || v->spis->target[i] == vcpu->index) &&
		    (vgic_deliverable(v->vm, bank) & bit) != 0;
	u64 lr = active ? ICH_LR_ACTIVE : 0;

	lr |= !active || both ? ICH_LR_PENDING : 0;
	if (linked) {
		u32 pintid = v->spis != NULL ? v->spis->pirq[i] : boot_info->timer_virt_irq;

		return lr | ICH_LR_HW | ICH_LR_PINTID(pintid);
	}
	if ((bank->phys & bit) != 0 || (latch && (lr & ICH_LR_PENDING) == 0)) {
		lr |= ICH_LR_EOI;
	}
	return lr;
}

/* Puts interrupt i, active or deliverable, into list register n of the loaded vCPU. */
static void list(struct vcpu *vcpu, u32 n, const struct vgic_view *v, u32 i)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	struct vgic_bank *bank = v->bank;
	u32 bit = 1u << i;
	u64 lr = (v->nr * 32 + i) | ICH_LR_PRIORITY(bank->priority[i]);

	lr |= (bank->group & bit) != 0 ? ICH_LR_GROUP1 : 0;
	lr |= ((bank->active | bank->phys) & bit) == 0 ? ICH_LR_PENDING
						       : lr_state_linked(vcpu, v, i);
	if ((lr & ICH_LR_HW) == 0 && ((bank->line & ~bank->edge & bit) != 0 || vc->overflow)) {
		lr |= ICH_LR_EOI;
	}
	ich_write_lr(n, lr);

	vc->lr_intid[n] = (u16)(v->nr * 32 + i);
	vc->lr_soft &= (u16) ~(1u << n);
	if ((lr & ICH_LR_PENDING) != 0) {
		vc->lr_soft |= (u16)((bank->latch >> i & 1) << n);
		bank->latch &= ~bit;
		bank->lr_pending |= bit;
	}
	bank->listed |= bit;
	if (v->spis != NULL) {
		v->spis->owner[i] = (u8)vcpu->index;
	}
}

/* Nothing about the private interrupt i but that it is pending and its list register consumed. */
static bool is_plain(const struct vgic_view *v, u32 i)
{
	const struct vgic_bank *bank = v->bank;

	return v->spis == NULL &&
	       ((bank->unpend | bank->unactive | bank->setactive | bank->phys) >> i & 1) == 0;
}

/* Interrupt i, which goes to the vCPU loaded on this core, became pending: lists it without
 * touching other list registers. False if that takes more (refill()). */
static bool list_raised(struct vcpu *vcpu, const struct vgic_view *v, u32 i,
			struct vgic_kicks *kicks)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	struct vgic_bank *bank = v->bank;
	u32 bit = 1u << i;
	u32 n = 0;
	u64 lr;

	if ((bank->listed & bit) == 0) {
		if ((bank->active & bit) != 0 || vc->nr_used >= ich_nr_lrs()) {
			return false;
		}
		list(vcpu, vc->nr_used++, v, i);
		return true;
	}

	/* It was listed before; in the usual case the guest is done with that. */
	while (n < vc->nr_used && vc->lr_intid[n] != v->nr * 32 + i) {
		n++;
	}
	BUG_ON(n == vc->nr_used);
	lr = ich_read_lr(n);
	if ((lr & ICH_LR_STATE) != 0) {
		return false;
	}
	if (is_plain(v, i)) {
		bank->active &= ~bit;
		list(vcpu, n, v, i);
		return true;
	}
	unlist(v, i, lr, (vc->lr_soft >> n & 1) != 0, vcpu->index, kicks);
	vc->lr_intid[n] = VGIC_FIRST_BAD;
	if (destination(v, i) == vcpu->index &&
	    ((vgic_deliverable(v->vm, bank) | bank->active) & bit) != 0) {
		list(vcpu, n, v, i);
	}
	return true;
}

/* Whether list_raised() is allowed: nothing waits for a place, and the vCPU is loaded here. */
static bool may_list(const struct vcpu *vcpu)
{
	return vcpu == vcpu_current() && !vcpu->vgic.overflow &&
	       atomic_load_explicit(&vcpu->vgic.loaded, memory_order_relaxed);
}

/* Marks interrupt i's bank for the vCPU it goes to; that vCPU, or NULL. */
static struct vcpu *mark(const struct vgic_view *v, u32 i)
{
	struct vcpu *vcpu = v->vcpu;

	if (v->spis != NULL) {
		if ((v->spis->router[i] & VGIC_ROUTER_IRM) != 0) {
			v->spis->target[i] = vgic_router_target(v->vm, v->spis->router[i]);
		}
		vcpu = vm_vcpu(v->vm, destination(v, i));
	}
	/* The bank's lock is held, so that nobody clears the bit now. */
	if (vcpu != NULL &&
	    (atomic_load_explicit(&vcpu->vgic.ready, memory_order_relaxed) >> v->nr & 1) == 0) {
		/* Release: pairs with the acquire in lock_ready() and vgic_has_pending(). */
		atomic_fetch_or_explicit(&vcpu->vgic.ready, 1u << v->nr, memory_order_release);
	}
	return vcpu;
}

void vgic_resync(struct vcpu *vcpu, u32 banks, struct vgic_kicks *kicks)
{
	atomic_fetch_or_explicit(&vcpu->vgic.ready, banks, memory_order_release);
	/* Release: pairs with the acquire in vgic_flush(). */
	atomic_store_explicit(&vcpu->vgic.resync, true, memory_order_release);
	vgic_kick_add(kicks, vcpu->index);
}

void vgic_changed(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	bits &= v->bank->listed | v->bank->active | vgic_deliverable(v->vm, v->bank);
	vgic_for_each_bit (i, bits) {
		struct vcpu *vcpu = mark(v, i);

		if (vcpu != NULL) {
			vgic_resync(vcpu, 1u << v->nr, kicks);
		}
	}
}

void vgic_raised(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	const struct vgic_bank *bank = v->bank;

	bits &= vgic_deliverable(v->vm, bank);
	vgic_for_each_bit (i, bits) {
		struct vcpu *vcpu = mark(v, i);

		if (vcpu == NULL || (may_list(vcpu) && list_raised(vcpu, v, i, kicks))) {
			continue;
		}
		/* Listed when its line was low, it does not ask for a flush at its end yet. */
		if (((bank->listed & ~bank->edge & ~bank->latch) >> i & 1) != 0) {
			vgic_resync(vcpu, 1u << v->nr, kicks);
		}
		vgic_kick_add(kicks, vcpu->index);
	}
}

/* Locks what the vCPU's ready banks need, and says which are ready. Returns whether that includes
 * the distributor; when not, bits of SPI banks set meanwhile are left to the flush asked for. */
static bool lock_ready(struct vcpu *vcpu, u32 *ready)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	bool spis = (atomic_load_explicit(&vc->ready, memory_order_relaxed) & ~1u) != 0;

	if (spis) {
		spin_lock(&vcpu->vm->vgic.lock);
	}
	spin_lock(&vc->lock);
	/* Pairs with the release in mark(). */
	*ready = atomic_load_explicit(&vc->ready, memory_order_acquire) & (spis ? ~0u : 1u);
	return spis;
}

static void unlock_ready(struct vcpu *vcpu, bool spis)
{
	spin_unlock(&vcpu->vgic.lock);
	if (spis) {
		spin_unlock(&vcpu->vm->vgic.lock);
	}
}

#define RUNNING_NOTHING 0x100u

/* Priority of the most urgent active interrupt of the CPU interface (12.4.1): bit i of the
 * registers is group priority i, at five bits of preemption i << 3. */
static u32 running_priority(const struct vgic_cpu *vc, bool loaded)
{
	u32 shift = 8 - ICH_VTR_PREBITS(ich_read_vtr());

	for (u32 n = 0; n < ich_nr_aprs(); n++) {
		u32 apr = loaded ? ich_read_apr(0, n) | ich_read_apr(1, n)
				 : vc->ap0r[n] | vc->ap1r[n];

		if (apr != 0) {
			return (n * 32 + (u32)__builtin_ctz(apr)) << shift;
		}
	}
	return RUNNING_NOTHING;
}

/*
 * How urgent it is that interrupt i has a list register; smaller is more urgent.
 *
 * What the guest would be given now comes first. After that, with EOImode 0, active ones before
 * pending ones of the same priority, for it ends them in that order and preempts only with what
 * is more urgent. With EOImode 1 any number may be active, and is ended in any order: they come
 * last. So does what is in a group that the guest has disabled.
 */
static u32 sort_key(const struct choice *choice, const struct vgic_view *v, u32 i)
{
	u32 bit = 1u << i;
	u32 priority = v->bank->priority[i];
	bool active = (v->bank->active & bit) != 0;
	bool group1 = (v->bank->group & bit) != 0;

	if (active) {
		return 0x2000u | (choice->split ? 0x1000u : 0) | priority << 1;
	}
	if ((choice->vmcr & (group1 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0)) == 0) {
		return 0x4000u | priority;
	}
	return priority < choice->running ? priority : 0x2000u | priority << 1 | 1;
}

static void choose(struct choice *choice, u32 key, u32 intid)
{
	u32 entry = key << 16 | intid;
	u32 n = choice->nr;

	if (n == choice->max) {
		choice->dropped = true;
		n--;
		if (entry > choice->best[n]) {
			return;
		}
	} else {
		choice->nr++;
	}
	for (; n > 0 && choice->best[n - 1] > entry; n--) {
		choice->best[n] = choice->best[n - 1];
	}
	choice->best[n] = entry;
}

/* Adds what the vCPU has in a bank; forgets the bank if that is nothing. */
static void choose_bank(struct vcpu *vcpu, const struct vgic_view *v, struct choice *choice)
{
	struct vgic_bank *bank = v->bank;
	u32 want = (vgic_deliverable(v->vm, bank) | bank->active) & ~bank->listed;

	if (v->spis != NULL) {
		want = bits_of(v, want, vcpu->index);
	}
	if (want == 0) {
		atomic_fetch_and_explicit(&vcpu->vgic.ready, ~(1u << v->nr), memory_order_relaxed);
		return;
	}
	vgic_for_each_bit (i, want) {
		choose(choice, sort_key(choice, v, i), v->nr * 32 + i);
	}
}

/* With more interrupts than list registers: what asks for the next flush, before the guest could
 * miss one. No condition may hold already, or the maintenance interrupt would never end. */
static u64 overflow_hcr(const struct choice *choice, bool any_pending)
{
	u64 hcr = any_pending ? ICH_HCR_NPIE : 0;

	hcr |= choice->split ? ICH_HCR_TDIR : ICH_HCR_LRENPIE;
	hcr |= (choice->vmcr & ICH_VMCR_VENG0) != 0 ? 0 : ICH_HCR_VGRP0EIE;
	hcr |= (choice->vmcr & ICH_VMCR_VENG1) != 0 ? 0 : ICH_HCR_VGRP1EIE;
	return hcr;
}

/* Fills the list registers, all free by now, from the ready banks, and sets ICH_HCR_EL2. */
static void refill(struct vcpu *vcpu, u32 ready)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	u64 vtr = ich_read_vtr();
	u32 nr_before = vc->nr_used;
	bool any_pending = false;
	struct choice choice;

	choice.nr = 0;
	choice.max = ICH_VTR_NR_LRS(vtr);
	choice.vmcr = ich_read_vmcr();
	choice.running = running_priority(vc, true);
	choice.split = (vtr & ICH_VTR_TDS) != 0 && (choice.vmcr & ICH_VMCR_VEOIM) != 0;
	choice.dropped = false;
	vgic_for_each_bit (nr, ready) {
		struct vgic_view v = vgic_view(vcpu, nr);

		choose_bank(vcpu, &v, &choice);
	}

	vc->overflow = choice.dropped;
	for (u32 n = 0; n < choice.nr; n++) {
		u32 intid = choice.best[n] & 0xffff;
		struct vgic_view v = vgic_view(vcpu, intid / 32);

		any_pending |= (v.bank->active >> intid % 32 & 1) == 0;
		list(vcpu, n, &v, intid % 32);
	}
	for (u32 n = choice.nr; n < nr_before; n++) {
		ich_write_lr(n, 0);
	}
	vc->nr_used = (u8)choice.nr;
	ich_write_hcr(ICH_HCR_EN | (choice.dropped ? overflow_hcr(&choice, any_pending) : 0));
}

/* The guest ended its most urgent active interrupt that has no list register (EOImode 0). */
static void end_unlisted(struct vcpu *vcpu, u32 ready, struct vgic_kicks *kicks)
{
	u32 best = ~0u;
	struct vgic_view v;
	u32 i;

	vgic_for_each_bit (nr, ready) {
		struct vgic_view of = vgic_view(vcpu, nr);
		u32 active = of.bank->active & ~of.bank->listed;

		if (of.spis != NULL) {
			active = bits_of(&of, active, vcpu->index);
		}
		vgic_for_each_bit (bit, active) {
			u32 entry = (u32)of.bank->priority[bit] << 16 | (nr * 32 + bit);

			best = entry < best ? entry : best;
		}
	}
	if (best == ~0u) {
		return;
	}
	v = vgic_view(vcpu, (best & 0xffff) / 32);
	i = best % 32;
	/* As a list register that was active and is now invalid, without a physical interrupt. */
	unlist(&v, i, 0, false, vcpu->index, kicks);
}

/* Takes every list register's state back into the banks; nothing is listed afterwards. */
static void take_back(struct vcpu *vcpu, u32 ready, struct vgic_kicks *kicks)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	struct vgic_bank *private = &vc->bank;
	u32 stale;

	if (vc->overflow) {
		u64 hcr = ich_read_hcr();

		if ((hcr & ICH_HCR_LRENPIE) != 0) {
			for (u32 n = ICH_HCR_EOICOUNT(hcr); n > 0; n--) {
				end_unlisted(vcpu, ready, kicks);
			}
		}
	}
	for (u32 n = 0; n < vc->nr_used; n++) {
		u32 intid = vc->lr_intid[n];
		struct vgic_view v;

		if (intid == VGIC_FIRST_BAD) {
			continue;
		}
		v = vgic_view(vcpu, intid / 32);
		unlist(&v, intid % 32, ich_read_lr(n), (vc->lr_soft >> n & 1) != 0, vcpu->index,
		       kicks);
	}

	/* A pending state of our PPI that another core took away (vgic_hw_deactivate()). */
	stale = private->unpend;
	private->unpend = 0;
	vgic_for_each_bit (i, stale) {
		struct vgic_view v = vgic_private_view(vcpu);

		if ((private->phys >> i & 1) != 0 && (private->active >> i & 1) == 0) {
			private->latch &= ~(1u << i);
			(void)vgic_hw_deactivate(&v, i);
		}
	}
}

/* Lists what was raised since the last flush. False if the list registers must be filled anew. */
static bool list_all_raised(struct vcpu *vcpu, u32 ready, struct vgic_kicks *kicks)
{
	if (vcpu->vgic.overflow) {
		return false;
	}
	vgic_for_each_bit (nr, ready) {
		struct vgic_view v =
			likely(nr == 0) ? vgic_private_view(vcpu) : vgic_spi_view(vcpu->vm, nr);
		u32 raised = vgic_deliverable(v.vm, v.bank) & (~v.bank->listed | v.bank->latch);

		if (nr != 0) {
			raised = bits_of(&v, raised, vcpu->index);
		}
		vgic_for_each_bit (i, raised) {
			if (!list_raised(vcpu, &v, i, kicks)) {
				return false;
			}
		}
	}
	return true;
}

/* full: what the guest did with its list registers must be known afterwards. */
static void flush(struct vcpu *vcpu, bool full)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	u32 synced = atomic_load_explicit(&vc->synced, memory_order_relaxed);
	u32 ready;
	bool spis;

	if (!atomic_load_explicit(&vc->loaded, memory_order_relaxed)) {
		return;
	}
	/* Pairs with the release in vgic_resync(). */
	if (atomic_load_explicit(&vc->resync, memory_order_acquire)) {
		full |= atomic_exchange_explicit(&vc->resync, false, memory_order_acquire);
	}
	if (atomic_load_explicit(&vc->ready, memory_order_acquire) != 0) {
		spis = lock_ready(vcpu, &ready);
		if (full || !list_all_raised(vcpu, ready, &kicks)) {
			full = true;
			take_back(vcpu, ready, &kicks);
			refill(vcpu, ready);
		}
		unlock_ready(vcpu, spis);
		vgic_kick(vcpu->vm, &kicks);
	}
	/* Release: pairs with the acquire in sync_vcpu(). */
	atomic_store_explicit(&vc->synced, synced + full, memory_order_release);
}

void vgic_flush(struct vcpu *vcpu)
{
	flush(vcpu, false);
}

void vgic_maintenance(struct vcpu *vcpu)
{
	flush(vcpu, true);
}

void vgic_load(struct vcpu *vcpu)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	u32 nr_aprs = ich_nr_aprs();
	u32 ready;
	bool spis;

	ich_fix_sre();
	ich_write_vmcr(vc->vmcr);
	for (u32 n = 0; n < nr_aprs; n++) {
		if ((vc->ap0r[n] | vc->ap1r[n]) != 0) {
			ich_write_apr(0, n, vc->ap0r[n]);
			ich_write_apr(1, n, vc->ap1r[n]);
		}
	}

	atomic_store_explicit(&vc->resync, false, memory_order_relaxed);
	spis = lock_ready(vcpu, &ready);
	atomic_store_explicit(&vc->loaded, true, memory_order_relaxed);
	vgic_hw_load_ppis(vcpu);
	refill(vcpu, ready);
	unlock_ready(vcpu, spis);
}

void vgic_put(struct vcpu *vcpu)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	u32 nr_aprs = ich_nr_aprs();
	u32 synced = atomic_load_explicit(&vc->synced, memory_order_relaxed);
	u32 ready;
	bool spis = lock_ready(vcpu, &ready);

	take_back(vcpu, ready, &kicks);
	for (u32 n = 0; n < vc->nr_used; n++) {
		ich_write_lr(n, 0);
	}
	vc->nr_used = 0;
	vc->overflow = false;
	/* Release: pairs with the acquire in sync_vcpu(). */
	atomic_store_explicit(&vc->loaded, false, memory_order_release);
	unlock_ready(vcpu, spis);
	/* Release: pairs with the acquire in sync_vcpu(). */
	atomic_store_explicit(&vc->synced, synced + 1, memory_order_release);

	ich_write_hcr(0);
	vc->vmcr = ich_read_vmcr();
	/* The registers are zero whenever no vCPU is loaded. */
	for (u32 n = 0; n < nr_aprs; n++) {
		vc->ap0r[n] = ich_read_apr(0, n);
		vc->ap1r[n] = ich_read_apr(1, n);
		if ((vc->ap0r[n] | vc->ap1r[n]) != 0) {
			ich_write_apr(0, n, 0);
			ich_write_apr(1, n, 0);
		}
	}
	vgic_kick(vcpu->vm, &kicks);
}

/* Waits until the core that has the vCPU loaded has flushed it once more. self, loaded here, keeps
 * answering others that wait for it. */
static void sync_vcpu(struct vcpu *self, struct vcpu *vcpu)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	u32 synced = atomic_load_explicit(&vc->synced, memory_order_acquire);

	if (vcpu == self) {
		flush(self, true);
		return;
	}
	atomic_store_explicit(&vc->resync, true, memory_order_release);
	vcpu_request(vcpu, VCPU_REQ_VGIC);
	for (u32 spins = 0; spins < SYNC_SPINS; spins++) {
		/* Pairs with the release in vgic_flush() and vgic_put(). */
		if (atomic_load_explicit(&vc->synced, memory_order_acquire) != synced ||
		    !atomic_load_explicit(&vc->loaded, memory_order_acquire)) {
			return;
		}
		if (self != NULL && (atomic_load_explicit(&self->requests, memory_order_relaxed) &
				     VCPU_REQ_VGIC) != 0) {
			atomic_fetch_and_explicit(&self->requests, ~VCPU_REQ_VGIC,
						  memory_order_acquire);
			vgic_flush(self);
		}
#ifdef __aarch64__
		__asm__ volatile("yield");
#endif
	}
}

void vgic_sync_listed(const struct vgic_view *v, struct vcpu *self)
{
	u32 listed = vgic_peek(&v->bank->listed);
	struct vgic_kicks owners = VGIC_NO_KICKS;

	if (listed == 0) {
		return;
	}
	if (v->spis == NULL) {
		sync_vcpu(self, v->vcpu);
		return;
	}
	vgic_for_each_bit (i, listed) {
		u32 owner = __atomic_load_n(&v->spis->owner[i], __ATOMIC_RELAXED);

		if (owner != VGIC_VCPU_NONE) {
			vgic_kick_add(&owners, owner);
		}
	}
	for (u32 index = 0; index < HYP_MAX_VCPUS; index++) {
		if ((owners.set[index / 64] >> index % 64 & 1) != 0) {
			sync_vcpu(self, v->vm->vcpus[index]);
		}
	}
}

/* Whether the CPU interface would signal one of the bank's interrupts (4.8.5: enabled group,
 * above the mask, and of a group priority above the running one). */
static bool signals(const struct vgic_view *v, u32 index, u64 vmcr, u32 running)
{
	const struct vgic_bank *bank = v->bank;
	u32 groups = ((vmcr & ICH_VMCR_VENG1) != 0 ? bank->group : 0) |
		     ((vmcr & ICH_VMCR_VENG0) != 0 ? ~bank->group : 0);
	u32 pending = ((vgic_deliverable(v->vm, bank) & ~bank->listed) | bank->lr_pending) &
		      ~bank->active & groups;

	if (v->spis != NULL) {
		pending = bits_of(v, pending, index);
	}
	vgic_for_each_bit (i, pending) {
		bool own_bpr = (bank->group >> i & 1) != 0 && (vmcr & ICH_VMCR_VCBPR) == 0;
		u32 bpr = (u32)(own_bpr ? FIELD(vmcr, 20, 18) : FIELD(vmcr, 23, 21) + 1);
		u32 priority = bank->priority[i];

		if (priority < FIELD(vmcr, 31, 24) && (priority >> bpr << bpr) < running) {
			return true;
		}
	}
	return false;
}

/* A look at .ready, which is mostly empty, is all that most callers pay. */
static bool is_ready(const struct vcpu *vcpu)
{
	/* Pairs with the release in mark(). */
	return atomic_load_explicit(&vcpu->vgic.ready, memory_order_acquire) != 0;
}

static bool any_signals(struct vcpu *vcpu, u64 vmcr, u32 running)
{
	bool pending = false;
	u32 ready;
	bool spis;

	spis = lock_ready(vcpu, &ready);
	vgic_for_each_bit (nr, ready) {
		struct vgic_view v = vgic_view(vcpu, nr);

		pending = pending || signals(&v, vcpu->index, vmcr, running);
	}
	unlock_ready(vcpu, spis);
	return pending;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	struct vgic_cpu *vc = &vcpu->vgic;
	bool loaded = atomic_load_explicit(&vc->loaded, memory_order_relaxed);

	if (!is_ready(vcpu)) {
		return false;
	}
	flush(vcpu, true);
	return any_signals(vcpu, loaded ? ich_read_vmcr() : vc->vmcr, running_priority(vc, loaded));
}

bool vgic_wakes(struct vcpu *vcpu)
{
	if (!is_ready(vcpu)) {
		return false;
	}
	flush(vcpu, true);
	return any_signals(vcpu, ICH_VMCR_VENG0 | ICH_VMCR_VENG1 | ICH_VMCR_VPMR, RUNNING_NOTHING);
}
