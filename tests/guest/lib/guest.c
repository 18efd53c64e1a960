/* SPDX-License-Identifier: BSD-3-Clause */
/* See guest.h. */
#include "guest.h"

#define UART_DR 0x09000000ull

#define PSCI_CPU_OFF       0x84000002u
#define PSCI_CPU_ON        0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF    0x84000008u

#define ESR_EC(esr) ((esr) >> 26 & 0x3f)
#define EC_DABT     0x25u
#define EC_DEBUG    0x31u /* breakpoint; 0x33 step, 0x35 watchpoint */

struct frame {
	u64 x[22]; /* x0-x18, x29, x30; then the return address */
	u64 spsr;
	u64 pad;
};
#define FRAME_PC 21

extern char secondary[];

const u8 *guest_dtb; /* from start.S */

volatile bool guest_abort_expected;
volatile u32 guest_nr_aborts;
void (*volatile guest_irq_handler)(bool fiq);
void (*volatile guest_debug_handler)(u64 ec, u64 *pc, u64 *spsr);
static void (*volatile starts[GUEST_CPUS])(u32 cpu);

void print(const char *text)
{
	for (; *text != 0; text++) {
		mmio_write32(UART_DR, (u8)*text);
	}
}

void print_number(u64 value)
{
	char text[21];
	char *at = text + sizeof(text) - 1;

	*at = 0;
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	print(at);
}

void report(const char *name, const char *why)
{
	print(why == NULL ? "PASS: " : "FAIL: ");
	print(name);
	if (why != NULL) {
		print(" (");
		print(why);
		print(")");
	}
	print("\n");
}

static u64 number(const u8 *text)
{
	u64 value = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		value = value * 10 + (*text - '0');
	}
	return value;
}

/* Every byte of the tree is looked at: /chosen/bootargs is the only place with such words. */
u64 guest_parameter(const char *name, u64 otherwise)
{
	const volatile u8 *size = guest_dtb + 4;
	u32 bytes = (u32)size[0] << 24 | (u32)size[1] << 16 | (u32)size[2] << 8 | size[3];

	for (u32 i = 0; i < bytes; i++) {
		u32 n = 0;

		while (name[n] != 0 && i + n < bytes && guest_dtb[i + n] == (u8)name[n]) {
			n++;
		}
		if (name[n] == 0 && guest_dtb[i + n] == '=') {
			return number(&guest_dtb[i + n + 1]);
		}
	}
	return otherwise;
}

u64 mmio_read(u64 address, u32 bytes)
{
	u64 value = 0;

	switch (bytes) {
	case 1:
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	}
	return value;
}

void mmio_write(u64 address, u32 bytes, u64 value)
{
	switch (bytes) {
	case 1:
		__asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	}
}

u64 hvc(u64 function, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return x0;
}

u32 cpu_this(void)
{
	return (u32)read_sysreg(tpidr_el1);
}

bool cpu_start(u32 cpu, void (*function)(u32 cpu))
{
	starts[cpu] = function;
	dsb();
	return hvc(PSCI_CPU_ON, cpu, (u64)secondary, cpu) == 0;
}

bool cpu_wait_off(u32 cpu)
{
	for (u32 tries = 0; tries < 1000; tries++) {
		if (hvc(PSCI_AFFINITY_INFO, cpu, 0, 0) == 1) {
			return true;
		}
		delay_us(1000);
	}
	return false;
}

void guest_secondary_main(u32 cpu);
void guest_secondary_main(u32 cpu)
{
	cpu = cpu_this();
	starts[cpu](cpu);
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void guest_power_off(void)
{
	hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
}

u64 counter(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

void delay_us(u64 us)
{
	u64 end = counter() + us * read_sysreg(cntfrq_el0) / 1000000;

	while (counter() < end) {
		__asm__ volatile("yield");
	}
}

bool wait_for(volatile const u32 *flag, u32 value)
{
	u64 end = counter() + read_sysreg(cntfrq_el0);

	while (*flag < value) {
		if (counter() > end) {
			return *flag >= value;
		}
		__asm__ volatile("yield");
	}
	return true;
}

void guest_sync(struct frame *frame);
void guest_sync(struct frame *frame)
{
	u64 esr = read_sysreg(esr_el1);

	if (guest_abort_expected && ESR_EC(esr) == EC_DABT) {
		guest_nr_aborts++;
		frame->x[FRAME_PC] += 4;
		return;
	}
	if (guest_debug_handler != NULL && ESR_EC(esr) >= EC_DEBUG) {
		guest_debug_handler(ESR_EC(esr), &frame->x[FRAME_PC], &frame->spsr);
		return;
	}
	report("exception", "unexpected");
	print("  esr ");
	print_number(esr);
	print(" elr ");
	print_number(frame->x[FRAME_PC]);
	print(" far ");
	print_number(read_sysreg(far_el1));
	print("\n");
	guest_power_off();
}

void guest_irq(struct frame *frame);
void guest_irq(struct frame *frame)
{
	(void)frame;
	guest_irq_handler(false);
}

void guest_fiq(struct frame *frame);
void guest_fiq(struct frame *frame)
{
	(void)frame;
	guest_irq_handler(true);
}

/* The compiler may call these. */
void *memset(void *to, int value, size_t bytes);
void *memset(void *to, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		((volatile char *)to)[i] = (char)value;
	}
	return to;
}

void *memcpy(void *to, const void *from, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		((volatile char *)to)[i] = ((const char *)from)[i];
	}
	return to;
}
