// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one place of the module where the hypervisor's error numbers become errno.
 *
 * The choice follows what KVM's documentation says of the ioctls that can run into each: ENXIO for
 * what is not there, EINVAL for arguments, EBUSY for what must wait.
 */
#include <hyp/error.h>
#include "errors.h"

int errors_to_errno(long error)
{
	switch (error) {
	case HYP_OK:
		return 0;
	case HYP_E_NOSYS:
		return -ENOSYS;
	case HYP_E_INVAL:
		return -EINVAL;
	case HYP_E_HANDLE:
		return -ENODEV;
	case HYP_E_RIGHT:
	case HYP_E_DENIED:
		return -EPERM;
	case HYP_E_STATE:
		return -EBUSY;
	case HYP_E_OWNER:
		return -EACCES;
	case HYP_E_ADDR:
		return -ENXIO;
	case HYP_E_EXIST:
		return -EEXIST;
	case HYP_E_NOMEM:
		return -ENOMEM;
	case HYP_E_BUSY:
		return -EBUSY;
	case HYP_E_AGAIN:
		return -EAGAIN;
	case HYP_E_LIMIT:
		return -ENOSPC;
	case HYP_E_SIZE:
		return -E2BIG;
	default:
		return -EIO;
	}
}
