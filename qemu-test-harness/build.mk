# SPDX-License-Identifier: BSD-3-Clause
# The harness's program in the host VM.

$(O)/qemu-test-harness/harness-agent: qemu-test-harness/agent.c
	@$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static $< -o $@
