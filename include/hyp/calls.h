/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The call interface of the hypervisor, as one table.
 *
 * A VM calls with HVC #0 (SMCCC 1.2, SMC64 fast calls, owner "vendor specific hypervisor",
 * DEN0028 section 6.1): x0 is the function, x1-x6 the arguments. x0 returns HYP_OK or an error of
 * <hyp/error.h>, x1-x7 results; registers past the last result keep their values.
 *
 * The table yields: the function numbers, EL2's dispatch table, the names in traces, the C stubs
 * (<hyp/stubs.h>) and docs/calls.md (scripts/gen-calls-doc). To add a call, add a line.
 *
 *   X(name, nr, nr_args, "arguments -> results", "what it does; rights; errors beyond the usual")
 *
 * Addresses are the caller's own IPAs unless named otherwise; counts are 4 KiB pages. Every call
 * may return INVAL; every call that takes a handle may return HANDLE and RIGHT. Where MEM_DONATE,
 * MEM_LEND or MEM_SHARE return NOMEM, the first result says whose pool is empty: 1 the caller's, 0
 * vm's; MEM_RECLAIM says it in the second.
 */
#ifndef HYP_CALLS_H
#define HYP_CALLS_H

#define HYP_CALL_BASE 0xC6000000u
#define HYP_CALL_ABI  1u

