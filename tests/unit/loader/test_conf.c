// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_conf.c: hyp.conf, right and wrong.
 */
#include "conf.h"
#include "fail.h"

#include <hyp/boot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The parser wants its text changeable and exactly as long as ASan can check. */
static char *text;

static int parse_bytes(struct conf *conf, const char *from, size_t bytes)
{
	free(text);
	text = malloc(bytes + 1);
	memcpy(text, from, bytes);
	text[bytes] = '\0';
	loader_fail_clear();
	return conf_parse(conf, text, bytes, "hyp.conf");
}

static int parse(struct conf *conf, const char *from)
{
	return parse_bytes(conf, from, strlen(from));
}

static void test_all_keys(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(parse(&conf,
			       "# c\n\n  rm = a.elf \r\nkernel=b\ninitrd=c\ncmdline= x=1 # y\n"
			       "dtb=d\nrm-pool=3M\nlog=debug"),
			 0);
	assert_string_equal(conf.rm, "a.elf");
	assert_string_equal(conf.kernel, "b");
	assert_string_equal(conf.initrd, "c");
	assert_string_equal(conf.cmdline, "x=1 # y");
	assert_string_equal(conf.dtb, "d");
	assert_int_equal(conf.rm_pool, 3 << 20);
	assert_int_equal(conf.log_level, 3);
}

static void test_defaults(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(parse(&conf, "rm=a\nkernel=b"), 0);
	assert_null(conf.initrd);
	assert_null(conf.dtb);
	assert_null(conf.cmdline);
	assert_int_equal(conf.rm_pool, 0);
	assert_int_equal(conf.log_level, 2);
}

static void expect_line(const char *from, const char *line)
{
	struct conf conf;

	assert_int_equal(parse(&conf, from), -1);
	assert_string_equal(loader_why(), line);
}

static void test_mistakes(void **state)
{
	(void)state;
	expect_line("rm=a\nkernal=b",
		    "hyp.conf: line 2: unknown key 'kernal': did you mean 'kernel'?");
	expect_line("colour=b", "hyp.conf: line 1: unknown key 'colour': there are rm, kernel, "
				"initrd, cmdline, dtb, rm-pool, log, vm, vm-image, vm-memory, "
				"vm-cpus and vm-priority");
	expect_line("\n\nhello", "hyp.conf: line 3 is not key=value");
	expect_line("rm=", "hyp.conf: line 1: 'rm' has no value");
	expect_line("rm=a\nrm=b", "hyp.conf: line 2: 'rm' is given a second time");
	expect_line("kernel=b", "hyp.conf: no 'rm=' line: it names the resource manager");
	expect_line("rm=b", "hyp.conf: no 'kernel=' line: it names the host's arm64 Image");
	expect_line("", "hyp.conf: no 'rm=' line: it names the resource manager");
	expect_line("log=loud",
		    "hyp.conf: line 1: log=loud: must be error, warning, info or debug");
}

static void test_pool_sizes(void **state)
{
	static const char *const wrong[] = {
		"rm-pool=",
		"rm-pool=M",
		"rm-pool=1",
		"rm-pool=12Q",
		"rm-pool=12MB",
		"rm-pool=-1M",
		"rm-pool=2000G",
		"rm-pool=99999999999999999999999G",
		"rm-pool=549755813889K",
		"rm-pool=17179869185G",
		"rm-pool=0",
	};
	struct conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(&conf, wrong[i]), -1);
		assert_non_null(strstr(loader_why(), "is not a size from 1M to 1024G"));
	}
	assert_int_equal(parse(&conf, "rm=a\nkernel=b\nrm-pool=1048577"), 0);
	assert_int_equal(conf.rm_pool, (1 << 20) + 4096);
	assert_int_equal(parse(&conf, "rm=a\nkernel=b\nrm-pool=2G"), 0);
	assert_int_equal(conf.rm_pool, 2ull << 30);
	assert_int_equal(parse(&conf, "rm=a\nkernel=b\nrm-pool=1024K"), 0);
}

