#!/usr/bin/env bash
# `make install`: kw, its man page and its completions below PREFIX (/usr/local), behind DESTDIR where a package is made.
# KW names the program to install, by default the release build.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

kw=${KW:-.build/release/kw}
root=${DESTDIR:-}${PREFIX:-/usr/local}
[ -x "$kw" ] || die "there is no program $kw; run make build first"

# What the program prints goes to a file of its own first: a failure leaves no empty page.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$kw" man >"$work/kw.1"
for shell in bash zsh fish; do "$kw" completions "$shell" >"$work/$shell"; done

install -D -m 755 "$kw" "$root/bin/kw"
install -D -m 644 "$work/kw.1" "$root/share/man/man1/kw.1"
install -D -m 644 "$work/bash" "$root/share/bash-completion/completions/kw"
install -D -m 644 "$work/zsh" "$root/share/zsh/site-functions/_kw"
install -D -m 644 "$work/fish" "$root/share/fish/vendor_completions.d/kw.fish"
echo "kw is installed in $root/bin"
