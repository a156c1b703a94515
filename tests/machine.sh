# What `tests/run` and `.ci/run` need from the machine. Sourced by both, never run by itself.
# shellcheck shell=bash

# Where stdin is closed, the next file opened would become it.
{ true <&0; } 2>/dev/null || exec </dev/null

# One sentence that says what is wrong and what to do, then the end.
die() {
    echo "$0: $*" >&2
    exit 1
}

# True when every command named is on the PATH.
have() {
    command -v "$@" >/dev/null 2>&1 && [ "$(command -v "$@" | wc -l)" -eq $# ]
}

# Installs Debian packages, `apt-get update` first: on a bare machine there are no package lists.
apt_install() {
    have apt-get || die "please install $* (or what your system calls them): this is not Debian, so I cannot."
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "please install $* as root: I am not root, and there is no sudo."
        if [ -t 0 ]; then apt=(sudo "${apt[@]}"); else apt=(sudo -n "${apt[@]}"); fi
    fi
    local log
    log=$(mktemp)
    echo "installing $*"
    if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "could not install $*: see what apt-get said above."
    fi
    rm -f "$log"
}

# Bundled SQLite and ring are C, librdkafka is C and C++ with its own make files.
need_c_compiler() {
    have cc g++ make || apt_install gcc g++ make libc6-dev
}

# Puts cargo on the PATH and makes sure that the pinned toolchain answers.
need_rust() {
    have cargo || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
    have cargo || die "there is no cargo: install Rust from https://rustup.rs and run this again."
    have rustup || return 0
    local pinned
    pinned=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && ! rustup toolchain list | grep -q "^$pinned-"; then
        # Toolchains cannot be downloaded everywhere, and rustup refuses to link one under a
        # version's name: where `stable` is that very version, use it as it is.
        if rustc +stable --version 2>/dev/null | grep -q "^rustc $pinned "; then
            export RUSTUP_TOOLCHAIN=stable
        else
            rustup toolchain install "$pinned" --profile minimal --component rustfmt --component clippy
        fi
    fi
    cargo --version >/dev/null 2>&1 ||
        die "Rust $pinned is not installed: run \`rustup toolchain install $pinned\` and try again."
}
