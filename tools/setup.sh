#!/bin/sh
# Makes .venv and installs everything that is pinned, once for each state of the lock files. With "browser" it also sees
# to a Chromium for the browser tests, and to strace for the one that watches the disk. Installs Debian's packages where
# they are missing and we are root.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

apt() {
    # apt PACKAGE...: true when they could be installed
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "Installing $* ..."
    export DEBIAN_FRONTEND=noninteractive
    if ! apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; then
        apt-get update -qq >/dev/null 2>&1 || true
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null || return 1
    fi
}

find_python() {
    for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$name"; return; }
    done
    return 1
}

if [ ! -x .venv/bin/python ]; then
    python=$(find_python) || { apt python3 && python=$(find_python); } || {
        say "Pathway needs Python 3.11 or newer. Install it, or say where it is: make practice PYTHON=/path/to/python3"
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt python3-venv || {
        say "Python's venv is missing. Ask an administrator to run: apt-get install python3-venv"
        exit 1
    }
    "$python" -m venv .venv
fi

want=$(cat requirements.lock package-lock.json tools/setup.sh | cksum)
if [ "$(cat .venv/.pathway-ready 2>/dev/null)" != "$want" ]; then
    say "Installing what Pathway needs (once, about a minute) ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python tools/setup_web.py
    printf '%s' "$want" > .venv/.pathway-ready
fi
[ -d node_modules ] || .venv/bin/python tools/setup_web.py

if [ "${1:-}" = browser ]; then
    found=
    for name in "${PATHWAY_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && found=$name && break
    done
    [ -n "$found" ] || apt chromium chromium-l10n || say "No Chromium was found, so the browser tests are left out. Set PATHWAY_CHROMIUM to one."
    # The driver that steers it is a Node of its own, which a bare Debian lacks a library for.
    .venv/bin/python -m playwright --version >/dev/null 2>&1 || apt libatomic1 ||
        say "Playwright does not start here (perhaps libatomic1 is missing), so the browser tests will fail."
    command -v strace >/dev/null 2>&1 || apt strace || say "No strace was found, so one test of the disk is left out."
fi
