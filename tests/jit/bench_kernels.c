// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_kernels.c - what bench-jit runs inside the guest, whatever executes the guest.
 *
 * Each kernel does a fixed amount of work, once; bench_jit repeats the boots. Around each one
 * prints `start NAME CLASS` and `end NAME CHECKSUM` and is idle for a while, so that the bench can
 * read what processor time the machine has used by then. A machine that computes wrongly does not
 * win: the checksums must agree.
 */
#include <arm_neon.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDLE_US 200000

static uint64_t alu(void)
{
	uint64_t x = 88172645463325252ull, sum = 0;

	for (int i = 0; i < 20000000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += x & 1 ? x : ~x;
	}
	return sum;
}

static uint64_t crc(void)
{
	static uint32_t table[256];
	uint32_t c = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t r = i;

		for (int j = 0; j < 8; j++) {
			r = r & 1 ? r >> 1 ^ 0xedb88320u : r >> 1;
		}
		table[i] = r;
	}
	for (int i = 0; i < 20000000; i++) {
		c = table[(c ^ (uint32_t)i) & 0xff] ^ c >> 8;
	}
	return c;
}

static uint64_t __attribute__((noinline)) fib(unsigned int n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t calls(void)
{
	return fib(30);
}

static uint64_t __attribute__((noinline)) add1(uint64_t x)
{
	return x + 1;
}

static uint64_t __attribute__((noinline)) add2(uint64_t x)
{
	return x * 3 + 2;
}

static uint64_t indirect(void)
{
	uint64_t (*volatile f[2])(uint64_t) = {add1, add2};
	uint64_t x = 0;

	for (int i = 0; i < 5000000; i++) {
		x = f[i & 1](x);
	}
	return x;
}

static uint64_t sieve(void)
{
	enum { N = 1 << 20 };
	static uint8_t composite[N];
	uint64_t count = 0;

	for (int round = 0; round < 4; round++) {
		memset(composite, 0, N);
		for (unsigned int i = 2; i < N; i++) {
			if (!composite[i]) {
				count++;
				for (unsigned int j = 2 * i; j < N; j += i) {
					composite[j] = 1;
				}
			}
		}
	}
	return count;
}

static uint64_t chase(void)
{
	enum { N = 8192 };
	static uint32_t next[N];
	uint32_t p = 0;

	for (uint32_t i = 0; i < N; i++) {
		next[i] = (i * 1103515245u + 12345) % N;
	}
	for (int i = 0; i < 10000000; i++) {
		p = next[p];
	}
	return p;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t sort(void)
{
	enum { N = 100000 };
	static uint32_t v[N];
	uint32_t x = 1;

	for (int i = 0; i < N; i++) {
		v[i] = x = x * 1664525 + 1013904223;
	}
	qsort(v, N, sizeof(v[0]), compare);
	return v[N / 2];
}

static uint64_t copy(void)
{
	enum { N = 1 << 20 };
	static uint8_t a[N], b[N];

	for (int i = 0; i < 100; i++) {
		memcpy(b, a, N);
		a[i] = b[i + 1] + 1;
	}
	return a[7];
}

static uint64_t atomics(void)
{
	static _Atomic uint64_t counter;

	for (int i = 0; i < 3000000; i++) {
		atomic_fetch_add(&counter, 1);
	}
	return counter;
}

static uint64_t mandel(void)
{
	uint64_t inside = 0;

	for (int py = 0; py < 100; py++) {
		for (int px = 0; px < 100; px++) {
			double cr = px * 0.03 - 2, ci = py * 0.02 - 1, r = 0, i = 0;
			int n = 0;

			while (n < 200 && r * r + i * i < 4) {
				double t = r * r - i * i + cr;

				i = 2 * r * i + ci;
				r = t;
				n++;
			}
			inside += (uint64_t)n;
		}
	}
	return inside;
}

static uint64_t nbody(void)
{
	double x[5] = {0, 4.8, 8.3, 12.9, 15.4}, v[5] = {0, 0.6, -1.0, 1.1, 0.9}, energy = 0;

	for (int step = 0; step < 50000; step++) {
		for (int i = 0; i < 5; i++) {
			for (int j = 0; j < 5; j++) {
				double d = x[i] - x[j], q = d * d + 0.01;

				v[i] -= d / (q * sqrt(q)) * 0.001;
			}
		}
		for (int i = 0; i < 5; i++) {
			x[i] += v[i] * 0.001;
		}
	}
	for (int i = 0; i < 5; i++) {
		energy += v[i] * v[i];
	}
	return (uint64_t)(energy * 1e9);
}

static uint64_t math_library(void)
{
	double sum = 0;

	for (int i = 1; i < 200000; i++) {
		sum += sin(i * 0.001) * exp(-i * 1e-5) + log(i);
	}
	return (uint64_t)(sum * 1e6);
}

static uint64_t neon_f32(void)
{
	static float a[4096], b[4096];
	float32x4_t sum = vdupq_n_f32(0);

	for (int i = 0; i < 4096; i++) {
		a[i] = (float)i * 0.5f;
		b[i] = 1.0f / (float)(i + 1);
	}
	for (int round = 0; round < 5000; round++) {
		for (int i = 0; i < 4096; i += 4) {
			sum = vfmaq_f32(sum, vld1q_f32(a + i), vld1q_f32(b + i));
		}
	}
	return (uint64_t)vaddvq_f32(sum);
}

static uint64_t neon_integer(void)
{
	static uint8_t a[4096], b[4096];
	uint32x4_t sum = vdupq_n_u32(0);

	for (int i = 0; i < 4096; i++) {
		a[i] = (uint8_t)(i * 7);
		b[i] = (uint8_t)(i * 13);
	}
	for (int round = 0; round < 10000; round++) {
		for (int i = 0; i < 4096; i += 16) {
			uint8x16_t d = vmaxq_u8(vld1q_u8(a + i), vld1q_u8(b + i));
			uint16x8_t w = vaddl_u8(vget_low_u8(d), vget_high_u8(d));

			sum = vaddw_u16(sum, vget_low_u16(w));
			sum = vaddw_u16(sum, vget_high_u16(w));
		}
	}
	return vaddvq_u32(sum);
}

/* A product of matrices. */
static uint64_t neon_f64(void)
{
	enum { N = 64 };
	static double a[N][N], b[N][N], c[N][N];

	for (int i = 0; i < N * N; i++) {
		a[i / N][i % N] = i * 0.25;
		b[i / N][i % N] = 1.0 / (i + 1);
	}
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < N; i++) {
			for (int k = 0; k < N; k += 2) {
				float64x2_t x = vld1q_f64(&a[i][k]);

				for (int j = 0; j < N; j += 2) {
					float64x2_t sum = vld1q_f64(&c[i][j]);

					sum = vfmaq_laneq_f64(sum, vld1q_f64(&b[k][j]), x, 0);
					sum = vfmaq_laneq_f64(sum, vld1q_f64(&b[k + 1][j]), x, 1);
					vst1q_f64(&c[i][j], sum);
				}
			}
		}
	}
	return (uint64_t)c[N - 1][N - 1];
}

