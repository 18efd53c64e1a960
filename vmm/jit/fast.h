/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fast.h - quick versions of exec_* functions, for translated code to call.
 *
 * The exec_* functions are the meaning of each instruction, written to be read. For the SIMD and FP
 * instructions that programs spend their time in there is a second version, fast_*, which works on
 * typed lanes that the compiler turns into SSE, or on the host's floating point with checks that
 * send every doubtful case back to exec_*. Same contract as exec_*. tests/jit/test_insns compares
 * both with QEMU on the same random instructions.
 */
#ifndef VMM_JIT_FAST_H
#define VMM_JIT_FAST_H

#include "interp.h"

/* What to call for an instruction that is not emitted inline: fast_* where it exists, else exec_*.
 */
extern const a64_exec_fn a64_helper[A64_NR_OPS];

#define FAST_LANE_OPS(X)                                                                           \
	X(ADD_V, add_v)                                                                            \
	X(SUB_V, sub_v)                                                                            \
	X(MUL_V, mul_v)                                                                            \
	X(MLA_V, mla_v)                                                                            \
	X(MLS_V, mls_v)                                                                            \
	X(AND_V, and_v)                                                                            \
	X(BIC_V, bic_v)                                                                            \
	X(ORR_V, orr_v)                                                                            \
	X(ORN_V, orn_v)                                                                            \
	X(EOR_V, eor_v)                                                                            \
	X(BSL_V, bsl_v)                                                                            \
	X(BIT_V, bit_v)                                                                            \
	X(BIF_V, bif_v)                                                                            \
	X(NOT_V, not_v)                                                                            \
	X(CMEQ_V, cmeq_v)                                                                          \
	X(CMGT_V, cmgt_v)                                                                          \
	X(CMGE_V, cmge_v)                                                                          \
	X(CMHI_V, cmhi_v)                                                                          \
	X(CMHS_V, cmhs_v)                                                                          \
	X(CMTST_V, cmtst_v)                                                                        \
	X(CMEQ_VZ, cmeq_vz)                                                                        \
	X(CMGT_VZ, cmgt_vz)                                                                        \
	X(CMGE_VZ, cmge_vz)                                                                        \
	X(CMLE_VZ, cmle_vz)                                                                        \
	X(CMLT_VZ, cmlt_vz)                                                                        \
	X(SMAX_V, smax_v)                                                                          \
	X(SMIN_V, smin_v)                                                                          \
	X(UMAX_V, umax_v)                                                                          \
	X(UMIN_V, umin_v)                                                                          \
	X(SABD_V, sabd_v)                                                                          \
	X(UABD_V, uabd_v)                                                                          \
	X(SABA_V, saba_v)                                                                          \
	X(UABA_V, uaba_v)                                                                          \
	X(SHADD_V, shadd_v)                                                                        \
	X(UHADD_V, uhadd_v)                                                                        \
	X(SRHADD_V, srhadd_v)                                                                      \
	X(URHADD_V, urhadd_v)                                                                      \
	X(ABS_V, abs_v)                                                                            \
	X(NEG_V, neg_v)                                                                            \
	X(ADDP_V, addp_v)                                                                          \
	X(SMAXP_V, smaxp_v)                                                                        \
	X(SMINP_V, sminp_v)                                                                        \
	X(UMAXP_V, umaxp_v)                                                                        \
	X(UMINP_V, uminp_v)                                                                        \
	X(SSHL_V, sshl_v)                                                                          \
	X(USHL_V, ushl_v)                                                                          \
	X(CNT_V, cnt_v)                                                                            \
	X(REV64_V, rev64_v)                                                                        \
	X(REV32_V, rev32_v)                                                                        \
	X(REV16_V, rev16_v)                                                                        \
	X(MUL_E, mul_e)                                                                            \
	X(MLA_E, mla_e)                                                                            \
	X(MLS_E, mls_e)                                                                            \
	X(SSHR_V, sshr_v)                                                                          \
	X(USHR_V, ushr_v)                                                                          \
	X(SSRA_V, ssra_v)                                                                          \
	X(USRA_V, usra_v)                                                                          \
	X(SHL_V, shl_v)                                                                            \
	X(SLI_V, sli_v)                                                                            \
	X(SRI_V, sri_v)

