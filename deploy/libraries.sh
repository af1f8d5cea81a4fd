#!/bin/sh
# The shared libraries of a program that an image lacks: libraries.sh PROGRAM IMAGE OUT copies them into OUT/usr/lib/ARCH, where
# the loader looks without being told. IMAGE is the folder with the image's files. What the image has stays its own: two glibcs
# would not fit together.
set -eu
program=$1
image=$2
out=$3

linked=$(ldd "$program")
if echo "$linked" | grep 'not found' >&2; then
  echo "libraries.sh: $program misses the libraries above" >&2
  exit 1
fi
# Lines such as: libsnappy.so.1 => /lib/x86_64-linux-gnu/libsnappy.so.1 (0x00007f…)
for library in $(echo "$linked" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'); do
  name=${library##*/}
  [ -z "$(find "$image" -name "$name" -print -quit)" ] || continue
  folder=${library%/*}
  install -D -m 644 "$library" "$out/usr/lib/${folder##*/}/$name"
  echo "$name"
done
