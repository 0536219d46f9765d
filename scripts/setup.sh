#!/usr/bin/env bash
# Everything a fresh machine needs before the first command: native libraries, a virtual
# environment in .venv, the pinned dependencies, the project itself. Safe to repeat: a
# second run does nothing and takes less than a second.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

stop() {
    say "$*"
    exit 2
}

# The first Python of a version that all dependencies have wheels for.
find_python() {
    local candidate
    for candidate in "${PYTHON:-python3.11}" python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop "no Python 3.11 or newer found; install one (Debian: apt-get install python3)" \
        "or name it: PYTHON=/path/to/python3.11 $0"
}

has_venv() { .venv/bin/python -c 'import pip' 2>/dev/null; }

# Debian packages, one a line: what .venv needs to be made, and native libraries.
missing_packages() {
    local python=$1
    if ! has_venv && ! "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
    "$python" scripts/missing_packages.py
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 1
    fi
}

install_packages() {
    local python=$1 packages
    packages=$(missing_packages "$python" | xargs)
    [ -n "$packages" ] || return 0
    local by_hand="apt-get update && apt-get install --no-install-recommends $packages"
    command -v apt-get >/dev/null ||
        stop "this machine lacks what Debian calls: $packages; install these, then try again"
    say "installing $packages"
    # shellcheck disable=SC2086
    as_root sh -c 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq --no-install-recommends "$@" >/dev/null' sh $packages ||
        stop "could not install $packages; as root, run:"$'\n'"  $by_hand"
    packages=$(missing_packages "$python" | xargs)
    [ -z "$packages" ] || stop "installed, but still missing: $packages"
}

# What .venv was made from; its programs also hold the path they were installed under.
fingerprint() {
    { pwd && cat pyproject.toml constraints.txt; } | sha256sum | cut -d ' ' -f 1
}

# pip's own output goes to a log; of it only what takes long is shown.
pip_install() {
    local log=.venv/pip.log
    if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input \
        --progress-bar off "$@" 2>&1 | tee "$log" | awk '
            /^ *Downloading .*\([0-9.]+ [MG]B\)/ { split($2, part, "-"); print "  " part[1], part[2], $3, $4 }
            /^Installing collected packages/ { print "  unpacking", NF - 3, "packages" }
            { fflush() }' >&2; then
        tail -n 15 "$log" >&2
        stop "pip could not install the dependencies; the lines above say why (all of it: $log)"
    fi
}

python=$(find_python)
install_packages "$python"
if has_venv && [ "$(cat .venv/installed 2>/dev/null)" = "$(fingerprint)" ]; then
    exit 0
fi
has_venv || "$python" -m venv --clear .venv
say "installing the dependencies into .venv (the first time: 3 GB to download, 7 GB on disk)"
pip_install --constraint constraints.txt --editable '.[dev]'
fingerprint >.venv/installed
say "done"
