# SPDX-License-Identifier: BSD-3-Clause
#
# For boot tests in bash: . "$(dirname "$0")/lib.sh"; they run in the top folder of the tree.
#
#   check NAME COMMAND...	PASS when the command succeeds, else FAIL with its output
#   skip NAME WHY
#   finish			at the end: exits with 1 if a check failed
# $harness is the harness; $scratch a folder that is removed at the end.

harness=qemu-test-harness/run
scratch=$(mktemp -d "${TMPDIR:-/tmp}/boot-test.XXXXXX")
nr_failed=0
trap 'rm -rf "$scratch"' EXIT

check() {
	local name=$1
	shift
	if "$@" >"$scratch/check.out" 2>&1; then
		echo "PASS: $name"
	else
		echo "FAIL: $name (exit status $?: $*)"
		tail -n 40 "$scratch/check.out"
		nr_failed=$((nr_failed + 1))
	fi
}

skip() {
	echo "SKIP: $1 ($2)"
}

finish() {
	exit $((nr_failed > 0))
}
