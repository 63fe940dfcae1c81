#!/usr/bin/env bash
# install.sh installs the third-party programs the interop tests run, pinned, into
#
#     ${COGNITO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cognito-tools}
#
# outside the tree. Usage: install.sh [TOOL ...]; without arguments, all of them.
#
# One function per tool. Each is idempotent: at its end it writes the version that it installed to
# $TOOLS/stamp/TOOL, and it does nothing if that file has the wanted version. To change a version,
# change it here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOOLS=${COGNITO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cognito-tools}
mkdir -p "$TOOLS/bin" "$TOOLS/stamp"
TOOLS=$(cd "$TOOLS" && pwd)

say() { printf '%s\n' "install.sh: $*" >&2; }

# have TOOL VERSION reports whether that version is installed.
have() { [[ -f "$TOOLS/stamp/$1" && "$(cat "$TOOLS/stamp/$1")" == "$2" ]]; }

# stamp TOOL VERSION records the version. The rename makes sure that a stamp is complete.
stamp() { printf '%s\n' "$2" >"$TOOLS/stamp/$1.new" && mv "$TOOLS/stamp/$1.new" "$TOOLS/stamp/$1"; }

# go_tool TOOL PACKAGE VERSION builds a Go program from the module proxy. The programs are run, never
# linked, so this module does not require them: "go install pkg@version" ignores go.mod.
go_tool() {
	local tool=$1 package=$2 version=$3
	[[ -x "$TOOLS/bin/$tool" ]] && have "$tool" "$version" && return
	say "building $tool $version (minutes when nothing is cached)"
	(
		cd /
		export GOBIN="$TOOLS/bin" GOFLAGS= CGO_ENABLED=0
		go install -trimpath -ldflags='-s -w' "$package@$version"
	)
	stamp "$tool" "$version"
}

# versitygw: IAM, STS and S3 in one program. Apache-2.0.
install_versitygw() { go_tool versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0; }

# MinIO: STS and S3. AGPL-3.0: run as a separate program, never linked.
install_minio() { go_tool minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c; }

# gofakes3: S3 in memory, without signatures. MIT.
install_gofakes3() { go_tool gofakes3 github.com/johannesboyne/gofakes3/cmd/gofakes3 v1.2.0; }

# staticcheck, which .ci/run runs. MIT.
install_staticcheck() { go_tool staticcheck honnef.co/go/tools/cmd/staticcheck v0.7.0; }

# apt_package COMMAND PACKAGE installs a system package if its command is missing. If it may not, it
# says so and goes on: the tests that need the command fail.
apt_updated=
apt_package() {
	local command=$1 package=$2
	command -v "$command" >/dev/null && return
	if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
		say "$command is missing and cannot be installed from here; install the package $package"
		return
	fi
	if [[ -z $apt_updated ]]; then
		apt-get update -qq >&2
		apt_updated=yes
	fi
	say "installing $package"
	DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "$package" >&2 </dev/null
}

# The private network namespace around versitygw needs ip, and unshare of util-linux.
install_netns() { apt_package ip iproute2; }

# The shells that cmd/cognito's completion scripts and credential formats are for, beside bash.
install_shells() { apt_package fish fish && apt_package zsh zsh; }

# A terminal in which the tool is driven.
install_tmux() { apt_package tmux tmux; }

# sum FILE: its SHA-256, the stamp of what is installed from a list of pinned packages.
sum() { { sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; } | cut -d' ' -f1; }

# The JavaScript clients, exactly those of package-lock.json; no script of any package is run.
install_js() {
	local want
	want=$(sum "$here/testdata/js/package-lock.json")
	have js "$want" && return
	if ! command -v npm >/dev/null; then
		say "npm is missing; install node 20 or newer"
		return
	fi
	say "installing the JavaScript clients"
	rm -rf "$TOOLS/js.new"
	mkdir "$TOOLS/js.new"
	cp "$here"/testdata/js/package{,-lock}.json "$TOOLS/js.new"
	(cd "$TOOLS/js.new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
	rm -rf "$TOOLS/js"
	mv "$TOOLS/js.new" "$TOOLS/js"
	stamp js "$want"
}

# pinned PYTHON reports whether that interpreter has the programs of requirements.txt, which are its
# first packages, in those versions.
pinned() {
	"$1" - "$here/testdata/python/requirements.txt" 2>/dev/null <<-'END'
		import importlib.metadata, re, sys
		for line in open(sys.argv[1]).read().split("\n\n")[0].splitlines():
		    name, _, version = line.strip().partition("==")
		    if version and importlib.metadata.version(re.sub(r"\[.*", "", name)) != version:
		        sys.exit(1)
	END
}

# boto3, the aws command line and moto_server: the machine's own if they have the pinned versions,
# otherwise in a virtual environment. bin/python3-interop runs the interpreter that has them.
install_python() {
	local want python
	want=$(sum "$here/testdata/python/requirements.txt")
	have python "$want" && pinned "$TOOLS/bin/python3-interop" && return
	if ! command -v python3 >/dev/null; then
		say "python3 is missing"
		return
	fi
	if pinned python3; then
		python=$(python3 -c 'import sys; print(sys.executable)')
	else
		say "installing the Python clients"
		python3 -m venv --clear "$TOOLS/python"
		python=$TOOLS/python/bin/python
		"$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
			-r "$here/testdata/python/requirements.txt" >&2
	fi
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >"$TOOLS/bin/python3-interop"
	chmod +x "$TOOLS/bin/python3-interop"
	stamp python "$want"
}

all=(staticcheck js python netns shells tmux versitygw minio gofakes3)

for tool in "${@:-${all[@]}}"; do
	if ! declare -F "install_$tool" >/dev/null; then
		say "unknown tool $tool; known: ${all[*]}"
		exit 2
	fi
	"install_$tool"
done
say "everything is in $TOOLS"
