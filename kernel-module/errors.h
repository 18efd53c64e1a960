/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ERRORS_H
#define ERRORS_H

#include "pure.h"

/* A HYP_E_* (or HYP_OK) as a negative errno (or 0). A value outside the list is -EIO. */
int errors_to_errno(long error);

#endif
