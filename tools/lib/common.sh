# Shared by tools/test and tools/quickstart: sections, timing and Debian packages. Source it.
# shellcheck shell=bash disable=SC2034

# Debian's own tools first: a Python from pyenv or a container's lacks Debian's modules.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"
# A run must not depend on an hfoffline that happens to be around it.
unset "${!HFOFFLINE_@}"
export LC_ALL=C.UTF-8

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' red='' plain=''
fi

section() { printf "\n%s== %s%s\n" "$bold" "$*" "$plain"; }
say() { printf '   %s\n' "$*"; }
complain() { printf '%s%s: %s%s\n' "$red" "${0##*/}" "$*" "$plain" >&2; }
die() {
  complain "$*"
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    return 126
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# install_packages "PACKAGE: what for"... installs those that are missing, with apt. Says which, and
# touches nothing (no package list either) when none is.
install_packages() {
  local entry package missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not Debian: nothing is installed. What the build needs:"
    for entry in "$@"; do say "  $entry"; done
    return 0
  fi
  for entry in "$@"; do
    package=${entry%%:*}
    is_installed "$package" && continue
    [ ${#missing[@]} = 0 ] && say "Installing with apt:"
    say "  $entry"
    missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then
    say "All $# packages are there."
    return 0
  fi
  apt_get update -qq || say "(apt-get update failed; trying with the package lists that are there)"
  apt_get install -y -q --no-install-recommends "${missing[@]}" | grep --line-buffered -E '^Setting up' | sed 's/^/   /' || true
  for package in "${missing[@]}"; do
    is_installed "$package" || die "apt could not install $package. Install it by hand: apt-get install ${missing[*]}"
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null || {
    local status=$?
    [ $status = 126 ] && die "not root, and there is no sudo. As root: apt-get $*"
    return $status
  }
}

build_packages=(
  "g++: the C++20 compiler"
  "meson: the build system"
  "ninja-build: runs the build"
  "pkgconf: finds the libraries below"
  "python3: code generators and test drivers"
  "libabsl-dev: the launcher's strings and containers"
  "libspdlog-dev: the tools' logging"
  "libcurl4-openssl-dev: the live probe of hfoffline doctor"
  "libssl-dev: checksums of cache files"
  "libzip-dev: reads zipped eggs for hfoffline shadow"
  "nlohmann-json3-dev: reads records"
  "catch2: unit tests"
)

# configure DIRECTORY [MESON OPTION]... makes a build directory, once. One that came from another
# checkout (a restored CI cache) is made anew.
configure() {
  local directory=$1
  shift
  if [ -f "$directory/build.ninja" ]; then
    local source
    source=$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["directories"]["source"])' \
      "$directory/meson-info/meson-info.json" 2>/dev/null || true)
    [ "$source" = "$PWD" ] && return 0
    rm -rf "$directory"
  fi
  mkdir -p "$directory"
  meson setup "$directory" "$@" >"$directory/setup.log" 2>&1 || {
    cat "$directory/setup.log" >&2
    return 1
  }
}

# build DIRECTORY [TARGET]... shows ninja's progress: on one line of a terminal, else a line per tenth.
build() {
  local directory=$1
  shift
  if [ -t 1 ]; then
    ninja -C "$directory" "$@"
    return
  fi
  ninja -C "$directory" "$@" 2>&1 | awk -v directory="$directory" '
    /^\[[0-9]+\/[0-9]+\]/ {
      split(substr($1, 2), part, "[/\\]]")
      tenth = int(part[1] * 10 / part[2])
      if (tenth != last) print "   " $1 " built in " directory "/"
      last = tenth
      next
    }
    /^ninja: (Entering|no work)/ { next }
    { print }'
}
