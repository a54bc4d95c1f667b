. "$SUITES/steps.sh"
mkdir place
compile traces "$SUITES/programs/traces.c" && compile threads "$SUITES/programs/threads.c" || exit 1
find_library() { find /usr/lib /usr/lib64 -name "$1" -path "*${2-}*" 2>/dev/null | sort | head -1; }
# with LIBRARY COMMAND...: the library is preloaded as well. SHIM_AFTER is the shim where this script has to preload it.
with() {
  local library=$1
  shift
  if [ -n "${SHIM_AFTER-}" ]; then
    env LD_PRELOAD="$library:$SHIM_AFTER" HFOFFLINE_MODELS_DIR="$MODELS" HFOFFLINE_QUIET=true HFOFFLINE_SCRATCH="$TMPDIR/scratch" "$@"
  else
    env LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}" "$@"
  fi
}
each() {
  local name=$1
  shift
  step "$name-traces" "$@" "$RESULTS/traces" place
  for part in thousand fork handlers cancel; do step "$name-$part" "$@" "$RESULTS/threads" $part place; done
  step "$name-python" "$@" /usr/bin/python3 -c 'import subprocess, threading, tempfile; print(subprocess.run(["echo", "child"], capture_output=True)); t = threading.Thread(target=tempfile.TemporaryFile); t.start(); t.join()'
  step "$name-bash" "$@" bash -c 'echo $(seq 3) | sort; echo x >f; cat f; rm f'
}
export FAKETIME='2001-02-03 04:05:06' FAKETIME_DONT_RESET=1
each jemalloc with "$(find_library libjemalloc.so.2)"
each libfaketime with "$(find_library libfaketime.so.1)"
step libfaketime-year with "$(find_library libfaketime.so.1)" date +%Y
cat >owners <<'SCRIPT'
touch owned; chown 1234:55 owned; mknod device c 1 3; stat -c '%u %g %F %n' owned device
sh -c 'chmod 600 owned; stat -c "%u %a" owned; rm owned device'
SCRIPT
if [ -n "${SHIM_AFTER-}" ]; then
  # shellcheck disable=SC2016
  step fakeroot fakeroot -- sh -c 'LD_PRELOAD=$LD_PRELOAD:$SHIM_AFTER HFOFFLINE_MODELS_DIR=$MODELS HFOFFLINE_QUIET=true HFOFFLINE_SCRATCH=$TMPDIR/scratch sh owners'
else
  step fakeroot fakeroot -- sh owners
fi
