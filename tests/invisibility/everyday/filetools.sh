. "$SUITES/steps.sh"
mkdir -p tree/a/b tree/c
for i in $(seq 60); do seq "$i" >tree/a/f$i; done
ln tree/a/f1 tree/c/hard; ln -s ../a/f2 tree/c/soft; ln -s nowhere tree/c/dangling; mkfifo tree/c/pipe; head -c 300000 /dev/zero >tree/c/zeros
truncate -s 5M tree/c/sparse; chmod 751 tree/a/f3; find tree -exec touch -h -d 2020-01-02 {} +
step find sh -c 'find tree -type f -size +1k -printf "%P %s %m\n" | sort'
step find-exec sh -c 'find tree -name "f1*" -exec grep -c 1 {} + | sort'
step find-links find tree -samefile tree/c/hard -o -xtype l
step find-delete sh -c 'cp -a tree copy && find copy -name "f*5" -delete && find copy | sort | wc -l'
step xargs sh -c 'find tree/a -type f -print0 | sort -z | xargs -0 -P4 -n5 cat | sort -n | tail -1'
step grep grep -rc 42 tree/a/f5 tree/a/f50
step sed sh -c 'sed -i "s/^1$/one/" copy/a/f3 && head -1 copy/a/f3'
step tar tar --sort=name -cf all.tar tree
step tar-list tar -tvf all.tar
step tar-extract sh -c 'mkdir out && tar -C out -xpf all.tar && diff -r --no-dereference -x pipe tree out/tree'
step tar-gzip sh -c 'tar -czf all.tgz tree && gzip -t all.tgz && tar -tzf all.tgz | sort | tail -1'
step tar-pipe sh -c 'tar -C tree -cf - . | (mkdir piped && tar -C piped -xf -) && find piped | wc -l'
step rsync rsync -aH --no-devices --no-specials --out-format=%n tree/ mirror/
step rsync-again rsync -aH --no-devices --no-specials --out-format=%n tree/ mirror/
step rsync-delete sh -c 'rm mirror/a/f9; touch mirror/extra; rsync -aH --no-devices --no-specials --delete --out-format=%n tree/ mirror/'
step rsync-checksum rsync -rcn --out-format=%n tree/ mirror/
step rsync-from-cache rsync -rL --out-format=%n "$MODELS/" cache-copy/
step cp sh -c 'cp -a --reflink=auto tree again && cp -rL --sparse=always tree/a followed && du -s --apparent-size again/a | cut -f1'
step cp-from-cache sh -c 'cp -a "$MODELS" models && find models | wc -l'
step mv sh -c 'mv again/a moved && mv -n moved/f1 moved/f2; mv moved/f1 "$TMPDIR/f1" && cat "$TMPDIR/f1"; rm "$TMPDIR/f1"'
step dd sh -c 'dd if=/dev/zero of=block bs=4k count=3 conv=fsync status=none && dd if=tree/a/f9 of=block bs=1 seek=8 conv=notrunc status=none && sha256sum block'
step install sh -c 'install -D -m 750 tree/a/f1 bin/tool && stat -c "%a %s" bin/tool'
step links sh -c 'ln -sfn a link && readlink -f link && realpath --relative-to=tree tree/c/soft'
step fails-rm rm missing
step fails-directory cp tree nowhere/there
step fails-denied sh -c 'rmdir tree'
step touch sh -c 'touch -r tree/a/f1 now && stat -c %Y now && touch -h -d @5 tree/c/soft && stat -c %Y tree/c/soft'
step split sh -c 'seq 500 | split -l 100 - part. && cat part.* | md5sum && shred -u part.aa && ls part.*'
step flock flock file echo locked
step temporary sh -c 'f=$(mktemp) && d=$(mktemp -d) && echo x >"$f" && ls -A "$d" | wc -l && rm -r "$f" "$d"'
step devices sh -c 'echo x >/dev/null; head -c 4 /dev/urandom | wc -c; echo y >/dev/stdout; echo z >/dev/stderr; head -c1 /dev/zero | od -c'
step proc sh -c 'ls -l /proc/self/exe | sed "s/.*-> //"; cat /proc/self/comm; readlink /proc/self/cwd'
step write-error sh -c 'cat tree/a/f9 >/dev/full; true'
