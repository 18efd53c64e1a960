# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of hyp/vgic: the same files, over tests/fake instead of the hardware.

vgic-tests := vgic vgic_random
vgic-test-programs := $(vgic-tests:%=$(O)/tests/unit/vgic/test_%)
vgic-test-sources := tests/unit/vgic/machine.c $(wildcard hyp/vgic/*.c)
vgic-test-objects := $(vgic-test-sources:%.c=$(O)/tests/unit/vgic/%.o)
vgic-test-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Itests/fake -Ihyp -Iinclude

$(O)/tests/unit/vgic/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(vgic-test-cflags) -MMD -MP -c -o $@ $<

$(vgic-test-programs): $(O)/tests/unit/vgic/%: $(O)/tests/unit/vgic/tests/unit/vgic/%.o $(vgic-test-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(vgic-test-cflags) -o $@ $^ -lcmocka

check-unit-y += $(vgic-test-programs)

-include $(shell find $(O)/tests/unit/vgic -name '*.d' 2>/dev/null)
