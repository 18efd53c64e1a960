/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints docs/calls.md from the table of calls; `make docs/calls.md` runs it. */
#include <stdio.h>
#include <hyp/calls.h>
#include <hyp/error.h>

#define CALL(name, nr, nr_args, args, doc)                                                         \
	printf("| `0x%02x` | `%s` | %s | %s |\n", nr, #name, args, doc);
#define ERROR(name, value, text) printf("| %d | `HYP_E_%s` | %s |\n", value, #name, text);

int main(void)
{
	printf("<!-- SPDX-License-Identifier: BSD-3-Clause -->\n<!-- Made from include/hyp/calls.h "
	       "by scripts/gen-calls-doc.c; do not edit. -->\n"
	       "# Calls to the hypervisor\n\n"
	       "`HVC #0` (or `SMC #0`), SMCCC 1.2: x0 = `0x%08x` + number, x1 to x6 the arguments; "
	       "x0 returns 0 or a negative error, x1 to x7 the results. ABI %u.\n\n"
	       "Addresses are the caller's IPAs, counts are 4 KiB pages. Words in capitals are the "
	       "rights a handle needs and the errors beyond INVAL, HANDLE and RIGHT.\n\n"
	       "| number | call | arguments -> results | what it does |\n|---|---|---|---|\n",
	       HYP_CALL_BASE, HYP_CALL_ABI);
	HYP_CALLS(CALL)
	printf("\n## Errors\n\n| value | name | meaning |\n|---|---|---|\n");
	HYP_ERRORS(ERROR)
	return 0;
}