#define FAST_WIDTH_OPS(X)                                                                          \
	X(SADDL_V, saddl_v)                                                                        \
	X(UADDL_V, uaddl_v)                                                                        \
	X(SSUBL_V, ssubl_v)                                                                        \
	X(USUBL_V, usubl_v)                                                                        \
	X(SADDW_V, saddw_v)                                                                        \
	X(UADDW_V, uaddw_v)                                                                        \
	X(SSUBW_V, ssubw_v)                                                                        \
	X(USUBW_V, usubw_v)                                                                        \
	X(SMULL_V, smull_v)                                                                        \
	X(UMULL_V, umull_v)                                                                        \
	X(SMLAL_V, smlal_v)                                                                        \
	X(UMLAL_V, umlal_v)                                                                        \
	X(SMLSL_V, smlsl_v)                                                                        \
	X(UMLSL_V, umlsl_v)                                                                        \
	X(SABDL_V, sabdl_v)                                                                        \
	X(UABDL_V, uabdl_v)                                                                        \
	X(SABAL_V, sabal_v)                                                                        \
	X(UABAL_V, uabal_v)                                                                        \
	X(SMULL_E, smull_e)                                                                        \
	X(UMULL_E, umull_e)                                                                        \
	X(SMLAL_E, smlal_e)                                                                        \
	X(UMLAL_E, umlal_e)                                                                        \
	X(SMLSL_E, smlsl_e)                                                                        \
	X(UMLSL_E, umlsl_e)                                                                        \
	X(SSHLL_V, sshll_v)                                                                        \
	X(USHLL_V, ushll_v)                                                                        \
	X(SADDLP_V, saddlp_v)                                                                      \
	X(UADDLP_V, uaddlp_v)                                                                      \
	X(SADALP_V, sadalp_v)                                                                      \
	X(UADALP_V, uadalp_v)                                                                      \
	X(XTN_V, xtn_v)                                                                            \
	X(SHRN_V, shrn_v)                                                                          \
	X(RSHRN_V, rshrn_v)                                                                        \
	X(ADDHN_V, addhn_v)                                                                        \
	X(SUBHN_V, subhn_v)                                                                        \
	X(ADDV, addv)                                                                              \
	X(SMAXV, smaxv)                                                                            \
	X(SMINV, sminv)                                                                            \
	X(UMAXV, umaxv)                                                                            \
	X(UMINV, uminv)                                                                            \
	X(SADDLV, saddlv)                                                                          \
	X(UADDLV, uaddlv)                                                                          \
	X(SDOT_V, sdot_v)                                                                          \
	X(UDOT_V, udot_v)

#define FAST_PERMUTE_OPS(X)                                                                        \
	X(ZIP1, zip1)                                                                              \
	X(ZIP2, zip2)                                                                              \
	X(UZP1, uzp1)                                                                              \
	X(UZP2, uzp2)                                                                              \
	X(TRN1, trn1)                                                                              \
	X(TRN2, trn2)                                                                              \
	X(EXT, ext)                                                                                \
	X(TBL, tbl)                                                                                \
	X(TBX, tbx)                                                                                \
	X(DUP_R, dup_r)                                                                            \
	X(DUP_E, dup_e)                                                                            \
	X(AESE, aese)                                                                              \
	X(AESD, aesd)                                                                              \
	X(AESMC, aesmc)                                                                            \
	X(AESIMC, aesimc)                                                                          \
	X(PMULL_1Q, pmull_1q)                                                                      \
	X(CRC32, crc32)                                                                            \
	X(CRC32C, crc32c)

