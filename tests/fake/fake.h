/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine for the hypervisor's core to run on: everything hyp/el2/ would do with hardware, done
 * with an array of memory and structures of registers. What is compiled against it is the
 * hypervisor as it is, from hyp_main() to the scheduler.
 *
 * The test is always "on" one core. A core is off, in a VM, or in EL2's WFI (the idle loop);
 * fake_trap() and fake_interrupts() are the two ways into EL2, and return when the core is in a VM
 * or in WFI again. A broken invariant (panic(), a lock out of order, an access to memory that EL2
 * has not mapped) ends the test program with a message.
 */
#ifndef TESTS_FAKE_FAKE_H
#define TESTS_FAKE_FAKE_H

#include <core/cpu.h>
#include <core/vm.h>

#define FAKE_CORES      3u
#define FAKE_RAM        0x40000000ull /* hyp's region, the RM's, the host's */
#define FAKE_RAM_BYTES  (24ull << 20)
#define FAKE_HYP_BYTES  (2ull << 20)
#define FAKE_RM         (FAKE_RAM + FAKE_HYP_BYTES)
#define FAKE_RM_BYTES   (6ull << 20)
#define FAKE_HOST       (FAKE_RM + FAKE_RM_BYTES)
#define FAKE_HOST_BYTES (16ull << 20)
#define FAKE_GICD       0x08000000ull
#define FAKE_GICR       0x080a0000ull

/* Runs hyp_main(): the RM's vCPU is loaded on core 0, the other cores are off. Once a program. */
void fake_boot(void);

void fake_on(u32 core);
u32 fake_core(void);
/* What the core runs; NULL: off, or waiting in WFI. */
struct vcpu *fake_loaded(u32 core);

/* An exception to EL2 by the VM on this core. */
void fake_trap(u64 esr);
/* This core takes what is pending: SGIs, its timers. */
void fake_interrupts(void);
/* All cores do, those that were powered on start, until nothing is pending. */
void fake_settle(void);
bool fake_is_pending(u32 core);

/* The clock, of all cores. */
void fake_set_time(u64 ticks);
u64 fake_time(void);

/* Physical memory as the hardware sees it. */
void fake_read(u64 pa, void *to, u64 bytes);
void fake_write(u64 pa, const void *from, u64 bytes);
bool fake_is_zero(u64 pa, u64 bytes);
bool fake_direct_mapped(u64 pa);

/* What the firmware was asked last, and what it answers to anything but CPU_ON and CPU_OFF. */
extern u64 fake_smc_function;
extern s64 fake_smc_result;
extern u32 fake_nr_tlbi;
extern u64 fake_uart_bytes; /* written to the UART */

/* Ends the program as a failed test. */
void fake_fail(const char *format, ...) __printf(1, 2) __noreturn;

#endif