#define HYP_CALLS(X)                                                                               \
	X(version, 0x00, 0, "-> abi, nr_calls", "Version of this interface.")                      \
	X(handle_copy, 0x01, 3, "handle, vm, rights -> handle",                                    \
	  "Gives vm a handle to the same object with no more rights than the caller's. GRANT on "  \
	  "vm. LIMIT: its table is full.")                                                         \
	X(handle_delete, 0x02, 1, "handle", "Forgets a handle of the caller's.")                   \
	X(handle_revoke, 0x03, 1, "handle -> nr",                                                  \
	  "Deletes every other handle, in any VM, to the object. REVOKE.")                         \
	X(handle_info, 0x04, 1, "handle -> type, rights, id", "What a handle names.")              \
                                                                                                   \
	X(mem_donate, 0x08, 5, "vm, ipa, vm_ipa, nr, flags",                                       \
	  "The caller's pages become vm's, wiped (HYP_MEM_KEEP: as they are, and the caller has "  \
	  "cleaned them; PLATFORM only), at vm_ipa. MEM. OWNER, NOMEM, EXIST, SIZE.")              \
	X(mem_lend, 0x09, 5, "vm, ipa, vm_ipa, nr, prot",                                          \
	  "vm alone may use the pages until they are reclaimed; the caller faults on them. MEM. "  \
	  "OWNER, NOMEM, EXIST, SIZE.")                                                            \
	X(mem_share, 0x0a, 5, "vm, ipa, vm_ipa, nr, prot",                                         \
	  "vm may use the pages too. MEM. OWNER, NOMEM, EXIST, SIZE.")                             \
	X(mem_reclaim, 0x0b, 3, "vm, vm_ipa, nr -> nr_done",                                       \
	  "Takes lent or shared pages back; holes are skipped. Lent pages are wiped first, and "   \
	  "only once vm is stopped (STATE). MEM. OWNER, SIZE.")                                    \
	X(mem_map_device, 0x0c, 4, "vm, pa, vm_ipa, nr",                                           \
	  "Maps physical addresses that are not memory. PLATFORM only. OWNER, NOMEM, EXIST.")      \
	X(mem_info, 0x0d, 1, "ipa -> state, other",                                                \
	  "State of a page of the caller's (HYP_PAGE_*), and the VM it is lent to or shared "      \
	  "with. ADDR.")                                                                           \
                                                                                                   \
	X(vm_create, 0x18, 4, "ipa, nr, flags, ipa_bits -> vm, id",                                \
	  "Makes a VM; the caller's pages become its pool, which pays for everything the "         \
	  "hypervisor keeps for it. PLATFORM only. OWNER, NOMEM, LIMIT.")                          \
	X(vm_pool_add, 0x19, 3, "vm, ipa, nr", "Donates pages to the VM's pool. MEM. OWNER.")      \
	X(vm_start, 0x1a, 1, "vm", "Its vCPUs may run. CONTROL. STATE.")                           \
	X(vm_stop, 0x1b, 1, "vm", "Its vCPUs will not run again until VM_RESET. CONTROL.")         \
	X(vm_reset, 0x1c, 1, "vm",                                                                 \
	  "vCPUs and interrupts as after VM_CREATE; memory stays. CONTROL. BUSY: one still runs. " \
	  "STATE: a protected VM still has memory.")                                               \
	X(vm_destroy, 0x1d, 1, "vm",                                                               \
	  "Stops it, deletes every handle to it; its own pages, whoever donated them, and its "    \
	  "pool go to the RM, wiped. DESTROY. BUSY: a vCPU still runs, pages are still lent to "   \
	  "or shared with it, or pages are left to wipe: call again.")                             \
	X(vm_info, 0x1e, 1, "vm -> state, pool_pages, pool_free, mem_pages, vcpus",                \
	  "Counters of a VM.")                                                                     \
                                                                                                   \
	X(vcpu_create, 0x20, 4, "vm, index, mpidr, flags -> vcpu",                                 \
	  "Makes a vCPU, powered off unless HYP_VCPU_ON. CONTROL. NOMEM, EXIST, LIMIT. DENIED: a " \
	  "protected VM that was started.")                                                        \
	X(vcpu_run, 0x21, 3, "vcpu, action, data -> reason, a, b, c, d, e",                        \
	  "Runs a proxy vCPU on this core until something needs the caller. RUN. STATE, BUSY.")    \
	X(vcpu_reg_get, 0x22, 2, "vcpu, reg -> value",                                             \
	  "Reads a register (HYP_REG_*). CONTROL. DENIED: protected VM. BUSY: it runs.")           \
	X(vcpu_reg_set, 0x23, 3, "vcpu, reg, value", "Writes a register; as VCPU_REG_GET.")        \
	X(vcpu_fpreg_get, 0x24, 2, "vcpu, n -> low, high", "Reads V<n>; as VCPU_REG_GET.")         \
	X(vcpu_fpreg_set, 0x25, 4, "vcpu, n, low, high", "Writes V<n>; as VCPU_REG_GET.")          \
	X(vcpu_kick, 0x26, 1, "vcpu", "Makes a VCPU_RUN under way return. RUN.")                   \
	X(vcpu_wake, 0x27, 3, "vcpu, doorbell, flag",                                              \
	  "When the vCPU can go on after HYP_EXIT_WFI or HYP_EXIT_OFF, the doorbell rings. "       \
	  "CONTROL, and SEND on the doorbell.")                                                    \
	X(vcpu_sched, 0x28, 3, "vcpu, priority, slice_ns",                                         \
	  "Priority (0 lowest to 63) and time slice of a vCPU that EL2 schedules. CONTROL.")       \
	X(vcpu_power, 0x29, 2, "vcpu, on", "Powers it on or off, as PSCI would; as VCPU_REG_GET.") \
	X(vcpu_reset, 0x2a, 1, "vcpu", "Registers as after creation; as VCPU_REG_GET.")            \
                                                                                                   \
	X(vgic_config, 0x30, 4, "vm, gicd_ipa, gicr_ipa, nr_irqs",                                 \
	  "Places the VM's GIC; once, before VM_START. CONTROL. STATE, ADDR.")                     \
	X(vgic_reg_get, 0x31, 4, "vm, group, mpidr, reg -> value",                                 \
	  "Reads a GIC register as KVM's device groups do (HYP_VGIC_*). CONTROL. ADDR, BUSY.")     \
	X(vgic_reg_set, 0x32, 5, "vm, group, mpidr, reg, value", "Writes one; as VGIC_REG_GET.")   \
	X(irq_set, 0x33, 4, "vm, intid, vcpu_index, level",                                        \
	  "Drives an interrupt line: SPI, or PPI of one vCPU. CONTROL.")                           \
	X(irq_forward, 0x34, 4, "vm, pirq, virq, flags",                                           \
	  "Hands a hardware SPI to vm as its virq. PLATFORM only. EXIST.")                         \
	X(irq_release, 0x35, 1, "pirq", "Takes a hardware SPI back. PLATFORM only.")               \
                                                                                                   \
	X(doorbell_create, 0x38, 0, "-> doorbell",                                                 \
	  "64 flags, from the caller's pool. NOMEM, LIMIT.")                                       \
	X(doorbell_bind, 0x39, 2, "doorbell, virq",                                                \
	  "The caller gets SPI virq (level) while an unmasked flag is set; 0 unbinds. RECV.")      \
	X(doorbell_send, 0x3a, 2, "doorbell, flags -> old", "Sets flags. SEND.")                   \
	X(doorbell_recv, 0x3b, 2, "doorbell, mask -> flags", "Returns and clears flags. RECV.")    \
	X(doorbell_mask, 0x3c, 2, "doorbell, enable", "Which flags raise the interrupt. RECV.")    \
                                                                                                   \
	X(msgq_create, 0x40, 2, "nr_msgs, msg_bytes -> msgq",                                      \
	  "A bounded queue, from the caller's pool; at most HYP_MSGQ_BYTES in all. NOMEM, LIMIT, " \
	  "SIZE.")                                                                                 \
	X(msgq_bind, 0x41, 3, "msgq, end, virq",                                                   \
	  "The caller gets SPI virq (edge) when the queue stops being empty (end 0, RECV) or "     \
	  "full (end 1, SEND); 0 unbinds.")                                                        \
	X(msgq_send, 0x42, 3, "msgq, ipa, bytes", "Copies a message in. SEND. AGAIN, SIZE, ADDR.") \
	X(msgq_recv, 0x43, 3, "msgq, ipa, bytes -> bytes",                                         \
	  "Copies the oldest message out; it stays if that fails. RECV. AGAIN, SIZE, ADDR. BUSY: " \
	  "another vCPU took it meanwhile.")                                                       \
                                                                                                   \
	X(console_write, 0x48, 5, "bytes, data, data, data, data",                                 \
	  "Puts up to 32 bytes onto the caller's console, which keeps the last 16 KiB; the RM's "  \
	  "go into the hypervisor's log, too. NOMEM, SIZE.")                                       \
	X(log_read, 0x49, 3, "cursor, ipa, bytes -> cursor, bytes",                                \
	  "Reads the log, oldest first. PLATFORM, or the host VM.")                                \
	X(trace_read, 0x4a, 4, "cpu, cursor, ipa, bytes -> cursor, bytes",                         \
	  "Reads a core's trace ring (<hyp/trace.h>). PLATFORM, or the host VM.")                  \
	X(sys_info, 0x4b, 1, "what -> value", "A number about the system (HYP_INFO_*).")           \
	X(console_read, 0x4c, 4, "id, cursor, ipa, bytes -> cursor, bytes",                        \
	  "Reads the console of the VM with this id, oldest first. PLATFORM, or the host VM. "     \
	  "SIZE, BUSY.")                                                                           \
	X(trace_set, 0x4d, 1, "on",                                                                \
	  "Whether the trace rings are written: 1, or 0 as at boot. PLATFORM, or the host VM.")

