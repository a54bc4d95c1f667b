#!/usr/bin/env python3
import shutil

import case

models = case.models()


def holds():
    curl = shutil.which("curl") or case.skip("curl is not installed")
    server = case.Server(models)
    path = case.sample_file(models).relative_to(models)

    def guarded(*arguments, flags=(), **environment):
        return case.quickly(20, case.run, "--models-dir", models, *flags, "--", curl, "-sS", *arguments,
                            env=case.clean_environment(**environment))

    could_not_resolve, could_not_connect, could_not_write = 6, 7, 23
    case.expect_code(guarded("https://huggingface.co/"), could_not_resolve, "a name")
    case.expect_code(guarded("http://10.1.2.3/"), could_not_connect, "an address")
    case.expect_code(guarded("http://[2001:db8::1]/"), could_not_connect, "an IPv6 address")
    case.expect_code(guarded("--resolve", "huggingface.co:443:10.1.2.3", "https://huggingface.co/"), could_not_connect, "--resolve")
    result = guarded("-o", "/dev/null", "-x", "http://10.1.2.3:3128", "https://huggingface.co/")
    case.expect_code(result, could_not_connect, "a proxy that was asked for")
    # A proxy in the environment is a way out that a run removes.
    case.expect_code(guarded(server.url + "/", http_proxy="http://10.1.2.3:3128", ALL_PROXY="socks5://10.1.2.3:1080"), 0, "proxies in variables")
    case.expect_code(guarded("-o", models / "new", server.url + "/"), could_not_write, "a file in the cache")
    case.check(not (models / "new").exists(), "the file was written")
    # The twins.
    result = case.expect_code(guarded(f"{server.url}/{path}"), 0, "loopback")
    case.equal(result.out, case.sample_file(models).read_text(), "what came from loopback")
    case.expect_code(guarded(f"http://localhost:{server.port}/"), 0, "localhost")
    case.equal(guarded(f"file://{case.sample_file(models)}").out, result.out, "a file of the cache")
    sibling = case.tmp / (models.name + "X")
    sibling.mkdir()
    case.expect_code(guarded("-o", sibling / "copy", server.url + "/"), 0, "a file beside the cache")
    # Allowed means allowed: the kernel of this namespace answers itself, that it has no route; and no refusal is counted.
    result = guarded("http://10.1.2.3/", flags=["--allow", "10.0.0.0/8"])
    case.expect_code(result, could_not_connect, "an allowed address without a route")
    case.contains(result.err, "nothing was refused", "an allowed address")


case.isolate("net")
case.main(holds)
