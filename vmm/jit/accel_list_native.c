// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_list_native.c - the accelerators of the program that runs on the build machine.
 */
#include "accel.h"

extern const struct accel_ops accel_jit;

const struct accel_ops *const accel_list[] = {&accel_jit, NULL};
