# SPDX-License-Identifier: BSD-3-Clause
# Unit tests, model and fuzzer of the hypervisor: all of hyp/ that is not hardware access, booted on tests/fake/fake.c.

hyp-test-sources := $(filter-out hyp/core/panic.c,$(wildcard hyp/core/*.c hyp/stage2/*.c hyp/sched/*.c hyp/ipc/*.c hyp/vgic/*.c)) \
	hyp/el2/switch.c tests/fake/fake.c tests/unit/hyp/machine.c
hyp-test-out := $(O)/tests/unit/hyp
hyp-test-objects := $(hyp-test-sources:%.c=$(hyp-test-out)/%.o)
hyp-test-cflags := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Itests/fake/strict -Itests/fake -Itests/unit/hyp -Itests/model -Ihyp -Iinclude
hyp-tests := $(patsubst tests/unit/hyp/%.c,%,$(wildcard tests/unit/hyp/test_*.c))
hyp-test-programs := $(hyp-tests:%=$(hyp-test-out)/%)
hyp-model := $(hyp-test-out)/test_model

$(hyp-test-out)/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(hyp-test-cflags) -MMD -MP -c -o $@ $<

$(hyp-test-programs): $(hyp-test-out)/%: $(hyp-test-out)/tests/unit/hyp/%.o $(hyp-test-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(hyp-test-cflags) -o $@ $^ -lcmocka

$(hyp-model): $(hyp-test-out)/tests/model/test_model.o $(hyp-test-out)/tests/model/model.o $(hyp-test-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(hyp-test-cflags) -o $@ $^

# The fuzzer of the calls: by itself in every check, and as a libFuzzer target (make fuzz-hyp).
hyp-fuzzer := $(hyp-test-out)/fuzz_calls
$(hyp-fuzzer): $(hyp-test-out)/tests/fuzz/hyp/fuzz_calls.o $(hyp-test-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(hyp-test-cflags) -o $@ $^

$(hyp-fuzzer)_guided: tests/fuzz/hyp/fuzz_calls.c $(hyp-test-sources)
	@$(say) CC $@
	$(Q)clang $(hyp-test-cflags) -Wno-unknown-warning-option -DGUIDED -fsanitize=fuzzer -o $@ $^

.PHONY: fuzz-hyp
fuzz-hyp: $(hyp-fuzzer)_guided
	mkdir -p $(hyp-test-out)/corpus && $< -max_len=4096 -artifact_prefix=$(hyp-test-out)/ $(hyp-test-out)/corpus

check-unit-y += $(hyp-test-programs) $(hyp-model) $(hyp-fuzzer)

-include $(shell find $(O)/tests/unit/hyp -name '*.d' 2>/dev/null)