/* A filter of samples with 32-bit sums. */
static uint64_t neon_filter(void)
{
	enum { N = 4096, TAPS = 16 };
	static int16_t in[N + TAPS], taps[TAPS];
	static int32_t out[N];

	for (int i = 0; i < N + TAPS; i++) {
		in[i] = (int16_t)(i * 2654435761u >> 16);
		taps[i % TAPS] = (int16_t)(1000 - i);
	}
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < N; i += 8) {
			int32x4_t low = vdupq_n_s32(round), high = low;

			for (int t = 0; t < TAPS; t++) {
				int16x8_t x = vld1q_s16(in + i + t);
				int16x4_t tap = vld1_dup_s16(taps + t);

				low = vmlal_s16(low, vget_low_s16(x), tap);
				high = vmlal_high_s16(high, x, vcombine_s16(tap, tap));
			}
			vst1q_s32(out + i, low);
			vst1q_s32(out + i + 4, high);
		}
	}
	return (uint32_t)out[N / 2];
}

/* One picture of four channels over another. */
static uint64_t neon_pixels(void)
{
	enum { SIZE = 65536 };
	static uint8_t over[SIZE], under[SIZE];
	uint64_t sum = 0;

	for (int i = 0; i < SIZE; i++) {
		over[i] = (uint8_t)(i * 7);
		under[i] = (uint8_t)(i * 13);
	}
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < SIZE; i += 64) {
			uint8x16x4_t a = vld4q_u8(over + i), b = vld4q_u8(under + i);
			uint8x16_t rest = vmvnq_u8(a.val[3]);

			for (int c = 0; c < 3; c++) {
				uint16x8_t low = vmull_u8(vget_low_u8(b.val[c]), vget_low_u8(rest));
				uint16x8_t high = vmull_high_u8(b.val[c], rest);
				uint8x16_t part = vrshrn_high_n_u16(vrshrn_n_u16(low, 8), high, 8);

				b.val[c] = vqaddq_u8(part, vshrq_n_u8(a.val[c], 1));
			}
			vst4q_u8(under + i, b);
		}
	}
	for (int i = 0; i < SIZE; i++) {
		sum = sum * 31 + under[i];
	}
	return sum;
}

