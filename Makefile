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

MAKEFLAGS += --no-builtin-rules
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

include $(sort $(wildcard */build.mk))

.PHONY: all setup sysroot help clean
all: $(all-y)

$(O)/setup.mk: scripts/packages.txt scripts/setup
	$(Q)scripts/setup $@

$(O)/sysroot.mk: scripts/sysroot-packages.txt scripts/sysroot | $(O)/setup.mk
	$(Q)scripts/sysroot $(O)

setup:
	$(Q)scripts/setup $(O)/setup.mk

sysroot: $(O)/sysroot.mk

help:
	@echo 'Targets:'
	@echo '  all      build every part'
	@echo '  setup    install the Debian packages that the build needs (asks for root if any is missing)'
	@echo '  sysroot  unpack the arm64 packages into $(SYSROOT)'
	@echo '  clean    remove $(O)'

clean:
	rm -rf $(O)
