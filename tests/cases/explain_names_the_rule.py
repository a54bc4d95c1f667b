#!/usr/bin/env python3
import os

import case


def holds():
    models = case.models()
    config = case.tmp / "rules.toml"
    config.write_text(f'[cache]\nmodels_dir = "{models}"\nprotect = [\n  "{case.tmp}/sealed",\n]\n[egress]\nallow = [\n  "minio.ci:9000",\n'
                      '  "10.0.0.0/8",\n  "[2001:db8::]/32",\n]\n[env]\nset = ["MINE=1"]\n'.replace('"[2001:db8::]/32"', '"2001:db8::/32"'))
    (case.tmp / "sealed").mkdir()
    (case.tmp / "link").symlink_to(models / "hub")
    (case.tmp / "sealed" / "out").symlink_to(case.tmp / "free")
    (case.tmp / "models-hf-homeX").mkdir()

    def said(question, *parts, flags=(), **options):
        result = case.expect_code(case.hfoffline("explain", "--config", config, *flags, question, **options), 0, f"explain {question}")
        for part in parts:
            case.contains(result.out, part, f"explain {question}")
        return result.out

    models_rule = f"rule: {config}:2\n"
    said(models / "hub" / "new" / "file", "writes are refused (EROFS)", f"below the protected tree {models}\n", models_rule)
    said(models, "the root of the protected tree", models_rule)
    said("link/refs", f"leads to {models}/hub/refs", "writes are refused", models_rule, cwd=case.tmp)
    said(case.tmp / "sealed" / "a", f"below the protected tree {case.tmp}/sealed\n", f"rule: {config}:4\n")
    # A link in a sealed tree that leads out: the target is free, the link is not.
    said(case.tmp / "sealed" / "out", f"writes go through: {case.tmp}/free", "the link itself", "writes are refused")
    said(case.tmp / "models-hf-homeX" / "a", "writes go through")
    said(models / ".." / "free", "writes go through", f"leads to {case.tmp}/free")
    said("/", "writes go through")

    said("minio.ci:9000", "allowed by the allow-list", f"rule: {config}:8\n")
    said("MINIO.ci.:9000", "allowed by the allow-list")
    said("minio.ci:9001", "refused", "for another port")
    said("10.1.2.3:80", "allowed by the allow-list", f"rule: {config}:9\n")
    said("[2001:db8::5]:443", "allowed by the allow-list", f"rule: {config}:10\n")
    said("11.1.2.3", "refused with ENETUNREACH", "rule: default")
    said("11.1.2.3", "refused with EACCES", flags=["--errno", "EACCES"])
    said("huggingface.co", "EAI_NONAME", "--allow huggingface.co")
    said("huggingface.co", "let through and recorded", flags=["--mode", "audit"])
    said("localhost:80", "allowed: localhost")
    said("127.3.2.1", "allowed: loopback")
    said("::1", "allowed: loopback")
    said("huggingface.co", "allowed", "rule: --allow", flags=["--allow", "huggingface.co"])

    said("HF_HOME=", f"set to {models}\n", "rule: preset", "now: not set", env=case.clean_environment())
    said("HF_HOME=", "now: /elsewhere", env=case.clean_environment(HF_HOME="/elsewhere"))
    said("TRANSFORMERS_CACHE=", "removed", "rule: preset")
    said("MINE=", "set to 1", f"rule: {config}:13\n")
    said("MY_OWN=", "not managed")
    # What a run does to variables that no setting may name.
    for name, part in (("LD_PRELOAD", "the shim is put before"), ("LD_AUDIT", "removed: such a library"),
                       ("HFOFFLINE_POLICY", "set to the policy of the run"), ("HFOFFLINE_CHECKIN", "for the first program alone"),
                       ("ASAN_OPTIONS", "verify_asan_link_order=0 is added"), ("LD_DEBUG_OUTPUT", "removed if it points below"),
                       ("LD_PROFILE_OUTPUT", "removed if it points below"), ("MALLOC_TRACE", "removed if it points below"),
                       ("GMON_OUT_PREFIX", "removed if it points below")):
        case.lacks(said(name + "=", part), "not managed", f"explain {name}=")
    said("ASAN_OPTIONS=", "set to a=1", "rule: --set", flags=["--set", "ASAN_OPTIONS=a=1"])
    # The port that was asked about is the one to allow.
    case.contains(said("huggingface.co:443", "refused"), "--allow huggingface.co:443\n", "the advice")
    # A URL and a network are no directories.
    for question, what, host in (("https://huggingface.co/x", "a URL", "huggingface.co"), ("http://a.ci:80", "a URL", "a.ci:80"),
                                 ("https://me@[::1]:5/x?y", "a URL", "[::1]:5"), ("10.0.0.0/8", "a network", "10.0.0.0"),
                                 ("[2001:db8::/32]:443", "a network", "2001:db8::")):
        result = case.expect_code(case.hfoffline("explain", question), 2, f"explain {question}")
        case.contains(result.err, what, f"explain {question}")
        case.contains(result.err.replace("'", ""), f"ask about {host}\n", f"explain {question}")
    said("./10.0.0.0/8", "writes go through")
    said("https:/x", "writes go through")

    for question in ("", "bad host!", "host:0", "1.2.3.4:99999", "[::1"):
        result = case.expect_code(case.hfoffline("explain", question), 2, f"explain {question!r}")
        case.check(result.err.startswith("hfoffline: error: "), repr(result))
    case.expect_code(case.hfoffline("explain"), 2, "explain nothing")
    case.check(not os.path.exists("/tmp/hfoffline-XXXXXX"), "explain made a directory")
    # What it says of a path is what a run does.
    for path, refused in ((models / "hub" / "new", True), (case.tmp / "models-hf-homeX" / "a", False)):
        result = case.run("--config", config, "--quiet", "--", "sh", "-c", f"echo x > {path}")
        case.equal(result.code != 0, refused, f"a write to {path}")


case.main(holds)
