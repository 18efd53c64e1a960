// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_run_options.c: the command line of `vmm run`: ours, crosvm's, and every kind of mistake.
 */
#include "cmocka_all.h"

#include "accel.h"
#include "options/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct opt_key shim_keys[] = {
	{.name = "device", .type = OPT_STRING, .deflt = "/dev/hyp", .help = "the device"},
	{0},
};
static const struct accel_ops shim = {.name = "shim", .summary = "ours", .options = shim_keys};
static const struct accel_ops jit = {.name = "jit", .summary = "translator"};

const struct accel_ops *const accel_list[] = {&shim, &jit, NULL};

static struct vm_config config;
static char error[OPT_ERROR_SIZE];
static char help_text[8192];

static int parse(const char *line)
{
	static char copy[512]; /* the configuration points into the words, as it would into argv */
	char *words[32], *save = NULL;
	FILE *help = fmemopen(help_text, sizeof(help_text), "w");
	int nr = 0, result;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		words[nr++] = word;
	}
	error[0] = '\0';
	memset(help_text, 0, sizeof(help_text));
	result = run_options_parse(nr, words, &config, help, error);
	fclose(help);
	return result;
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("Image"), 0);
	assert_string_equal(config.kernel, "Image");
	assert_int_equal(config.nr_cpus, 1);
	assert_int_equal(config.mem_size, 512u << 20);
	assert_int_equal(config.nr_serials, 1);
	assert_int_equal(config.serials[0].chardev.type, CHARDEV_STDIO);
	assert_true(config.serials[0].chardev.input);
	assert_null(config.accel);
	assert_false(config.no_sandbox);
	run_options_release(&config);
}

static void test_our_spellings(void **state)
{
	(void)state;
	assert_int_equal(parse("--hypervisor shim,device=/dev/x --cpus 4 --mem 2G --initrd rd "
			       "--block a.img,ro --block b.img,id=two --serial file,path=log "
			       "--no-reboot --name test --params quiet --params=a=b -- Image"),
			 0);
	assert_ptr_equal(config.accel, &shim);
	assert_string_equal(opt_text(&config.accel_options, "device"), "/dev/x");
	assert_int_equal(config.nr_cpus, 4);
	assert_int_equal(config.mem_size, 2ull << 30);
	assert_string_equal(config.initrd, "rd");
	assert_int_equal(config.nr_blocks, 2);
	assert_true(config.blocks[0].read_only);
	assert_string_equal(config.blocks[1].path, "b.img");
	assert_string_equal(config.blocks[1].id, "two");
	assert_true(config.no_reboot);
	assert_string_equal(config.params, "quiet a=b");
	assert_string_equal(config.name, "test");
	run_options_release(&config);
}

static void test_crosvm_spellings(void **state)
{
	(void)state;
	assert_int_equal(parse("--disable-sandbox --no-balloon --no-rng --no-syslog "
			       "--cpus num-cores=2 --mem size=512 --block path=root.img,root "
			       "--serial type=stdout,hardware=virtio-console,console,stdin,num=1 "
			       "-p debug Image"),
			 0);
	assert_int_equal(config.nr_cpus, 2);
	assert_int_equal(config.mem_size, 512u << 20);
	assert_int_equal(config.serials[0].hardware, SERIAL_VIRTIO_CONSOLE);
	assert_true(config.serials[0].chardev.input);
	assert_string_equal(config.params, "root=/dev/vda rw debug console=hvc0");
	assert_true(config.no_sandbox);
	run_options_release(&config);
}

static void test_says_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"", "the kernel is missing"},
		{"a b", "both a and b"},
		{"--cpu 2 Image", "did you mean --cpus?"},
		{"--blokc x Image", "did you mean --block?"},
		{"--frobnicate Image", "`vmm run --help`"},
		{"-z Image", "`vmm run --help`"},
		{"-initrd x Image", "did you mean --initrd?"},
		{"--mem= Image", "the value is empty"},
		{"--serial= Image", "the value is empty"},
		{"--cpus 0 Image", "--cpus: num-cores=0 is impossible: it can be 1 to 123"},
		{"--cpus 124 Image", "1 to 123"},
		{"--mem 1 Image", "16M to 255G"},
		{"--mem 1000G Image", "16M to 255G"},
		{"--mem 513 Image", "multiple of 2M"},
		{"--mem size=1X Image", "not a unit"},
		{"--mem", "needs a value"},
		{"--no-reboot=1 Image", "takes no value"},
		{"--hypervisor shmi Image", "did you mean 'shim'"},
		{"--hypervisor xen Image", "it can be auto, shim, jit"},
		{"--hypervisor shim,devise=x Image", "did you mean 'device'"},
		{"--hypervisor jit,engine=x Image", "there is no key 'engine'"},
		{"--serial type=stdout,hardware=virtioconsole Image",
		 "did you mean 'virtio-console'"},
		{"--serial file Image", "path is missing"},
		{"--serial stdio --serial stdio,hardware=virtio-console Image",
		 "reads stdin already"},
		{"--serial stdio --serial sink Image", "one pl011"},
		{"--block ro Image", "path is missing"},
		{"--block x,id=123456789012345678901 Image", "20 bytes"},
		{"--name a/b Image", "no '/'"},
		{"--log-level inof Image", "did you mean 'info'"},
		{"--gic 2,its Image", "a GICv2 has no ITS"},
		{"--virtio-transport pcie Image", "did you mean 'pci'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), -EINVAL);
		if (!strstr(error, cases[i].says)) {
			fail_msg("%s: %s", cases[i].line, error);
		}
	}
}

/* COMMAND_LINE_SIZE of arm64 Linux, the NUL included; more it would cut off silently. */
static void test_long_command_line(void **state)
{
	char text[2100] = "";
	char *words[] = {"--params", text, "Image"};

	(void)state;
	memset(text, 'x', 2047);
	assert_int_equal(run_options_parse(3, words, &config, stdout, error), 0);
	run_options_release(&config);
	text[2047] = 'x';
	assert_int_equal(run_options_parse(3, words, &config, stdout, error), -EINVAL);
	assert_non_null(strstr(error, "has 2048 bytes, and arm64 Linux takes 2047"));
}

static void test_help_everywhere(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"--help", "usage: vmm run"},
		{"-h", "exit status"},
		{"--cpus help", "num-cores"},
		{"--mem help", "default 512"},
		{"--serial help", "virtio-console"},
		{"--block help", "raw image"},
		{"--hypervisor help", "translator"},
		{"--hypervisor shim,help", "/dev/hyp"},
		{"--gic help", "3|2"},
		{"--virtio-transport help", "mmio|pci"},
		{"--log-level help", "error|warn"},
		{"--serial type=help", "virtio-console"},
		{"--block x,ro=help", "raw image"},
		{"--cpus num-cores=help", "default 1"},
		{"--hypervisor shim,help", "translator"},
		{"--initrd help", "initial RAM disk"},
		{"--params help", "kernel command line"},
		{"--name help", "vmm list"},
		{"help", "usage: vmm run"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), OPT_HELP);
		if (!strstr(help_text, cases[i].says)) {
			fail_msg("%s: %s", cases[i].line, help_text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),         cmocka_unit_test(test_our_spellings),
		cmocka_unit_test(test_crosvm_spellings), cmocka_unit_test(test_says_what_is_wrong),
		cmocka_unit_test(test_help_everywhere),  cmocka_unit_test(test_long_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
