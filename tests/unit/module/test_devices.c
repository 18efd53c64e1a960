// SPDX-License-Identifier: BSD-3-Clause
/* kernel-module: route.c, vgic_attr.c, ioevent_match.c and errors.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hyp/calls.h>
#include <hyp/error.h>
#include "errors.h"
#include "ioevent_match.h"
#include "route.h"
#include "vgic_attr.h"

static struct kvm_irq_routing_entry to_spi(u32 gsi, u32 pin)
{
	return (struct kvm_irq_routing_entry){
		.gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, pin}};
}

static void test_routes(void **state)
{
	struct kvm_irq_routing_entry entries[] = {to_spi(7, 1), to_spi(0, 987)};
	struct route_table *table;

	(void)state;
	assert_int_equal(route_find(NULL, 0), 32);
	assert_int_equal(route_find(NULL, 987), 1019);
	assert_int_equal(route_find(NULL, 988), ROUTE_NONE);
	assert_int_equal(route_check(entries, 2), 8);
	table = malloc(sizeof(*table) + 8 * sizeof(table->intid[0]));
	route_fill(table, 8, entries, 2);
	assert_int_equal(route_find(table, 7), 33);
	assert_int_equal(route_find(table, 0), 1019);
	assert_int_equal(route_find(table, 1), ROUTE_NONE);
	assert_int_equal(route_find(table, 8), ROUTE_NONE);
	assert_int_equal(route_find(table, ~0u), ROUTE_NONE);
	free(table);
	assert_int_equal(route_check(NULL, 0), 0);
	assert_int_equal(route_check(entries, ROUTE_MAX + 1), -EINVAL);
	entries[1].gsi = 7; /* twice */
	assert_int_equal(route_check(entries, 2), -EINVAL);
	entries[1] = to_spi(ROUTE_MAX, 0);
	assert_int_equal(route_check(entries, 2), -EINVAL);
	entries[1] = to_spi(1, 988);
	assert_int_equal(route_check(entries, 2), -EINVAL);
	entries[1] = to_spi(1, 0);
	entries[1].u.irqchip.irqchip = 1;
	assert_int_equal(route_check(entries, 2), -EINVAL);
	entries[1] = to_spi(1, 0);
	entries[1].type = KVM_IRQ_ROUTING_MSI;
	assert_int_equal(route_check(entries, 2), -EINVAL);
	entries[1] = to_spi(1, 0);
	entries[1].flags = 1;
	assert_int_equal(route_check(entries, 2), -EINVAL);
}

static void test_irq_line(void **state)
{
	u32 intid;
	u32 vcpu;

	(void)state;
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_SPI << 24 | 40, &intid, &vcpu), 0);
	assert_int_equal(intid, 40);
	assert_int_equal(route_parse_line(1u << 28 | KVM_ARM_IRQ_TYPE_PPI << 24 | 2 << 16 | 23,
					  &intid, &vcpu),
			 0);
	assert_int_equal(intid, 23);
	assert_int_equal(vcpu, 256 + 2);
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_SPI << 24 | 31, &intid, &vcpu), -EINVAL);
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_SPI << 24 | 1020, &intid, &vcpu),
			 -EINVAL);
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_PPI << 24 | 15, &intid, &vcpu), -EINVAL);
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_PPI << 24 | 32, &intid, &vcpu), -EINVAL);
	assert_int_equal(route_parse_line(KVM_ARM_IRQ_TYPE_CPU << 24, &intid, &vcpu), -EINVAL);
	assert_int_equal(route_parse_line(~0u, &intid, &vcpu), -EINVAL);
}

