. "$SUITES/steps.sh"
mkdir place
compile traces "$SUITES/programs/traces.c" || exit 1
step calls "$RESULTS/traces" place
step closed sh -c '"$0" place 0<&-' "$RESULTS/traces"
step few-descriptors sh -c 'ulimit -n 12; "$0" place' "$RESULTS/traces"
step limits sh -c 'ulimit -a | sort; umask; cat /proc/self/status | grep -E "^(Threads|SigBlk|SigIgn|SigCgt|Groups|NoNewPrivs|Seccomp|CapEff|Umask)"'
step descriptors sh -c 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]* ->\)/\1/p" | grep -v results | cut -c1-40 | sed "s/[0-9]*\/fd/N\/fd/; s/pipe:.*/pipe/"'
step arguments sh -c 'tr "\0" " " </proc/self/cmdline; cat /proc/self/comm'
step session sh -c 'awk "{print (\$5 == \$1), (\$6 == \$1)}" /proc/$$/stat'
for where in stranger unsearchable removed deep root thread filtered handles addresses; do
  mkdir "$where"
  step "$where" "$RESULTS/traces" "$where" "$where"
done
step remove-deep rm -r deep
step another-root chroot / true
step file-with-seccomp file -b /usr/bin/env
step namespaces unshare --mount --user --map-root-user sh -c 'touch in-a-namespace && cat in-a-namespace && id -u'
step file-size-limit sh -c '(ulimit -f 0; "$0" place >/dev/null 2>&1); echo $?; (ulimit -f 1; cat /bin/sh >big); echo $?; stat -c %s big' "$RESULTS/traces"
step memory-limit sh -c '(ulimit -v 100000; "$0" place | tail -1; /bin/true && echo fine)' "$RESULTS/traces"
step stack-limit sh -c '(ulimit -s 128; "$0" place | tail -1; sh -c "echo fine")' "$RESULTS/traces"
step long-arguments sh -c 'seq 100000 | xargs echo | wc -l; /bin/echo $(seq 20000) | wc -c'
step fails-too-long-arguments sh -c '/bin/echo $(seq 2000000); LONG=$(seq 40000) /bin/true'
