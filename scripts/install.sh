#!/usr/bin/env bash
# `make install`: kw, its man page and its completions below PREFIX (/usr/local), behind DESTDIR where a package is made.
# It builds a kw of its own, in .build/install, with Swift's library inside and without symbols: where it runs nobody needs
# Swift, only what a distribution has (curl, zlib, snappy, lz4, zstd, libcrypto). KW names a program to install instead.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

root=${DESTDIR:-}${PREFIX:-/usr/local}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Foundation's client for HTTP (kw connectors) is made of curl. Where curl's headers are not installed, the linker finds no
# libcurl.so; the library that programs run with does as well.
curl_folder() {
  local library
  library=$(ldconfig -p 2>/dev/null | sed -n 's/.*libcurl\.so\.4 .*=> //p' | head -n 1)
  [ -n "$library" ] || die "libcurl is missing, which kw connectors needs: apt-get install libcurl4"
  mkdir -p "$work/curl"
  ln -sf "$library" "$work/curl/libcurl.so"
  echo "$work/curl"
}

build() {
  local folder options=(-c release --product kw --static-swift-stdlib --scratch-path .build/install -debug-info-format none)
  folder=$(curl_folder)
  # In a place of its own: programs with the library inside share no object file with others.
  step "building kw with Swift's library inside (some minutes the first time)"
  swift build "${options[@]}" -Xlinker "-L$folder" >"$work/build.log" 2>&1 || {
    grep -E 'error|warning' "$work/build.log" | head -n 20 >&2 || tail -n 20 "$work/build.log" >&2
    die "kw could not be built"
  }
  strip -o "$work/kw" "$(swift build "${options[@]}" --show-bin-path)/kw"
  kw=$work/kw
}

if [ -n "${KW:-}" ]; then
  kw=$KW
  [ -x "$kw" ] || die "there is no program $kw; without KW, kw is built first"
else
  build
fi

# What the program prints goes to a file of its own first: a failure leaves no empty page.
"$kw" man >"$work/kw.1"
for shell in bash zsh fish; do "$kw" completions "$shell" >"$work/$shell"; done

install -D -m 755 "$kw" "$root/bin/kw"
install -D -m 644 "$work/kw.1" "$root/share/man/man1/kw.1"
install -D -m 644 "$work/bash" "$root/share/bash-completion/completions/kw"
install -D -m 644 "$work/zsh" "$root/share/zsh/site-functions/_kw"
install -D -m 644 "$work/fish" "$root/share/fish/vendor_completions.d/kw.fish"
echo "$("$kw" --version) is installed in $root/bin"
