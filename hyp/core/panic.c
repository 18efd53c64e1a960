/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end: a broken invariant at EL2. Prints what a reader needs to find the place (see
 * docs/debugging.md) and stops this core; the others stop as soon as they enter EL2 and wait for
 * a lock, or keep running VMs that need nothing.
 */
#include <core/cpu.h>
#include <core/log.h>
#include <core/vm.h>
#include <el2/mmu.h>
#include <el2/sysreg.h>

static void stop(void) __noreturn;
static void stop(void)
{
	for (;;) {
		__asm__ volatile("wfi");
	}
}

/* Return addresses by frame pointer, as far as they look sane. */
static void backtrace(u64 fp)
{
	for (u32 depth = 0; depth < 16; depth++) {
		const u64 *frame = (const u64 *)fp;

		if (fp < MMU_STACK_BASE || fp >= MMU_IMAGE_BASE || !IS_ALIGNED(fp, 16)) {
			return;
		}
		log_error("  called from 0x%lx\n", frame[1]);
		fp = frame[0];
	}
}

static void describe_core(void)
{
	const struct vcpu *vcpu = vcpu_current();

	if (!vcpu || !vcpu->cpu) {
		return;
	}
	log_error("  core %u, mpidr 0x%lx\n", vcpu->cpu->id, vcpu->cpu->mpidr);
	if (vcpu->vm) {
		log_error("  loaded: vm %u vcpu %u, pc 0x%lx, pstate 0x%lx\n", vcpu->vm->id,
			  vcpu->index, vcpu->regs.pc, vcpu->regs.pstate);
	}
}

void panic(const char *format, ...)
{
	va_list args;

	log_panic_mode();
	log_error("PANIC: ");
	va_start(args, format);
	log_vprintf(LOG_ERROR, format, &args);
	va_end(args);
	log_error("\n");
	describe_core();
	backtrace((u64)__builtin_frame_address(0));
	stop();
}

/* From vectors.S: an exception taken from EL2. */
void panic_el2_fault(u64 vector, u64 esr, u64 elr, u64 far, const u64 *sp) __noreturn;
void panic_el2_fault(u64 vector, u64 esr, u64 elr, u64 far, const u64 *sp)
{
	log_panic_mode();
	log_error("PANIC: exception at EL2, vector %lu\n", vector);
	log_error("  esr 0x%lx (class 0x%lx)  elr 0x%lx  far 0x%lx  sp 0x%lx\n", esr, ESR_EC(esr),
		  elr, far, (u64)sp);
	describe_core();
	backtrace((u64)__builtin_frame_address(0));
	stop();
}