static void test_vms(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(parse(&conf, "rm=a\nkernel=b\nvm=one\nvm-image=1.bin\n"
				      "vm=two\nvm-memory=3M\nvm-cpus=4\nvm-priority=0\n"
				      "vm-image=2.bin"),
			 0);
	assert_int_equal(conf.nr_vms, 2);
	assert_string_equal(conf.vms[0].name, "one");
	assert_string_equal(conf.vms[0].image, "1.bin");
	assert_int_equal(conf.vms[0].memory, 16 << 20);
	assert_int_equal(conf.vms[0].nr_cpus, 1);
	assert_int_equal(conf.vms[0].priority, 32);
	assert_string_equal(conf.vms[1].image, "2.bin");
	assert_int_equal(conf.vms[1].memory, 4 << 20);
	assert_int_equal(conf.vms[1].nr_cpus, 4);
	assert_int_equal(conf.vms[1].priority, 0);
}

static void test_vm_mistakes(void **state)
{
	(void)state;
	expect_line("vm-cpus=1", "hyp.conf: line 1: 'vm-cpus' comes before any 'vm=' line");
	expect_line("vm=a\nvm-imige=1",
		    "hyp.conf: line 2: unknown key 'vm-imige': did you mean 'vm-image'?");
	expect_line("vm=a\nvm=b",
		    "hyp.conf: vm 'a' has no 'vm-image=' line: it names its arm64 Image");
	expect_line("rm=a\nkernel=b\nvm=a",
		    "hyp.conf: vm 'a' has no 'vm-image=' line: it names its arm64 Image");
	expect_line("vm=a\nvm-image=x\nvm=a", "hyp.conf: line 3: vm 'a' is given a second time");
	expect_line("vm=host", "hyp.conf: line 1: vm=host: a name has 1 to 31 of A-Z a-z 0-9 - _ . "
			       "and is not 'host' or 'rm'");
	expect_line("vm=a b", "hyp.conf: line 1: vm=a b: a name has 1 to 31 of A-Z a-z 0-9 - _ . "
			      "and is not 'host' or 'rm'");
	expect_line("vm=a\nvm-cpus=129",
		    "hyp.conf: line 2: vm-cpus=129 is not a number from 1 to 128");
	expect_line("vm=a\nvm-cpus=0", "hyp.conf: line 2: vm-cpus=0 is not a number from 1 to 128");
	expect_line("vm=a\nvm-priority=48",
		    "hyp.conf: line 2: vm-priority=48 is not a number from 0 to 47");
	expect_line("vm=a\nvm-priority=",
		    "hyp.conf: line 2: vm-priority= is not a number from 0 to 47");
	expect_line("vm=a\nvm-memory=0",
		    "hyp.conf: line 2: vm-memory=0 is not a size from 2M to 512G");
	expect_line("vm=a\nvm-memory=513G",
		    "hyp.conf: line 2: vm-memory=513G is not a size from 2M to 512G");
	expect_line("vm=1\nvm-image=i\nvm=2\nvm-image=i\nvm=3\nvm-image=i\nvm=4\nvm-image=i\n"
		    "vm=5\nvm-image=i\nvm=6\nvm-image=i\nvm=7\nvm-image=i\nvm=8\nvm-image=i\n"
		    "vm=9",
		    "hyp.conf: line 17: more than 8 static VMs");
}

static void test_binary(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(parse_bytes(&conf, "rm=a\0b", 6), -1);
	assert_string_equal(loader_why(), "hyp.conf is not a text file");
}

static void test_long_cmdline(void **state)
{
	char line[BOOT_CMDLINE_SIZE + 64];
	struct conf conf;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "cmdline=", 8);
	assert_int_equal(parse_bytes(&conf, line, 8 + BOOT_CMDLINE_SIZE), -1);
	assert_string_equal(loader_why(),
			    "hyp.conf: line 1: cmdline is longer than 2047 characters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_mistakes), cmocka_unit_test(test_pool_sizes),
		cmocka_unit_test(test_binary),   cmocka_unit_test(test_long_cmdline),
		cmocka_unit_test(test_vms),      cmocka_unit_test(test_vm_mistakes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
