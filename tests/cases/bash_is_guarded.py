#!/usr/bin/env python3
import shutil

import case

models = case.models()
PROGRAM = r"""
file=$1 models=$2 sibling=$3 port=$4
said() { local name=$1; shift; if "$@" 2>"$sibling/errors"; then echo "$name passed"; else echo "$name: $(grep -oE 'Read-only file system|Network is unreachable|Name or service not known' "$sibling/errors" | head -1)"; fi; }
grep -o '"model_type": *"[a-z]*"' "$file"
said redirect eval 'echo x > "$models/new"'
said append eval 'echo x >> "$file"'
said noclobber eval 'set -C; echo x > "$models/new2"; r=$?; set +C; (exit $r)'
said touch touch "$file"
said mkdir mkdir -p "$models/a/b"
said rm rm -rf "$models/hub"
said mv mv "$file" "$sibling/stolen"
said cp cp "$file" "$models/copy"
said tee eval 'echo x | tee "$models/tee" > /dev/null'
said tar tar -C "$models" -xf "$sibling/archive.tar"
said chmod chmod 600 "$file"
said dd dd if=/dev/zero of="$file" count=1 conv=notrunc status=none
said subshell eval '(cd "$models" && echo x > ./new)'
said pushd eval 'pushd "$models/hub" > /dev/null && echo x > ../new'
said fd eval 'exec 9<"$models" && echo x > /proc/self/fd/9/new'
said tcp eval 'exec 8<>/dev/tcp/10.1.2.3/80'
said udp eval 'echo x > /dev/udp/10.1.2.3/53'
said name eval 'exec 8<>/dev/tcp/huggingface.co/443'
# What must pass.
said loopback eval 'exec 7<>/dev/tcp/127.0.0.1/$port && printf "GET / HTTP/1.0\r\n\r\n" >&7 && head -1 <&7 | grep -q 200'
said sibling eval 'echo x > "$sibling/new"'
said here eval 'cat <<< "here document" > /dev/null'
said fifo eval 'mkfifo "$sibling/fifo"; (echo x > "$sibling/fifo") & read -r line < "$sibling/fifo"'
said process eval 'cat <(echo x) > >(cat > /dev/null)'
"""
READ_ONLY = ("redirect append noclobber touch mkdir rm mv cp tee tar chmod dd subshell pushd fd").split()
PASSED = "loopback sibling here fifo process".split()


def holds():
    bash = shutil.which("bash") or case.skip("bash is not installed")
    sibling = case.tmp / (models.name + "X")
    sibling.mkdir()
    (sibling / "inside").write_text("x")
    case.expect_code(case.command("tar", "-C", sibling, "-cf", sibling / "archive.tar", "inside"), 0, "an archive")
    before = sorted(str(p) for p in models.rglob("*"))
    text = case.sample_file(models).read_text()
    server = case.Server(case.tmp)
    result = case.quickly(40, case.run, "--models-dir", models, "--fail-on-refusal", "--", bash, "-c", PROGRAM, "bash", case.sample_file(models),
                          models, sibling, server.port)
    expected = ['"model_type": "bert"'] + [f"{name}: Read-only file system" for name in READ_ONLY]
    expected += ["tcp: Network is unreachable", "udp: Network is unreachable", "name: Name or service not known"]
    expected += [f"{name} passed" for name in PASSED]
    case.equal(result.out.splitlines(), expected, f"what bash saw: {result.err}")
    case.expect_code(result, 3, "the run")
    after = sorted(str(p) for p in models.rglob("*"))
    case.equal((set(after) - set(before), set(before) - set(after)), (set(), set()), "files that appeared and vanished in the cache")
    case.equal(case.sample_file(models).read_text(), text, "the file")


case.isolate("net")
case.main(holds)
