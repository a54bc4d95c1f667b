. "$SUITES/steps.sh"
pipes() { seq 1000 | grep 7 | sort -rn | head -3 | tee file | wc -c; echo "${PIPESTATUS[@]}"; }
redirections() { exec 7>seven 8<>eight; echo a >&7; echo b >&8; exec 7>&- 8>&-; cat seven eight; echo c >>seven; cat <seven; set -C; echo d >seven; }
substitution() { diff <(printf 'a\nb\n') <(printf 'a\nc\n') | sed 's/^/: /'; echo "$(<seven)" "$(echo nested "$(echo deeper)")"; }
here() { cat <<<"string"; cat <<TEXT
${HOME##*/} $((6 * 7))
TEXT
}
jobs_and_signals() {
  set -m
  sleep 60 & local pid=$!
  jobs | sed 's/  */ /g'
  kill -STOP %1; sleep 0.2; kill -CONT %1; kill -TERM %1; wait $pid; echo "ended with $?"
  trap 'echo usr1' USR1; kill -USR1 $BASHPID
  (exit 3) & wait $!; echo $?
}
environment() { env -i A=1 B=2 bash -c 'echo $A $B'; export C=3; bash -c 'echo $C'; unset C; bash -c 'echo "${C-none}"'; }
descriptors() { bash -c 'exec 9</dev/null; ls /proc/self/fd | wc -l; ulimit -n 20; exec 15>x; echo y >&15; cat x'; }
network() {
  coproc perl -MIO::Socket::INET -e '$|=1; $s=IO::Socket::INET->new(LocalAddr=>"127.0.0.1",Listen=>1); print $s->sockport,"\n"; $c=$s->accept; print $c scalar <$c>'
  read -r port <&"${COPROC[0]}"; exec 5<>/dev/tcp/127.0.0.1/"$port"; echo hello >&5; cat <&5
  (echo x >/dev/tcp/127.0.0.1/1) 2>&1 | sed 's/.*: //'
}
coprocess() { coproc tr a-z A-Z; local pid=$COPROC_PID; exec 6<&"${COPROC[0]}"; echo words >&"${COPROC[1]}"; exec {COPROC[1]}>&-; cat <&6; wait "$pid"; }
deep() { bash -c "bash -c \"bash -c 'echo \\\$SHLVL; exec sh -c \\\"echo \\\\\\\$0\\\"'\""; }
errors() { cat missing; echo $?; mkdir /proc/x; echo $?; nothing-of-this-name; echo $?; : >/dev/full; echo x >/dev/full; echo $?; }
times() { touch -d 2001-02-03 old; stat -c '%Y %A %s' old; [ seven -nt old ] && echo newer; chmod 640 old; stat -c %a old; }
step pipes pipes; step redirections-noclobber eval '(redirections) 2>&1; true'; step substitution substitution; step here here
step jobs jobs_and_signals; step environment environment; step descriptors descriptors; step network network
step coprocess coprocess; step deep deep; step errors errors; step times times
step fails-segfault bash -c 'kill -SEGV $$'
step thousand bash -c 'for i in $(seq 300); do /bin/true; done; echo done'
