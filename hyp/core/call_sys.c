/* SPDX-License-Identifier: BSD-3-Clause */
/* VERSION, CONSOLE_WRITE, CONSOLE_READ, LOG_READ, TRACE_READ, TRACE_SET, SYS_INFO. */
#include <core/boot.h>
#include <core/call.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/trace.h>
#include <core/vm.h>
#include <el2/gic.h>
#include <hyp/error.h>
#include <stage2/mem.h>

#define CHUNK_BYTES 1024u

int call_version(struct vcpu *vcpu, u64 *x)
{
	(void)vcpu;
	x[1] = HYP_CALL_ABI;
	x[2] = HYP_NR_CALLS;
	return HYP_OK;
}

int call_console_write(struct vcpu *vcpu, u64 *x)
{
	char text[32];

	if (x[1] > sizeof(text)) {
		return HYP_E_SIZE;
	}
	for (u32 i = 0; i < x[1]; i++) {
		text[i] = (char)(x[2 + i / 8] >> (8 * (i % 8)));
	}
	if (vcpu->vm->id == VMID_RM) {
		log_rm_write(text, x[1]);
	}
	return console_write(vcpu->vm, text, x[1]);
}

static bool may_look(const struct vcpu *vcpu)
{
	return vcpu->vm->id == VMID_RM || (vcpu->vm->flags & HYP_VM_HOST);
}

/* Copies a console, or the log (NULL), to the caller's memory: x[0..2] are LOG_READ's arguments
 * and x[0..1] its results. */
static int read_text(struct vcpu *vcpu, struct console *console, u64 *x)
{
	char chunk[CHUNK_BYTES];
	u64 cursor = x[0];
	u64 done = 0;

	while (done < x[2]) {
		u64 want = x[2] - done < sizeof(chunk) ? x[2] - done : sizeof(chunk);
		size_t got = console ? console_read(console, &cursor, chunk, want)
				     : log_read(&cursor, chunk, want);
		int error;

		if (got == 0) {
			break;
		}
		error = mem_copy_to_vm(vcpu->vm, ipa_init(x[1] + done), chunk, got);
		if (error) {
			return error;
		}
		done += got;
	}
	x[0] = cursor;
	x[1] = done;
	return HYP_OK;
}

int call_log_read(struct vcpu *vcpu, u64 *x)
{
	if (!may_look(vcpu)) {
		return HYP_E_RIGHT;
	}
	return x[3] > PAGE_BYTES ? HYP_E_SIZE : read_text(vcpu, NULL, x + 1);
}

int call_console_read(struct vcpu *vcpu, u64 *x)
{
	struct vm *vm;
	int error;

	if (!may_look(vcpu)) {
		return HYP_E_RIGHT;
	}
	if (x[4] > PAGE_BYTES) {
		return HYP_E_SIZE;
	}
	/* Whose console it is stays while it is read. */
	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	vm = x[1] < MAX_VMS ? vm_by_id((vmid_t)x[1]) : NULL;
	error = vm ? read_text(vcpu, &vm->console, x + 2) : HYP_E_INVAL;
	spin_unlock(&vm_table_lock);
	if (!error) {
		x[1] = x[2];
		x[2] = x[3];
	}
	return error;
}

int call_trace_read(struct vcpu *vcpu, u64 *x)
{
	char chunk[CHUNK_BYTES];
	u64 cursor = x[2];
	size_t got;
	int error;

	if (!may_look(vcpu)) {
		return HYP_E_RIGHT;
	}
	if (x[1] >= nr_cpus) {
		return HYP_E_INVAL;
	}
	got = trace_read((u32)x[1], &cursor, chunk, x[4] < sizeof(chunk) ? x[4] : sizeof(chunk));
	error = got ? mem_copy_to_vm(vcpu->vm, ipa_init(x[3]), chunk, got) : HYP_OK;
	if (!error) {
		x[1] = cursor;
		x[2] = got;
	}
	return error;
}

int call_trace_set(struct vcpu *vcpu, u64 *x)
{
	if (!may_look(vcpu)) {
		return HYP_E_RIGHT;
	}
	if (x[1] > 1) {
		return HYP_E_INVAL;
	}
	atomic_store(&trace_on, x[1] == 1);
	return HYP_OK;
}

static u64 cores_online(void)
{
	u64 nr = 0;

	for (u32 i = 0; i < nr_cpus; i++) {
		nr += atomic_load(&cpus[i].online);
	}
	return nr;
}

int call_sys_info(struct vcpu *vcpu, u64 *x)
{
	(void)vcpu;
	switch (x[1]) {
	case HYP_INFO_FIXED_BYTES:
		x[1] = boot_info->hyp.bytes;
		return HYP_OK;
	case HYP_INFO_RM_BYTES:
		x[1] = boot_info->rm.bytes;
		return HYP_OK;
	case HYP_INFO_BOOT_CYCLES:
		x[1] = boot_host_entry_time - boot_info->entry_time;
		return HYP_OK;
	case HYP_INFO_NR_CORES:
		x[1] = cores_online();
		return HYP_OK;
	case HYP_INFO_NR_VMS:
		x[1] = vm_count();
		return HYP_OK;
	case HYP_INFO_ENTRY_TIME:
		x[1] = boot_info->entry_time;
		return HYP_OK;
	case HYP_INFO_NR_IRQS:
		x[1] = gic_nr_irqs();
		return HYP_OK;
	default:
		return HYP_E_INVAL;
	}
}
