#!/usr/bin/env python3
import case


def holds():
    models = case.models()
    work = case.tmp / "work"
    (work / "sub").mkdir(parents=True)
    (work / "my.toml").write_text('[cache]\nmarker = "MY_MODELS"\n')
    protected = work / "protected"
    protected.mkdir()
    result = case.run("--models-dir", "../models-hf-home", "--config", "my.toml", "--record", "r.jsonl", "--protect", "./protected",
                      "--scratch", "scratch", "--", "sh", "-c",
                      "cd sub; echo $HF_HOME $MY_MODELS; echo $HF_MODULES_CACHE; echo x > ../protected/x; echo x > $HF_HOME/x; true", cwd=work)
    case.expect_code(result, 0, "the run")
    case.equal(result.out, f"{models} {models}\n{work}/scratch/modules\n", "what the command sees")
    case.equal(sorted(line["rule"] for line in case.record(work / "r.jsonl")), ["--models-dir", "--protect"], "the record")
    case.contains(result.err, f"config {work}/my.toml", "the config in the summary")
    case.check((work / "scratch").is_dir(), "a scratch directory that was named stays")
    # Found upward, and said.
    (work / "hfoffline.toml").write_text("[env]\nset = [\"FOUND=yes\"]\n")
    result = case.run("--", "sh", "-c", "echo $FOUND", cwd=work / "sub")
    case.equal(result.out, "yes\n", "the nearest config upward")
    case.contains(result.err, f"config {work}/hfoffline.toml", "the config in the summary")
    # Flag over variable over file.
    (work / "hfoffline.toml").write_text('[egress]\nerrno = "EACCES"\n')
    ask = ["python3", "-c", "import socket, errno\ntry: socket.create_connection(('10.1.2.3', 80))\nexcept OSError as e: print(errno.errorcode[e.errno])"]
    env = case.clean_environment(HFOFFLINE_ERRNO="EHOSTUNREACH")
    case.equal(case.run("--", *ask, cwd=work).out, "EACCES\n", "the file")
    case.equal(case.run("--", *ask, cwd=work, env=env).out, "EHOSTUNREACH\n", "the variable")
    case.equal(case.run("--errno", "ENETDOWN", "--", *ask, cwd=work, env=env).out, "ENETDOWN\n", "the flag")


case.isolate("net")
case.main(holds)