#define FAST_FP_OPS(X)                                                                             \
	X(FADD_F, fadd_f)                                                                          \
	X(FSUB_F, fsub_f)                                                                          \
	X(FMUL_F, fmul_f)                                                                          \
	X(FNMUL_F, fnmul_f)                                                                        \
	X(FDIV_F, fdiv_f)                                                                          \
	X(FSQRT_F, fsqrt_f)                                                                        \
	X(FMAX_F, fmax_f)                                                                          \
	X(FMIN_F, fmin_f)                                                                          \
	X(FMAXNM_F, fmaxnm_f)                                                                      \
	X(FMINNM_F, fminnm_f)                                                                      \
	X(FMADD, fmadd)                                                                            \
	X(FMSUB, fmsub)                                                                            \
	X(FNMADD, fnmadd)                                                                          \
	X(FNMSUB, fnmsub)                                                                          \
	X(FCMP, fcmp)                                                                              \
	X(FCMPE, fcmpe)                                                                            \
	X(FCMP_ZERO, fcmp_zero)                                                                    \
	X(FCMPE_ZERO, fcmpe_zero)                                                                  \
	X(FCCMP, fccmp)                                                                            \
	X(FCCMPE, fccmpe)                                                                          \
	X(FCVT, fcvt)                                                                              \
	X(FCVTZS, fcvtzs)                                                                          \
	X(FCVTZU, fcvtzu)                                                                          \
	X(SCVTF, scvtf)                                                                            \
	X(UCVTF, ucvtf)                                                                            \
	X(FRINTN_F, frintn_f)                                                                      \
	X(FRINTP_F, frintp_f)                                                                      \
	X(FRINTM_F, frintm_f)                                                                      \
	X(FRINTZ_F, frintz_f)                                                                      \
	X(FADD_V, fadd_v)                                                                          \
	X(FSUB_V, fsub_v)                                                                          \
	X(FMUL_V, fmul_v)                                                                          \
	X(FDIV_V, fdiv_v)                                                                          \
	X(FSQRT_V, fsqrt_v)                                                                        \
	X(FMLA_V, fmla_v)                                                                          \
	X(FMLS_V, fmls_v)                                                                          \
	X(FMUL_E, fmul_e)                                                                          \
	X(FMLA_E, fmla_e)                                                                          \
	X(FMLS_E, fmls_e)                                                                          \
	X(FMUL_SE, fmul_se)                                                                        \
	X(FMLA_SE, fmla_se)                                                                        \
	X(FMLS_SE, fmls_se)                                                                        \
	X(FMAX_V, fmax_v)                                                                          \
	X(FMIN_V, fmin_v)                                                                          \
	X(FMAXNM_V, fmaxnm_v)                                                                      \
	X(FMINNM_V, fminnm_v)                                                                      \
	X(FADDP_V, faddp_v)                                                                        \
	X(FADDP_S, faddp_s)                                                                        \
	X(FCMEQ_V, fcmeq_v)                                                                        \
	X(FCMGE_V, fcmge_v)                                                                        \
	X(FCMGT_V, fcmgt_v)                                                                        \
	X(FABS_V, fabs_v)                                                                          \
	X(FNEG_V, fneg_v)                                                                          \
	X(SCVTF_V, scvtf_v)                                                                        \
	X(SCVTF_S, scvtf_s)                                                                        \
	X(FCVTZS_V, fcvtzs_v)                                                                      \
	X(FCVTZS_S, fcvtzs_s)                                                                      \
	X(FCVTL_V, fcvtl_v)                                                                        \
	X(FCVTN_V, fcvtn_v)

#define FAST_PROTOTYPE(upper, name)                                                                \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn);

FAST_LANE_OPS(FAST_PROTOTYPE)
FAST_WIDTH_OPS(FAST_PROTOTYPE)
FAST_PERMUTE_OPS(FAST_PROTOTYPE)
FAST_FP_OPS(FAST_PROTOTYPE)

#endif
