/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a bare-metal guest has: a console, CPUs, exceptions, and results.
 *
 * A guest is a C program with main(); it prints PASS and FAIL lines on the PL011 of QEMU's virt
 * memory map, and ends with PSCI SYSTEM_OFF. The MMU is off: memory is not cacheable and takes no
 * exclusive accesses, so CPUs talk through volatile variables that one of them writes.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define GUEST_CPUS 8u

#define read_sysreg(reg)                                                                           \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrs %0, " #reg : "=r"(value_) : : "memory");                     \
		value_;                                                                            \
	})
#define write_sysreg(value, reg)                                                                   \
	__asm__ volatile("msr " #reg ", %x0\n\tisb" : : "rZ"((u64)(value)) : "memory")

#define isb()     __asm__ volatile("isb" : : : "memory")
#define dsb()     __asm__ volatile("dsb sy" : : : "memory")
#define wfi()     __asm__ volatile("dsb sy\n\twfi" : : : "memory")
#define irq_on()  __asm__ volatile("msr daifclr, #3" : : : "memory")
#define irq_off() __asm__ volatile("msr daifset, #3" : : : "memory")

static inline u32 mmio_read32(u64 address)
{
	u32 value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write32(u64 address, u32 value)
{
	__asm__ volatile("str %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

/* 1, 2, 4 or 8 bytes. */
u64 mmio_read(u64 address, u32 bytes);
void mmio_write(u64 address, u32 bytes, u64 value);

void print(const char *text);
void print_number(u64 value);
/* PASS: name, or FAIL: name (why). */
void report(const char *name, const char *why);

u32 cpu_this(void);
/* Runs function on another CPU, which is powered on for it and off afterwards. False: no such CPU.
 */
bool cpu_start(u32 cpu, void (*function)(u32 cpu));
bool cpu_wait_off(u32 cpu);

/* The number behind "name=" on the command line that the device tree has; otherwise, if it is not
 * there. */
u64 guest_parameter(const char *name, u64 otherwise);

/* SMCCC by HVC. */
u64 hvc(u64 function, u64 a, u64 b, u64 c);

/* Waits until *flag is at least value, at most about a second of the counter. */
bool wait_for(volatile const u32 *flag, u32 value);
void delay_us(u64 us);
u64 counter(void);

/* Data aborts while this is set are counted and skipped. */
extern volatile bool guest_abort_expected;
extern volatile u32 guest_nr_aborts;

/* Called for an interrupt, on the CPU that takes it; NULL: a failure. */
extern void (*volatile guest_irq_handler)(bool fiq);

/* Called for a breakpoint, watchpoint or step; may change where and how it goes on. NULL: a
 * failure. */
extern void (*volatile guest_debug_handler)(u64 ec, u64 *pc, u64 *spsr);

int main(void);
void guest_power_off(void);

#endif
