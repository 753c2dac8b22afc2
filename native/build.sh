#!/bin/sh
# Configures once, then lets ninja decide what is stale: well under a second when nothing changed.
# usage: build.sh BUILD_DIR [meson setup option...]     NINJA_TARGETS in the environment: build only these
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
shift
for tool in meson ninja pkg-config cc; do
	command -v "$tool" >/dev/null || {
		echo "native: $tool is missing; install build-essential, meson, ninja-build, pkg-config and the -dev packages of docker/packages.txt" >&2
		exit 1
	}
done
mkdir -p "$(dirname "$dir")"
if [ ! -f "$dir/build.ninja" ]; then
	meson setup "$@" "$dir" "$here" >"$dir.log" 2>&1 || {
		cat "$dir.log" >&2
		exit 1
	}
fi
# shellcheck disable=SC2086 # a list
exec ninja --quiet -C "$dir" ${NINJA_TARGETS:-}
