# SPDX-License-Identifier: BSD-3-Clause
#
# The user-space VMM, built twice from one list: for the host VM (arm64, static, build/vmm/vmm) and for the machine that
# builds (build/vmm/native/vmm), where the translator in vmm/jit/ is its accelerator. Which accelerators
# a variant has is decided by the files it lists, not by conditionals in the code.

vmm-y :=
vmm-y += vmm/bus.c
vmm-y += vmm/log.c
vmm-y += vmm/memory.c
vmm-y += vmm/options/opt.c
vmm-y += vmm/options/suggest.c

vmm-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP -Ivmm -Iinclude -D_GNU_SOURCE

# A unit test lists what it links, besides its own file, in vmm-test-<name>-y; add its name here.
vmm-tests :=
vmm-tests += options
vmm-test-options-y := vmm/options/opt.c vmm/options/suggest.c
vmm-tests += bus
vmm-test-bus-y := vmm/bus.c

vmm-test-cflags := $(vmm-cflags) -fsanitize=address,undefined -fno-sanitize-recover=all
vmm-test-programs := $(vmm-tests:%=$(O)/vmm/unit/test_%)

define vmm-test-rule
$(O)/vmm/unit/test_$(1): $(patsubst %.c,$(O)/vmm/unit/%.o,tests/unit/vmm/test_$(1).c $(vmm-test-$(1)-y))
	@$$(say) LD $$@
	$$(Q)$$(HOSTCC) $$(vmm-test-cflags) -o $$@ $$^ -lcmocka -lfdt -ljson-c -lz -pthread
endef
$(foreach t,$(vmm-tests),$(eval $(call vmm-test-rule,$(t))))

$(O)/vmm/unit/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(vmm-test-cflags) -c -o $@ $<

check-unit-y += $(vmm-test-programs)

-include $(shell find $(O)/vmm -name '*.d' 2>/dev/null)
