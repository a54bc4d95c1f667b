#!/usr/bin/env python3
import os
import pathlib

import case

models = case.models()


def holds():
    path = case.tmp / "record.jsonl"
    # Some end in the middle of a refusal.
    script = f"""
i=0
while [ $i -lt 100 ]; do
  for j in 1 2 3 4 5 6 7 8 9 10; do
    /bin/sh -c 'echo x > {models}/new' 2>/dev/null &
  done
  wait
  i=$((i + 1))
done
"""
    result = case.run("--models-dir", models, "--record", path, "--quiet", "--fail-on-refusal", "--", "sh", "-c", script, timeout=200)
    case.expect_code(result, 3, "the run")
    lines = case.record(path)
    case.equal(len(lines), 1000, "refusals recorded")
    case.equal(len({line["pid"] for line in lines}), 1000, "processes")
    case.equal(case.leftovers(), [], "directories of the run")
    case.check(not (models / "new").exists(), "a write went through")

    # Scratch space that the program made unremovable goes as well.
    awkward = "mkdir -p $HF_DATASETS_CACHE/a/b && touch $HF_DATASETS_CACHE/a/b/c && chmod 500 $HF_DATASETS_CACHE/a/b $HF_DATASETS_CACHE/a"
    user = case.unprivileged() if os.geteuid() == 0 else None
    result = case.run("--models-dir", models, "--", "sh", "-c", awkward, user=user)
    case.expect_code(result, 0, "read-only directories in scratch space")
    case.lacks(result.err, "could not be removed", "read-only directories in scratch space")

    # A run that ends before it starts the command leaves nothing either.
    case.expect_code(case.run("--models-dir", models, "--", "no-such-command"), 127, "not found")
    case.expect_code(case.run("--models-dir", "/no/such/dir", "--", "true"), 2, "no models dir")
    case.equal(case.leftovers(), [], "directories of the run")
    case.check(pathlib.Path(models).is_dir(), "the cache is still there")


case.main(holds)
