/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * C stubs of the call interface, made from its table: hyp_mem_share(vm, ipa, vm_ipa, nr, prot)
 * and so on. Each returns a struct hyp_result; .error is HYP_OK or a negative HYP_E_*, .v[] the
 * results in the order of the table. Usable in the kernel, in the RM and in bare-metal guests.
 */
#ifndef HYP_STUBS_H
#define HYP_STUBS_H

#include <hyp/calls.h>
#include <hyp/error.h>

#ifndef __ASSEMBLER__

typedef unsigned long hyp_arg_t;

struct hyp_result {
	long error;
	hyp_arg_t v[7];
};

#ifdef __aarch64__
static inline struct hyp_result hyp_call(hyp_arg_t nr, hyp_arg_t a1, hyp_arg_t a2, hyp_arg_t a3,
					 hyp_arg_t a4, hyp_arg_t a5)
{
	register hyp_arg_t x0 __asm__("x0") = HYP_CALL_BASE + nr;
	register hyp_arg_t x1 __asm__("x1") = a1;
	register hyp_arg_t x2 __asm__("x2") = a2;
	register hyp_arg_t x3 __asm__("x3") = a3;
	register hyp_arg_t x4 __asm__("x4") = a4;
	register hyp_arg_t x5 __asm__("x5") = a5;
	register hyp_arg_t x6 __asm__("x6") = 0;
	register hyp_arg_t x7 __asm__("x7") = 0;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6),
			   "+r"(x7)
			 :
			 : "memory");
	return (struct hyp_result){(long)x0, {x1, x2, x3, x4, x5, x6, x7}};
}
#else
/* On the build machine the test that links the caller says what the hypervisor answers. */
struct hyp_result hyp_call(hyp_arg_t nr, hyp_arg_t a1, hyp_arg_t a2, hyp_arg_t a3, hyp_arg_t a4,
			   hyp_arg_t a5);
#endif

#define HYP_STUB_0(name)                                                                           \
	static inline struct hyp_result hyp_##name(void)                                           \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, 0, 0, 0, 0, 0);                                   \
	}
#define HYP_STUB_1(name)                                                                           \
	static inline struct hyp_result hyp_##name(hyp_arg_t a)                                    \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, a, 0, 0, 0, 0);                                   \
	}
#define HYP_STUB_2(name)                                                                           \
	static inline struct hyp_result hyp_##name(hyp_arg_t a, hyp_arg_t b)                       \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, a, b, 0, 0, 0);                                   \
	}
#define HYP_STUB_3(name)                                                                           \
	static inline struct hyp_result hyp_##name(hyp_arg_t a, hyp_arg_t b, hyp_arg_t c)          \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, a, b, c, 0, 0);                                   \
	}
#define HYP_STUB_4(name)                                                                           \
	static inline struct hyp_result hyp_##name(hyp_arg_t a, hyp_arg_t b, hyp_arg_t c,          \
						   hyp_arg_t d)                                    \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, a, b, c, d, 0);                                   \
	}
#define HYP_STUB_5(name)                                                                           \
	static inline struct hyp_result hyp_##name(hyp_arg_t a, hyp_arg_t b, hyp_arg_t c,          \
						   hyp_arg_t d, hyp_arg_t e)                       \
	{                                                                                          \
		return hyp_call(HYP_CALL_##name, a, b, c, d, e);                                   \
	}
#define HYP_STUB(name, nr, nr_args, args, doc) HYP_STUB_##nr_args(name)
HYP_CALLS(HYP_STUB)
#undef HYP_STUB

/*
 * Makes a call again while the hypervisor answers BUSY, with @pause between: it never waits for
 * another core, so it says BUSY also when one is in the way for a moment. A caller that got BUSY
 * all that time has it for good.
 */
#define HYP_BUSY_TRIES 2000u
#define hyp_while_busy(call, pause)                                                                \
	({                                                                                         \
		struct hyp_result busy_result_ = (call);                                           \
		unsigned int busy_tries_ = 0;                                                      \
                                                                                                   \
		while (busy_result_.error == HYP_E_BUSY && busy_tries_++ < HYP_BUSY_TRIES) {       \
			pause;                                                                     \
			busy_result_ = (call);                                                     \
		}                                                                                  \
		busy_result_;                                                                      \
	})

#endif
#endif
