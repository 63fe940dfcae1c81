#!/usr/bin/env bash
# install.sh installs pinned versions of the third-party programs that the interop tests run, into
#
#     ${COGNITO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cognito-tools}
#
# outside the tree. Usage: install.sh [TOOL ...]. Without arguments it installs all of them.
#
# Each tool has a function, which is idempotent. The function writes the installed version to
# $TOOLS/stamp/TOOL at its end, and does nothing if that file holds the wanted version. To change a
# version, edit this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOOLS=${COGNITO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cognito-tools}
mkdir -p "$TOOLS/bin" "$TOOLS/stamp"
TOOLS=$(cd "$TOOLS" && pwd)

say() { printf '%s\n' "install.sh: $*" >&2; }

# have TOOL VERSION reports whether this version is installed.
have() { [[ -f "$TOOLS/stamp/$1" && "$(cat "$TOOLS/stamp/$1")" == "$2" ]]; }

# stamp TOOL VERSION records the version. It renames the file so that a stamp is never partial.
stamp() { printf '%s\n' "$2" >"$TOOLS/stamp/$1.new" && mv "$TOOLS/stamp/$1.new" "$TOOLS/stamp/$1"; }

# go_tool TOOL PACKAGE VERSION builds a Go program from the module proxy. Tests run these programs
# but never link them. go.mod therefore does not require them; "go install pkg@version" ignores it.
go_tool() {
	local tool=$1 package=$2 version=$3
	[[ -x "$TOOLS/bin/$tool" ]] && have "$tool" "$version" && return
	say "building $tool $version (takes minutes if nothing is cached)"
	(
		cd /
		export GOBIN="$TOOLS/bin" GOFLAGS= CGO_ENABLED=0
		go install -trimpath -ldflags='-s -w' "$package@$version"
	)
	stamp "$tool" "$version"
}

# versitygw: IAM, STS and S3 in one program. Apache-2.0.
install_versitygw() { go_tool versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0; }

# MinIO: STS and S3. AGPL-3.0, so it is run as a separate program and never linked.
install_minio() { go_tool minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c; }

# gofakes3: S3 in memory, without signatures. MIT.
install_gofakes3() { go_tool gofakes3 github.com/johannesboyne/gofakes3/cmd/gofakes3 v1.2.0; }

# staticcheck, which .ci/run runs. MIT.
install_staticcheck() { go_tool staticcheck honnef.co/go/tools/cmd/staticcheck v0.7.0; }

# apt_package COMMAND PACKAGE installs a system package if its command is missing. Without apt-get
# or root it prints a message and continues; the tests that need the command then fail.
apt_updated=
apt_package() {
	local command=$1 package=$2
	command -v "$command" >/dev/null && return
	if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
		say "$command is missing: install the package $package (this needs apt-get and root)"
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

# Programs for other platforms, which .ci/platforms runs: wazero (Apache-2.0) for WebAssembly, Wine
# for Windows, and qemu for other processors.
install_wazero() { go_tool wazero github.com/tetratelabs/wazero/cmd/wazero v1.12.0; }
install_qemu() { apt_package qemu-mips qemu-user; }

# Wine 8, which is Debian 12's, claims to be Windows 7 and lacks bcryptprimitives.dll. Go needs its
# ProcessPrng, which has the arguments and the result of SystemFunction036 (RtlGenRandom). The new
# library only forwards calls.
install_wine() {
	local want=2 system=$TOOLS/wine/drive_c/windows/system32
	apt_package wine wine # on amd64, it requires wine64
	apt_package x86_64-w64-mingw32-dlltool binutils-mingw-w64-x86-64
	have wine "$want" && return
	say "making a Windows system in $TOOLS/wine"
	rm -rf "$TOOLS/wine"
	(
		export WINEPREFIX=$TOOLS/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
		wineboot --init && wine winecfg -v win10 && wineserver --wait
	) >&2
	if [[ ! -f $system/bcryptprimitives.dll ]]; then
		printf 'LIBRARY bcryptprimitives.dll\nEXPORTS\n%s\n' \
			'ProcessPrng = advapi32.SystemFunction036' >"$TOOLS/wine/prng.def"
		x86_64-w64-mingw32-dlltool -d "$TOOLS/wine/prng.def" -e "$TOOLS/wine/prng.exp"
		x86_64-w64-mingw32-ld -shared --entry=0 -o "$system/bcryptprimitives.dll" \
			"$TOOLS/wine/prng.exp"
	fi
	stamp wine "$want"
}

# The private network namespace around versitygw needs ip, and unshare from util-linux.
install_netns() { apt_package ip iproute2; }

# The shells, other than bash, that cmd/cognito has completion scripts and credential formats for.
install_shells() { apt_package fish fish && apt_package zsh zsh; }

# actionlint and shellcheck, which .ci/run runs. MIT and GPL-3.0.
install_actionlint() { go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint v1.7.12; }
install_shellcheck() { apt_package shellcheck shellcheck; }

# Terraform, which no package registry has. If the machine has the provider hashicorp/aws in a
# directory, as "terraform providers mirror" writes it, the stamp names the directory. Otherwise
# "terraform init" downloads the provider.
install_terraform() {
	local provider
	command -v terraform >/dev/null || say "terraform is missing: install version 1.5 or newer"
	provider=$(find /opt /usr/local/share /usr/share -name 'terraform-provider-aws_v*' -print -quit \
		2>/dev/null || true)
	[[ -z $provider ]] || stamp terraform "${provider%/*/hashicorp/aws/*}"
}

# tmux is the terminal in which tests run cmd/cognito.
install_tmux() { apt_package tmux tmux; }

# Chromium and its driver, with which tests sign in at managed login.
install_chromium() { apt_package chromium chromium && apt_package chromedriver chromium-driver; }

# The credential helper of Docker for pass, in which cmd/cognito keeps a key, and what it runs.
install_keychain() {
	apt_package docker-credential-pass golang-docker-credential-helpers
	apt_package pass pass
	apt_package gpg gnupg
}

# sum FILE prints the file's SHA-256, which is the stamp of packages installed from a list.
sum() { { sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; } | cut -d' ' -f1; }

# The JavaScript clients, in the versions of package-lock.json. No package's scripts are run.
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

# pinned PYTHON reports whether the interpreter has the versions of boto3, awscli and moto that the
# first section of requirements.txt lists.
pinned() {
	"$1" - "$here/testdata/python/requirements.txt" 2>/dev/null <<-'END'
		import importlib.metadata, re, sys
		for line in open(sys.argv[1]).read().split("\n\n")[0].splitlines():
		    name, _, version = line.strip().partition("==")
		    if version and importlib.metadata.version(re.sub(r"\[.*", "", name)) != version:
		        sys.exit(1)
	END
}

# boto3, the AWS CLI and moto_server. If the machine's Python does not have the pinned versions,
# they are installed into a virtual environment. bin/python3-interop runs the right interpreter.
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

all=(staticcheck actionlint shellcheck terraform js python netns shells tmux keychain chromium versitygw
	minio gofakes3 wazero qemu wine)

for tool in "${@:-${all[@]}}"; do
	if ! declare -F "install_$tool" >/dev/null; then
		say "unknown tool $tool; known: ${all[*]}"
		exit 2
	fi
	"install_$tool"
done
say "everything is in $TOOLS"
