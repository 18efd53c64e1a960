# SPDX-License-Identifier: BSD-3-Clause
#
# Top of the build. Every part lists its own files in <part>/build.mk, which this file includes;
# everything generated goes to build/. Run `make help` for the targets.
#
# Three layers, each made once and then left alone:
#   1. the build machine's packages  (build/setup.mk, the only step that may ask for root)
#   2. arm64 packages in a sysroot   (build/sysroot.mk)
#   3. the parts
# The first two are makefiles that make brings up to date before it does anything else.

J         ?= $(shell nproc)
MAKEFLAGS += --no-builtin-rules -j$(J)
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# mkfs, sfdisk and depmod are there, and not in every user's PATH.
export PATH := $(PATH):/usr/sbin:/sbin

O       := build
CROSS   ?= aarch64-linux-gnu-
HOSTCC  ?= gcc
SYSROOT := $(O)/sysroot
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),:,printf '  %-8s%s\n')

# Each part appends to these.
all-y        :=	# files that `make all` builds
check-unit-y :=	# host programs: print cmocka output or "PASS|FAIL|SKIP: name" lines
check-boot-y :=	# scripts that boot something under QEMU and print such lines
bench-y      :=	# programs that print and record benchmark rows

# Files that parts put into images, as SOURCE:TARGET (guest-images/build.mk).
host-files-y :=	# the host VM's root file system
boot-files-y :=	# the boot file system; guest/ there is /guest in the host VM
shim-files-y :=	# the boot file system, only where the hypervisor runs
kvm-files-y  :=	# the boot file system, only where Linux itself holds EL2

# Nothing is installed or downloaded for these goals.
idle-goals := help clean setup
ifneq ($(filter-out $(idle-goals),$(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))),)
include $(O)/setup.mk
include $(O)/sysroot.mk
endif

# Not before the tools are there: make makes the two files above, and then starts again from the top.
ifneq ($(wildcard $(O)/sysroot.mk),)
include $(sort $(wildcard */build.mk))
endif

.PHONY: all setup sysroot check check-unit bench run image help clean
all: $(all-y)

$(O)/setup.mk: scripts/packages.txt scripts/setup
	$(Q)scripts/setup $@

# sysroot.mk is only written anew when a package changed that was there before.
$(O)/sysroot.mk: $(O)/apt/done ;
$(O)/apt/done: scripts/sysroot-packages.txt scripts/sysroot | $(O)/setup.mk
	$(Q)scripts/sysroot $(O)
	$(Q)touch $@

setup:
	$(Q)scripts/setup $(O)/setup.mk

sysroot: $(O)/sysroot.mk

# Unit tests first: they are quick, and say more when something is wrong.
check: $(all-y) $(check-unit-y)
	$(Q)tests/run --unit $(check-unit-y) --boot $(check-boot-y)

check-unit: $(check-unit-y)
	$(Q)tests/run --unit $(check-unit-y)

bench: $(all-y) $(O)/images/esp-nvhe.img
	$(Q)tests/bench $(bench-y)

# The terminal becomes the board's console, and in the end the guest's.
run: $(O)/images/esp-shim.img
	@echo 'Booting firmware, hypervisor, resource manager, host Linux, and a guest. Ctrl-a x leaves.'
	$(Q)qemu-test-harness/run --console --timeout 0 -- vmm run --hypervisor shim --cpus 2 --mem 512 \
		--initrd /guest/initrd --block /guest/disk.img --params console=ttyAMA0 /guest/Image

image: $(O)/images/esp-shim.img
	@echo '$< is a disk with one EFI system partition: write it to a card or stick with'
	@echo '  dd if=$< of=/dev/... bs=4M conv=fsync'
	@echo 'hyp.conf on it has the kernel command line, and the name of a device tree if the board needs one.'

help:
	@echo 'Targets:'
	@echo '  all             build every part (what the others start with)'
	@echo '  run             boot it all under QEMU, up to the shell of a guest; Ctrl-a x leaves'
	@echo '  check           run every test, unit tests to full boots'
	@echo '  check-unit      run the unit tests only'
	@echo '  check-jit-long  more tests of the translator, minutes long: boots in a row, programs that check themselves'
	@echo '  bench           print the figures as a table, and write $(O)/bench.json'
	@echo '  bench-jit       the translator beside QEMU: processor time, memory; adds to $(O)/bench.json'
	@echo '  bench-jit-new   the same beside the newest QEMU in the backports of Debian 12 (a download of 13 MB)'
	@echo '  image           a bootable EFI system partition for a board'
	@echo '  setup           install the Debian packages that the build needs (root, only if one is missing)'
	@echo '  sysroot         unpack the arm64 packages into $(SYSROOT)'
	@echo '  clean           remove $(O)'
	@echo 'Variables: V=1 shows the commands, J=N runs N of them at a time.'

clean:
	rm -rf $(O)
