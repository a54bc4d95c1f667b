# Sourced by the scripts in everyday/. Each runs in an empty directory, and what it does in steps.
# shellcheck shell=bash
set -u
cd "$WORK" || exit 1
export HOME=$WORK
umask 022

# step NAME COMMAND [ARGUMENT]... runs a command or function and keeps exit status, stdout and stderr. A
# step must succeed when it is run bare, unless its name begins with "fails-".
step() {
  local name=$1
  shift
  ("$@") >"$RESULTS/$name.out" 2>"$RESULTS/$name.err" </dev/null
  echo $? >"$RESULTS/$name.code"
}

# compile PROGRAM SOURCE [FLAG]... builds one of the C programs, outside of what is compared.
compile() {
  local program=$1 source=$2
  shift 2
  gcc -g -O1 -pthread "$@" -o "$RESULTS/$program" "$source" >"$RESULTS/$program.log" 2>&1
}
