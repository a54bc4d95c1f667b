#!/usr/bin/env python3
"""A file of a protected tree that is already open for writing when the run starts is open for reading only in it."""
import os

import case

models = case.models()


def holds():
    inside, outside = models / "inherited", case.tmp / "outside"
    for file in (inside, outside):
        file.write_text("first\nsecond\n")
    flags = os.O_RDWR | os.O_APPEND
    descriptors = [os.open(inside, flags), os.open(inside, os.O_WRONLY), os.open(outside, flags)]
    os.lseek(descriptors[0], 6, os.SEEK_SET)
    one, two, three = descriptors
    result = case.run("--models-dir", models, "--", "python3", "-c", f"""
import os
def write(descriptor):
    try:
        return os.write(descriptor, b"more\\n")
    except OSError as error:
        return error.strerror
print(write({one}), write({two}), write({three}), os.read({one}, 100))
""", pass_fds=descriptors)
    case.expect_code(result, 0, "the program")
    case.equal(result.out, "Bad file descriptor Bad file descriptor 5 b'second\\n'\n", "writing, and reading from where it stood")
    case.equal(inside.read_text(), "first\nsecond\n", "in the tree")
    case.equal(outside.read_text(), "first\nsecond\nmore\n", "beside it")
    case.contains(result.err, f"descriptor {one} is open for writing", "said")
    case.lacks(result.err, f"descriptor {three} ", "said of what is beside it")
    # The caller's own is as it was.
    os.write(two, b"FIRST")
    case.equal(inside.read_text(), "FIRST\nsecond\n", "after the run")


case.main(holds)
