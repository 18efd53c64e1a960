/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cmocka_all.h: cmocka.h with the headers it forgets to include.
 */
#ifndef TEST_CMOCKA_ALL_H
#define TEST_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
