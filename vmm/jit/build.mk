# SPDX-License-Identifier: BSD-3-Clause
#
# The translator and its machine, for the native VMM.

include vmm/jit/isa.mk
