#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns a64.isa into C: gen_a64.py a64.isa OUTDIR

Writes a64_gen.h (enum of instructions, field accessors, prototypes of exec_*), a64_table.c (patterns,
constraints, decoder rows), a64_exec.c (the dispatch table) and a64_coverage.txt. The format of the
description is explained at its top; the decoder that reads the tables is decode.c.
"""

import re
import sys

LITERAL = re.compile(r'^[01x]+$')
NAME = re.compile(r'[A-Za-z_]\w*')

# The decoder's first index is bits 31:21, its second is bits 15:10.
L1_SHIFT, L1_BITS = 21, 11
L2_SHIFT, L2_BITS = 10, 6


class Insn:
    def __init__(self, name, cls, line):
        self.name, self.cls, self.line = name, cls, line
        self.mask = self.value = 0
        self.fields = []
        self.operands = self.constraint = self.feature = ''


class Isa:
    def __init__(self):
        self.fields = {}   # name -> (hi, lo)
        self.where = {}    # name -> expression
        self.texts = {}    # name -> operands
        self.classes = {}  # name -> needs FP
        self.features = []
        self.insns = []


def fail(line, text):
    sys.exit('a64.isa:%d: %s' % (line, text))


def split_tail(rest):
    """BITS [: OPERANDS] [? CONSTRAINT] [@ FEATURE] -> four strings. A constraint may hold `?` and `:`."""
    rest, _, feature = rest.partition(' @ ')
    bits, _, rest = rest.partition(':')
    rest = ' ' + rest
    operands, _, constraint = rest.partition(' ? ')
    return bits.split(), operands.strip(), constraint.strip(), feature.strip()


def parse_bits(isa, insn, tokens):
    pos = 32
    for token in tokens:
        if LITERAL.match(token):
            for c in token:
                pos -= 1
                if c != 'x':
                    insn.mask |= 1 << pos
                    insn.value |= int(c) << pos
            continue
        if token not in isa.fields:
            fail(insn.line, 'no field ' + token)
        hi, lo = isa.fields[token]
        if hi != pos - 1:
            fail(insn.line, 'field %s starts at bit %d, not %d' % (token, pos - 1, hi))
        insn.fields.append(token)
        pos = lo
    if pos != 0:
        fail(insn.line, '%d bits missing' % pos)


def expand(isa, insn, expr):
    """Field names become accessor calls, `where` names their expressions."""
    def one(match):
        name = match.group(0)
        if name in isa.where:
            return expand(isa, insn, isa.where[name])
        if name not in isa.fields:
            fail(insn.line, 'constraint uses unknown name ' + name)
        return 'f_%s(i)' % name
    return NAME.sub(one, expr)


def parse(path):
    isa = Isa()
    cls = None
    names = set()
    for number, text in enumerate(open(path), 1):
        text = text.rstrip('\n')
        if not text.strip() or text.startswith('#'):
            continue
        word, rest = (text.split(None, 1) + [''])[:2]
        if word == 'field':
            name, hi, lo = rest.split()
            isa.fields[name] = (int(hi), int(lo))
        elif word == 'where':
            name, expr = rest.split(None, 1)
            isa.where[name] = expr
        elif word == 'text':
            name, operands = rest.split(None, 1)
            isa.texts[name] = operands
        elif word == 'class':
            cls, *flags = rest.split()
            isa.classes[cls] = 'fp' in flags
        else:
            insn = Insn(word, cls, number)
            tokens, insn.operands, constraint, insn.feature = split_tail(rest)
            parse_bits(isa, insn, tokens)
            if constraint:
                insn.constraint = expand(isa, insn, constraint)
            if insn.feature and insn.feature not in isa.features:
                isa.features.append(insn.feature)
            if word in names:
                fail(number, 'second ' + word)
            names.add(word)
            isa.insns.append(insn)
    return isa


def template(isa, insn):
    """What the disassembler prints: mnemonic, tab, operands."""
    name, operands = insn.name.split('_')[0], insn.operands
    for text, expansion in isa.texts.items():
        operands = operands.replace('{%s}' % text, expansion)
    if operands.startswith('='):
        name, _, operands = operands[1:].partition(' ')
    return (name + '\\t' + operands.strip()) if operands else name


BANNER = '/* SPDX-License-Identifier: BSD-3-Clause */\n/* Made by gen_a64.py from a64.isa. */\n'


def write_header(isa, out):
    p = lambda *a: print(*a, file=out)
    p(BANNER + '#ifndef VMM_JIT_A64_GEN_H\n#define VMM_JIT_A64_GEN_H\n\n#include <stdint.h>\n')
    p('#include "jit/cpu.h"\n')
    p('enum a64_op {\n\tA64_UNALLOCATED,')
    for insn in isa.insns:
        p('\tA64_%s,' % insn.name.upper())
    p('\tA64_NR_OPS,\n};\n')
    p('enum a64_class {')
    for cls in isa.classes:
        p('\tA64_CLASS_%s,' % cls.upper())
    p('};\n\nenum a64_feature {\n\tA64_FEATURE_BASE,')
    for feature in isa.features:
        p('\tA64_FEATURE_%s,' % feature.upper())
    p('};\n')
    for name, (hi, lo) in isa.fields.items():
        p('static inline unsigned int f_%s(uint32_t i)\n{\n\treturn i >> %d & 0x%x;\n}\n'
          % (name, lo, (1 << (hi - lo + 1)) - 1))
    for insn in isa.insns:
        p('enum exec_result exec_%s(struct jit_cpu *cpu, uint32_t insn);' % insn.name)
    p('\n/* X(ENUMERATOR, name) of every instruction. */\n#define A64_OPS(X) \\')
    for insn in isa.insns:
        p('\tX(%s, %s) \\' % (insn.name.upper(), insn.name))
    p('\n#endif')


def build_rows(isa):
    """Candidate lists for every (bits 31:21, bits 15:10), shared where equal."""
    lists, rows, l1 = {(): 0}, {}, []
    m1 = ((1 << L1_BITS) - 1) << L1_SHIFT
    for top in range(1 << L1_BITS):
        word = top << L1_SHIFT
        near = [n for n, i in enumerate(isa.insns) if not (i.value ^ word) & i.mask & m1]
        row = []
        for mid in range(1 << L2_BITS):
            w2, m2 = word | mid << L2_SHIFT, m1 | ((1 << L2_BITS) - 1) << L2_SHIFT
            cand = tuple(n for n in near if not (isa.insns[n].value ^ w2) & isa.insns[n].mask & m2)
            row.append(lists.setdefault(cand, len(lists)))
        l1.append(rows.setdefault(tuple(row), len(rows)))
    return l1, list(rows), list(lists)


def write_numbers(p, numbers, width):
    for n in range(0, len(numbers), width):
        p('\t' + ' '.join('%d,' % x for x in numbers[n:n + width]))


def write_table(isa, out):
    p = lambda *a: print(*a, file=out)
    checks = {}
    p(BANNER + '#include "decode.h"\n')
    p('const struct a64_info a64_infos[A64_NR_OPS] = {')
    p('\t[A64_UNALLOCATED] = {.name = "unallocated", .format = "unallocated"},')
    for insn in isa.insns:
        check = checks.setdefault(insn.constraint, len(checks) + 1) if insn.constraint else 0
        p('\t[A64_%s] = {"%s", "%s", 0x%08x, 0x%08x, %d, A64_CLASS_%s, A64_FEATURE_%s, %s},' % (
            insn.name.upper(), insn.name, template(isa, insn), insn.mask, insn.value, check,
            insn.cls.upper(), (insn.feature or 'base').upper(),
            'true' if isa.classes[insn.cls] else 'false'))
    p('};\n')
    p('bool a64_check(unsigned int check, uint32_t i)\n{\n\tswitch (check) {')
    for text, number in checks.items():
        p('\tcase %d:\n\t\treturn %s;' % (number, text))
    p('\tdefault:\n\t\treturn true;\n\t}\n}\n')

    l1, rows, lists = build_rows(isa)
    starts, flat = [], []
    for cand in lists:
        starts.append(len(flat))
        flat += list(cand) + [None]
    p('const struct a64_candidate a64_candidates[] = {')
    for n in flat:
        if n is None:
            p('\t{0, 0, A64_UNALLOCATED, 0},')
        else:
            insn = isa.insns[n]
            p('\t{0x%08x, 0x%08x, A64_%s, %d},' % (insn.mask, insn.value, insn.name.upper(),
                                                  checks.get(insn.constraint, 0)))
    p('};\n\nconst uint16_t a64_rows[][64] = {')
    for row in rows:
        p('\t{')
        write_numbers(p, [starts[x] for x in row], 16)
        p('\t},')
    p('};\n\nconst uint16_t a64_first[2048] = {')
    write_numbers(p, l1, 16)
    p('};')


def write_exec(isa, out):
    p = lambda *a: print(*a, file=out)
    p(BANNER + '#include "interp.h"\n\n#include "exception.h"\n')
    p('static enum exec_result exec_unallocated(struct jit_cpu *cpu, uint32_t insn)\n{')
    p('\t(void)insn;\n\treturn exception_raise_undefined(cpu);\n}\n')
    p('const a64_exec_fn a64_exec[A64_NR_OPS] = {\n\t[A64_UNALLOCATED] = exec_unallocated,')
    for insn in isa.insns:
        p('\t[A64_%s] = exec_%s,' % (insn.name.upper(), insn.name))
    p('};')


def write_coverage(isa, out):
    for insn in isa.insns:
        print('%-12s %-12s %-9s %08x/%08x' % (insn.name, insn.cls, insn.feature or '-', insn.value,
                                              insn.mask), file=out)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    isa = parse(sys.argv[1])
    for name, writer in (('a64_gen.h', write_header), ('a64_table.c', write_table),
                         ('a64_exec.c', write_exec), ('a64_coverage.txt', write_coverage)):
        with open(sys.argv[2] + '/' + name, 'w') as out:
            writer(isa, out)


if __name__ == '__main__':
    main()