#define HYP_CALL_ENUM(name, nr, nr_args, args, doc) HYP_CALL_##name = (nr),
enum hyp_call { HYP_CALLS(HYP_CALL_ENUM) HYP_NR_CALLS = 0x50 };
#undef HYP_CALL_ENUM

/* Rights of a handle. */
#define HYP_RIGHT_GRANT   (1u << 0) /* VM: put handles into its table */
#define HYP_RIGHT_MEM     (1u << 1) /* VM: give it memory */
#define HYP_RIGHT_CONTROL (1u << 2) /* VM, vCPU: start, stop, registers, interrupts */
#define HYP_RIGHT_DESTROY (1u << 3) /* VM */
#define HYP_RIGHT_RUN     (1u << 4) /* vCPU */
#define HYP_RIGHT_SEND    (1u << 5) /* doorbell, message queue */
#define HYP_RIGHT_RECV    (1u << 6) /* doorbell, message queue */
#define HYP_RIGHT_REVOKE  (1u << 7) /* delete other VMs' handles to the object */
#define HYP_RIGHT_COPY    (1u << 8) /* HANDLE_COPY of this handle */
#define HYP_RIGHT_ALL     0x1ffu

enum hyp_object_type {
	HYP_OBJECT_NONE,
	HYP_OBJECT_PLATFORM, /* the right to all hardware; RM's alone */
	HYP_OBJECT_VM,
	HYP_OBJECT_VCPU,
	HYP_OBJECT_DOORBELL,
	HYP_OBJECT_MSGQ,
};