static uint64_t strings(void)
{
	static char text[65536];
	uint64_t sum = 0;

	memset(text, 'a', sizeof(text) - 1);
	for (int i = 0; i < 2000; i++) {
		sum += strlen(text + (i & 15)) + (uint64_t)(memchr(text, 'b', 65000) != NULL) +
		       (uint64_t)(strchr(text, 'b') != NULL) +
		       (uint64_t)memcmp(text, text + 1, 60000);
	}
	return sum;
}

static uint64_t system_calls(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < 300000; i++) {
		sum += (uint64_t)syscall(SYS_getppid);
	}
	return sum != 0;
}

static uint64_t page_faults(void)
{
	enum { SIZE = 16 << 20 };

	for (int round = 0; round < 4; round++) {
		uint8_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		madvise(p, SIZE, MADV_NOHUGEPAGE);
		for (int i = 0; i < SIZE; i += 4096) {
			p[i] = 1;
		}
		munmap(p, SIZE);
	}
	return 0;
}

static uint64_t fork_exec(void)
{
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		if (child == 0) {
			execl("/bin/busybox", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	return 0;
}

static uint64_t pipes(void)
{
	int to[2], from[2];
	char c = 0;

	if (pipe(to) || pipe(from)) {
		return 1;
	}
	if (fork() == 0) {
		while (read(to[0], &c, 1) == 1 && c == 0 && write(from[1], &c, 1) == 1) {
		}
		_exit(0);
	}
	for (int i = 0; i < 20000; i++) {
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1) {
			return 1;
		}
	}
	c = 1;
	if (write(to[1], &c, 1) != 1) {
		return 1;
	}
	wait(NULL);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	return 0;
}

static const struct {
	const char *name, *class;
	uint64_t (*run)(void);
} kernels[] = {
	{"alu", "integer", alu},
	{"crc", "integer", crc},
	{"fib", "integer", calls},
	{"indirect", "integer", indirect},
	{"sieve", "integer", sieve},
	{"chase", "integer", chase},
	{"qsort", "integer", sort},
	{"memcpy", "integer", copy},
	{"atomic", "integer", atomics},
	{"mandel", "fp", mandel},
	{"nbody", "fp", nbody},
	{"libm", "fp", math_library},
	{"neon-f32", "simd", neon_f32},
	{"neon-int", "simd", neon_integer},
	{"neon-f64", "simd", neon_f64},
	{"filter", "simd", neon_filter},
	{"pixels", "simd", neon_pixels},
	{"strings", "simd", strings},
	{"syscall", "system", system_calls},
	{"faults", "system", page_faults},
	{"fork-exec", "system", fork_exec},
	{"pipe", "system", pipes},
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		uint64_t sum;

		if (argc > 1 && !strstr(argv[1], kernels[i].name)) {
			continue;
		}
		printf("start %s %s\n", kernels[i].name, kernels[i].class);
		fflush(stdout);
		usleep(IDLE_US);
		sum = kernels[i].run();
		usleep(IDLE_US);
		printf("end %s %llx\n", kernels[i].name, (unsigned long long)sum);
		fflush(stdout);
	}
	return 0;
}
