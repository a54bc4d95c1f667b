"""Makes tiny models with random weights and puts them into a cache as a download would have: stage.py MODELS-DIR SEED

Weights and the order of words differ by the seed, and so does all that the models say. The files are the libraries' own
(save_pretrained, gguf, torch.save); only where they go is decided here, by the layout of the Hub's cache and of
torch.hub's. Nothing is fetched.
"""
import hashlib
import os
import pathlib
import sys
import tempfile

import gguf
import numpy
import tokenizers
import torch
import transformers

SPECIAL = ["<unk>", "<s>", "</s>"]
WORDS = ["hello", "world", "the", "model", "is", "here", "offline", "and", "tiny"]

CUSTOM_MODEL = """
import torch
from transformers import PretrainedConfig, PreTrainedModel

class CustomConfig(PretrainedConfig):
    model_type = "custom"

class CustomModel(PreTrainedModel):
    config_class = CustomConfig
    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(4, 4)
        self.post_init()
    def forward(self, x):
        return self.layer(x)
"""
HUBCONF = """
import torch
dependencies = ["torch"]
def tiny(url):
    model = torch.nn.Linear(4, 4)
    model.load_state_dict(torch.hub.load_state_dict_from_url(url, progress=False))
    return model
"""


def stage(hub, name, files):
    """A repository with one revision, which is main: blobs, links to them, and the ref."""
    repository = hub / ("models--" + name.replace("/", "--"))
    found = sorted(path for path in files.rglob("*") if path.is_file())
    blobs = {path.relative_to(files): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
    commit = hashlib.sha1(repr(sorted(blobs.items())).encode()).hexdigest()
    (repository / "blobs").mkdir(parents=True)
    for path, blob in blobs.items():
        (repository / "blobs" / blob).write_bytes((files / path).read_bytes())
        link = repository / "snapshots" / commit / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(repository / "blobs" / blob, link.parent))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)


def save_tokenizer(files):
    first = torch.initial_seed() % len(WORDS)
    vocabulary = {word: i for i, word in enumerate(SPECIAL + WORDS[first:] + WORDS[:first])}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", bos_token="<s>", eos_token="</s>",
                                         pad_token="</s>").save_pretrained(files)


def bert(files):
    config = transformers.BertConfig(vocab_size=len(SPECIAL + WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                                     num_attention_heads=2, max_position_embeddings=32, pad_token_id=2)
    transformers.BertModel(config).save_pretrained(files)
    save_tokenizer(files)


def llama(files):
    config = transformers.LlamaConfig(vocab_size=len(SPECIAL + WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                                      num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
                                      bos_token_id=1, eos_token_id=2, pad_token_id=2)
    transformers.LlamaForCausalLM(config).save_pretrained(files)
    save_tokenizer(files)


def custom(files):
    """A model with code of its own (trust_remote_code)."""
    (files / "custom.py").write_text(CUSTOM_MODEL)
    space = {"__name__": "custom"}
    exec(CUSTOM_MODEL, space)
    model = space["CustomModel"](space["CustomConfig"]())
    model.config.auto_map = {"AutoConfig": "custom.CustomConfig", "AutoModel": "custom.CustomModel"}
    model.save_pretrained(files)


def gguf_llama(files):
    """For llama.cpp: what it says are letters."""
    width, inner, heads = 32, 64, 2
    letters = ["\u2581" + chr(letter) for letter in range(ord("a"), ord("z") + 1)]
    tokens = SPECIAL + ["<0x%02X>" % byte for byte in range(256)] + letters
    kinds = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.BYTE] * 256
    random = numpy.random.default_rng(torch.initial_seed())

    def weights(*shape):
        return random.standard_normal(shape).astype(numpy.float32)

    writer = gguf.GGUFWriter(files / "tiny-Q4_K_M.gguf", "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds + [gguf.TokenType.NORMAL] * len(letters))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    output = weights(len(tokens), width)
    output[:-len(letters)] = 0
    tensors = {"token_embd": weights(len(tokens), width), "output": output, "output_norm": numpy.ones(width, numpy.float32)}
    for name, shape in {"attn_q": (width, width), "attn_k": (width, width), "attn_v": (width, width),
                        "attn_output": (width, width), "ffn_gate": (inner, width), "ffn_up": (inner, width),
                        "ffn_down": (width, inner)}.items():
        tensors["blk.0." + name] = weights(*shape)
    for name in ("attn_norm", "ffn_norm"):
        tensors["blk.0." + name] = numpy.ones(width, numpy.float32)
    for name, tensor in tensors.items():
        writer.add_tensor(name + ".weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def torch_hub(directory):
    """As torch.hub leaves it: the repository's directory, the checkpoint, and that its owner is trusted."""
    repository = directory / "tiny_hub_main"
    repository.mkdir(parents=True)
    (repository / "hubconf.py").write_text(HUBCONF)
    (directory / "trusted_list").write_text("tiny_hub\n")
    (directory / "checkpoints").mkdir()
    torch.save(torch.nn.Linear(4, 4).state_dict(), directory / "checkpoints" / "tiny.pth")


def main(models, seed):
    torch.manual_seed(seed)
    for name, make in (("bert", bert), ("llama", llama), ("custom", custom), ("gguf", gguf_llama)):
        with tempfile.TemporaryDirectory() as files:
            make(pathlib.Path(files))
            stage(models / "hub", "tiny/" + name, pathlib.Path(files))
    torch_hub(models / "torch" / "hub")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
