. "$SUITES/steps.sh"
mkdir src
for i in $(seq 12); do printf '#include "all.h"\nint f%d(int x) { return x + %d; }\n' "$i" "$i" >src/f$i.c; done
for i in $(seq 12); do echo "int f$i(int);"; done >src/all.h
{ echo '#include <stdio.h>'; echo '#include "all.h"'; echo 'int main(void) { int s = 0;'; for i in $(seq 12); do echo "s = f$i(s);"; done; echo 'printf("%d\n", s); return 0; }'; } >src/main.c
cat >Makefile <<'MAKE'
objects := $(patsubst src/%.c,%.o,$(wildcard src/*.c))
program: liball.a main.o ; @$(CC) -o $@ main.o -L. -lall
liball.a: $(filter-out main.o,$(objects)) ; @$(AR) rcD $@ $(sort $^)
%.o: src/%.c src/all.h ; @$(CC) -O1 -c -o $@ $<
.PHONY: clean recursive
clean: ; @rm -f *.o liball.a program
recursive: ; @$(MAKE) --no-print-directory clean && $(MAKE) --no-print-directory program && ./program
MAKE
step build make -j4 program
step program ./program
step nothing-to-do make -j4 program
step changed sh -c 'touch src/f7.c; make -n program'
step recursive make -j3 recursive
step fails-error make -j4 nowhere
step dry-run make -n clean
step functions sh -c 'printf "show: ; @echo \$(shell echo a b | tr a-z A-Z) \$(sort c b a) \$\$\$\$HOME\n" | sed "s/\$\$\$\$HOME//" >M; make -f M show'
