"""Loads a model as the library's documentation says, and prints what came out: load.py CLIENT MODEL [REVISION]

If it cannot be loaded: exit code 1, what the library said, and "ERROR after SECONDS s", imports not counted.
"""
import os
import sys
import time


def rounded(tensor):
    return [round(number, 5) for number in tensor.flatten().tolist()]


def snapshot_download(model, revision):
    directory = huggingface_hub.snapshot_download(model, revision=revision)
    return directory, sorted(os.listdir(directory))


def auto_tokenizer(model, revision):
    return transformers.AutoTokenizer.from_pretrained(model, revision=revision)("hello world offline")["input_ids"]


def auto_model(model, revision):
    loaded = transformers.AutoModel.from_pretrained(model, revision=revision).eval()
    return rounded(loaded(torch.tensor([[4, 5, 10]])).last_hidden_state[0, 0])


def remote_code(model, revision):
    loaded = transformers.AutoModel.from_pretrained(model, revision=revision, trust_remote_code=True)
    return type(loaded).__name__, rounded(loaded(torch.ones(1, 4)))


def pipeline(model, revision):
    generate = transformers.pipeline("text-generation", model, revision=revision)
    return generate("hello world", max_new_tokens=8, do_sample=False)


def torch_hub(model, revision):
    loaded = torch.hub.load(model + ":" + revision, "tiny", "https://example.org/tiny.pth", trust_repo=True)
    return rounded(loaded(torch.ones(1, 4)))


def save_into_the_cache(model, revision):
    """What must not work."""
    directory = huggingface_hub.snapshot_download(model, revision=revision)
    transformers.AutoModel.from_pretrained(model).save_pretrained(directory)
    return "saved"


if __name__ == "__main__":
    name, model, revision = (sys.argv[1:] + ["main"])[:3]
    if name == "snapshot_download":
        import huggingface_hub
    elif name == "torch_hub":
        import torch.hub
    else:
        import huggingface_hub
        import torch
        import transformers
        for lazy in ("AutoModel", "AutoTokenizer", "pipeline"):  # imported when they are first named
            getattr(transformers, lazy)
    start = time.monotonic()
    try:
        print(globals()[name](model, revision))
    except Exception as error:
        print("%s\n%s after %.1f s" % (error, type(error).__name__, time.monotonic() - start))
        sys.exit(1)