static void test_vgic_attributes(void **state)
{
	struct vgic_attr_reg reg;
	u32 count;
	u64 base;

	(void)state;
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x104, &reg), 0);
	assert_int_equal(reg.group, HYP_VGIC_DIST);
	assert_int_equal(reg.reg, 0x104);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x102, &reg), -ENXIO);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x10000, &reg),
			 -ENXIO);
	assert_int_equal(
		vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x0102030400010100, &reg), 0);
	assert_int_equal(reg.mpidr, 0x0100020304);
	assert_int_equal(reg.reg, 0x10100);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, 0xc230, &reg), 0);
	assert_int_equal(reg.reg, HYP_REG_SYS(3, 0, 4, 6, 0));
	assert_int_equal(reg.bytes, 8);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 64, &reg), 0);
	assert_int_equal(reg.reg, 64);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 65, &reg), -ENXIO);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 1 << 10, &reg),
			 -ENXIO);
	assert_int_equal(vgic_attr_parse_reg(KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0, &reg), -ENXIO);

	assert_int_equal(vgic_attr_check_frame(0x8000000, 0x10000, 40), 0);
	assert_int_equal(vgic_attr_check_frame(0x8001000, 0x10000, 40), -EINVAL);
	assert_int_equal(vgic_attr_check_frame(1ull << 40, 0x10000, 40), -E2BIG);
	assert_int_equal(vgic_attr_check_frame(-0x10000ull, 0x20000, 40), -E2BIG);
	assert_int_equal(vgic_attr_parse_region(0x80a0000 | 4ull << 52, &base, &count), 0);
	assert_int_equal(base, 0x80a0000);
	assert_int_equal(count, 4);
	assert_int_equal(vgic_attr_parse_region(0x80a0000, &base, &count), -EINVAL);
	assert_int_equal(vgic_attr_parse_region(0x80a0001 | 4ull << 52, &base, &count), -EINVAL);
	assert_int_equal(vgic_attr_check_nr_irqs(64), 0);
	assert_int_equal(vgic_attr_check_nr_irqs(1024), 0);
	assert_int_equal(vgic_attr_check_nr_irqs(32), -EINVAL);
	assert_int_equal(vgic_attr_check_nr_irqs(1056), -EINVAL);
	assert_int_equal(vgic_attr_check_nr_irqs(100), -EINVAL);
}

static void test_ioevents(void **state)
{
	struct kvm_ioeventfd args = {.addr = 0x100, .len = 4};
	struct ioevent one;
	struct ioevents *events = malloc(sizeof(*events) + 4 * sizeof(one));
	char ctx[4];
	u64 i;

	(void)state;
	assert_int_equal(ioevent_match_parse(&args, &one), 0);
	assert_true(one.wildcard);
	args.len = 3;
	assert_int_equal(ioevent_match_parse(&args, &one), -EINVAL);
	args.len = 0;
	args.flags = KVM_IOEVENTFD_FLAG_DATAMATCH;
	assert_int_equal(ioevent_match_parse(&args, &one), -EINVAL);
	args.flags = KVM_IOEVENTFD_FLAG_PIO;
	assert_int_equal(ioevent_match_parse(&args, &one), -EINVAL);
	args = (struct kvm_ioeventfd){.addr = -2ull, .len = 4};
	assert_int_equal(ioevent_match_parse(&args, &one), -EINVAL);

	events->nr = 4;
	for (i = 0; i < 4; i++) {
		events->event[i].eventfd = (void *)&ctx[i];
	}
#define EVENT(i, a, l, w, d)                                                                       \
	events->event[i].addr = (a), events->event[i].length = (l),                                \
	events->event[i].wildcard = (w), events->event[i].data = (d)
	EVENT(0, 0x100, 4, false, 1);
	EVENT(1, 0x100, 4, false, 2);
	EVENT(2, 0x100, 8, true, 0);
	EVENT(3, 0x200, 0, true, 0);
	assert_ptr_equal(ioevent_match_find(events, 0x100, 4, 1), &ctx[0]);
	assert_ptr_equal(ioevent_match_find(events, 0x100, 4, 2), &ctx[1]);
	assert_null(ioevent_match_find(events, 0x100, 4, 3));
	assert_ptr_equal(ioevent_match_find(events, 0x100, 8, 77), &ctx[2]);
	assert_ptr_equal(ioevent_match_find(events, 0x200, 1, 77), &ctx[3]);
	assert_null(ioevent_match_find(events, 0x201, 1, 77));
	assert_null(ioevent_match_find(events, 0, 1, 77));
	assert_false(ioevent_match_collides(&events->event[0], &events->event[1]));
	assert_false(ioevent_match_collides(&events->event[0], &events->event[2]));
	assert_true(ioevent_match_collides(&events->event[0], &events->event[0]));
	events->nr = 0;
	assert_null(ioevent_match_find(events, 0x100, 4, 1));
	free(events);
}

/* Every error of the hypervisor's has an errno of its own meaning, and none is success. */
static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(errors_to_errno(HYP_OK), 0);
#define NOT_UNKNOWN(name, value, text)                                                             \
	assert_true(errors_to_errno(value) < 0);                                                   \
	assert_int_not_equal(errors_to_errno(value), -EIO);
	HYP_ERRORS(NOT_UNKNOWN)
	assert_int_equal(errors_to_errno(-1000), -EIO);
	assert_int_equal(errors_to_errno(5), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),          cmocka_unit_test(test_irq_line),
		cmocka_unit_test(test_vgic_attributes), cmocka_unit_test(test_ioevents),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("module devices", tests, NULL, NULL);
}
