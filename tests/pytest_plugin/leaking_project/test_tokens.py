"""Ten tests in two files, of which two leak; the plugin's own tests, and the documentation, run them."""
import json
import subprocess
import sys
import urllib.request

import pytest


def split(text):
    return text.lower().split()


def newest_vocabulary():
    try:
        with urllib.request.urlopen("https://huggingface.co/api/models/bert") as answer:
            return json.load(answer)["sha"]
    except OSError:
        return "built-in"


@pytest.mark.parametrize("text, count", [("", 0), ("one", 1), ("One two", 2)])
def test_split(text, count):
    assert len(split(text)) == count


def test_vocabulary_has_a_version():  # leaks, and swallows the exception
    assert newest_vocabulary()


def test_words_are_lower_case():
    assert split("A B") == ["a", "b"]


def test_subprocess_splits():
    result = subprocess.run([sys.executable, "-c", "print('a b'.split())"], stdout=subprocess.PIPE, check=True)
    assert result.stdout == b"['a', 'b']\n"
