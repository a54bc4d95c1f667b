#!/usr/bin/env python3
import case

models = case.models()


def holds():
    result = case.run("--models-dir", models, "--", "sh", "-c", f"cat; echo x > {models}/x; echo end", input="some input\n")
    case.expect_code(result, 0, "the run")
    case.equal(result.out, "some input\nend\n", "stdout")
    case.contains(result.err, "1 request was refused", "what is ours is on stderr")
    result = case.run("--quiet", "--models-dir", models, "--", "sh", "-c", "cat >&2", input="to stderr\n")
    case.equal((result.out, result.err), ("", "to stderr\n"), "stderr with --quiet")
    # Bytes, not text; and a reader that goes away ends the writer, as without us.
    result = case.command("sh", "-c", f"{case.HFOFFLINE} run --quiet -- yes | head -1; exit 0")
    case.equal(result.out, "y\n", "a closed pipe")
    # Nobody reads the summary: the exit code comes through all the same.
    result = case.command("bash", "-c", f"{case.HFOFFLINE} run -- sh -c 'sleep 0.3; exit 5' 2> >(exec true); echo $?")
    case.equal(result.out, "5\n", "a closed stderr")


case.main(holds)