/* Handles every VM is born with; 0 is never a handle. */
#define HYP_HANDLE_INVALID  0u
#define HYP_HANDLE_SELF     1u /* the VM itself: MEM only */
#define HYP_HANDLE_PLATFORM 2u /* RM only */

#define HYP_MAX_VCPUS 128u /* of one VM; VCPU_CREATE's index is below */

/* MEM_*: protections and the longest run of one call. */
#define HYP_PROT_R        (1u << 0)
#define HYP_PROT_W        (1u << 1)
#define HYP_PROT_X        (1u << 2)
#define HYP_MEM_KEEP      (1u << 0)
#define HYP_MEM_MAX_PAGES 32768u

enum hyp_page_state {
	HYP_PAGE_OWNED,    /* the caller's alone */
	HYP_PAGE_LENT,     /* the caller's; another VM uses it */
	HYP_PAGE_SHARED,   /* the caller's; another VM uses it too */
	HYP_PAGE_BORROWED, /* another VM's; lent to or shared with the caller */
};

/* VM_CREATE flags and VM_INFO states. */
#define HYP_VM_PROTECTED (1u << 0) /* memory may only be lent; registers are its own */
#define HYP_VM_HOST      (1u << 1) /* owns the board's devices; vCPUs are fixed to cores */

enum hyp_vm_state { HYP_VM_NEW, HYP_VM_RUNNING, HYP_VM_STOPPED };

/* VCPU_CREATE flags; bits 31:16 are the core of a fixed vCPU. */
#define HYP_VCPU_ON            (1u << 0)
#define HYP_VCPU_PROXY         (1u << 1) /* runs by VCPU_RUN; else EL2 schedules it */
#define HYP_VCPU_FIXED         (1u << 2) /* always on one core (host vCPUs) */
#define HYP_VCPU_CORE(n)       ((unsigned int)(n) << 16)
#define HYP_VCPU_CORE_OF(flag) (((flag) >> 16) & 0xffffu)

/* VCPU_RUN: what to do first (action), and why it returned. */
enum hyp_run_action {
	HYP_RUN_RESUME,    /* go on; a faulting access is tried again */
	HYP_RUN_MMIO_DONE, /* the faulting access is done; data is what a read gives */
	HYP_RUN_ABORT,     /* that access takes a synchronous external abort */
	HYP_RUN_WAIT,      /* run nothing: HYP_EXIT_WAKEUP if it has an interrupt, else _WFI */
};

enum hyp_exit {
	HYP_EXIT_INTR,   /* an interrupt for the caller, or VCPU_KICK: call again */
	HYP_EXIT_FAULT,  /* stage-2 fault: a = IPA, b = HYP_PROT_* wanted, c = ESR_EL2, d =
			    HYP_MMIO_*,  e = data of a write */
	HYP_EXIT_WFI,    /* a = CNTPCT at which a timer of its will fire, or ~0 */
	HYP_EXIT_OFF,    /* the vCPU is powered off */
	HYP_EXIT_SYSTEM, /* a = PSCI function (SYSTEM_OFF, _RESET, _RESET2, _SUSPEND), b, c = its
			    arguments */
	HYP_EXIT_DEBUG,  /* a = ESR_EL2, b = FAR_EL2 */
	HYP_EXIT_WAKEUP, /* of HYP_RUN_WAIT */
	HYP_EXIT_ERROR,  /* cannot go on: a = ESR_EL2, b = FAR_EL2, c = ELR_EL2 */
};

