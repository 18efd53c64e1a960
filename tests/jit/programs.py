# SPDX-License-Identifier: BSD-3-Clause
"""What bench_programs lets python3 do: the parts of the interpreter and its library that programs live in."""
import hashlib
import json
import re


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

    def insert(self, key):
        if key < self.key:
            if self.left:
                self.left.insert(key)
            else:
                self.left = Node(key)
        elif self.right:
            self.right.insert(key)
        else:
            self.right = Node(key)

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.key
        if self.right:
            yield from self.right


def numbers(count):
    x = 12345
    for _ in range(count):
        x = (x * 1103515245 + 12345) % 2147483648
        yield x


def tree():
    root = Node(1 << 30)
    for key in numbers(3000):
        root.insert(key)
    return sum(index * key for index, key in enumerate(root)) % 1000003


def words():
    text = ' '.join(f'{n % 977:x}' for n in numbers(20000))
    counts = {}
    for word in re.findall(r'[a-f][0-9]+', text):
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:20]


def documents():
    data = [{'id': n, 'name': f'name {n}', 'half': n / 2, 'list': list(range(n % 7))} for n in numbers(2000)]
    return json.loads(json.dumps(data)) == data


def floats():
    x, y, total = 0.5, 0.25, 0.0
    for step in range(60000):
        x, y = x * 0.999 + y * 0.01, y * 0.998 - x * 0.01
        total += x * y / (1 + step)
    return repr(total)


def big():
    return pow(3, 20011, 10 ** 400) % 1000003


result = repr([tree(), words(), documents(), floats(), big()])
print(hashlib.md5(result.encode()).hexdigest())
