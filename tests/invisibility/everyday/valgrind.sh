. "$SUITES/steps.sh"
mkdir place
compile threads "$SUITES/programs/threads.c" || exit 1
memcheck() { valgrind -q --error-exitcode=9 --child-silent-after-fork=no "$@" 2>&1 | sed -E 's/[0-9]+/N/g'; return "${PIPESTATUS[0]}"; }
for part in fork cancel; do step $part memcheck "$RESULTS/threads" $part place; done
step files memcheck /bin/bash -c 'echo x >"$WORK/a"; echo y >b; mv b c; chmod 600 c; cat a c; rm c'
step exec memcheck /bin/bash -c '/bin/echo child; exec /bin/echo exec'
step children memcheck --trace-children=yes /bin/sh -c '/bin/true; /bin/echo child'
step environment memcheck env A=b /bin/sh -c 'echo $A'