/* HYP_EXIT_FAULT, d: without VALID the access has no syndrome and cannot be emulated. */
#define HYP_MMIO_BYTES(d) ((d)&0xffu)
#define HYP_MMIO_WRITE    (1u << 8)
#define HYP_MMIO_VALID    (1u << 9)

/* VCPU_REG_GET/SET numbers: core registers, or a system register's encoding as in <asm/kvm.h>. */
#define HYP_REG_X(n)      (0x100u + (n)) /* n = 0..30 */
#define HYP_REG_SP_EL0    0x11fu
#define HYP_REG_PC        0x120u
#define HYP_REG_PSTATE    0x121u
#define HYP_REG_SP_EL1    0x122u
#define HYP_REG_ELR_EL1   0x123u
#define HYP_REG_SPSR_EL1  0x124u
#define HYP_REG_FPSR      0x125u
#define HYP_REG_FPCR      0x126u
#define HYP_REG_CNTV_CTL  0x127u
#define HYP_REG_CNTV_CVAL 0x128u
#define HYP_REG_CNTVCT    0x129u
#define HYP_REG_POWER     0x12au /* 1 on, 0 off */
#define HYP_REG_STOLEN    0x12bu /* IPA that PV_TIME_ST answers (DEN0057); HYP_NO_STOLEN: none */
#define HYP_NO_STOLEN     (~0ull)
#define HYP_REG_SUSPEND   0x12cu /* 1: PSCI SYSTEM_SUSPEND is offered, as HYP_EXIT_SYSTEM */
#define HYP_REG_DEBUG     0x12du /* HYP_DEBUG_*; not of a protected VM */
#define HYP_REG_SKIP      0x12eu /* set to 0: the instruction at PC is done (and a step, if stepped) */
/* What HYP_DEBUG_HW uses: kind 0 to 3 as DBGBVR<n>_EL1, DBGBCR, DBGWVR, DBGWCR; n = 0..15. */
#define HYP_REG_DEBUG_POINT(kind, n) (0x140u + (kind)*16u + (n))
#define HYP_REG_SYS(op0, op1, crn, crm, op2)                                                       \
	(0x10000u | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* With any of them every debug exception of the VM is HYP_EXIT_DEBUG, and it cannot step itself. */
#define HYP_DEBUG_TRAP (1u << 0) /* nothing else: BRK, and its own breakpoints and watchpoints */
#define HYP_DEBUG_STEP (1u << 1) /* one after each instruction */
#define HYP_DEBUG_HW   (1u << 2) /* at HYP_REG_DEBUG_POINT(), in place of its own */
#define HYP_DEBUG_ALL  0x7u

/* VGIC_REG_* groups: KVM_DEV_ARM_VGIC_GRP_* minus what has no register. */
enum hyp_vgic_group {
	HYP_VGIC_DIST,   /* reg = offset in the distributor */
	HYP_VGIC_REDIST, /* reg = offset in the redistributor's two frames */
	HYP_VGIC_CPU,    /* reg = HYP_REG_SYS() of an ICC_* register */
	HYP_VGIC_LEVEL,  /* reg = first INTID of 32; value = line levels */
};

/* IRQ_FORWARD flags. */
#define HYP_IRQ_EDGE (1u << 0)

#define HYP_IPC_PAGES     32u    /* of its pool that a VM may make doorbells and queues of */
#define HYP_MSGQ_BYTES    32768u /* nr_msgs * msg_bytes of one queue */
#define HYP_MSG_MAX_BYTES 1024u  /* of one message */

/* SYS_INFO. */
enum hyp_info {
	HYP_INFO_FIXED_BYTES, /* memory the hypervisor took at boot */
	HYP_INFO_RM_BYTES,    /* memory the RM holds, pool included */
	HYP_INFO_BOOT_CYCLES, /* CNTPCT ticks from entry to the host's first instruction */
	HYP_INFO_NR_CORES,    /* cores online at EL2 */
	HYP_INFO_NR_VMS,
	HYP_INFO_ENTRY_TIME, /* CNTPCT when the loader left boot services */
	HYP_INFO_NR_IRQS,    /* first INTID past the SPIs the hardware has */
};

#endif
