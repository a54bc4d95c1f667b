"""Stand-ins for the clients of src/layers/cache_clients.def: named as the client is, and with its order of locations.

The orders are those that docs/presets.md and the clients' own documents have. Which of the clients were tried for real
is said in docs/shadow.md.
"""
import case
from shadow_trees import write

_HUB = '''
import os
def cache_home():
    return os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
def hf_home():
    return os.environ.get("HF_HOME", os.path.join(cache_home(), "huggingface"))
def hub():
    return os.environ.get("HF_HUB_CACHE", os.environ.get("HUGGINGFACE_HUB_CACHE", os.path.join(hf_home(), "hub")))
def snapshot(repository, cache=None):
    base = os.path.join(cache or hub(), "models--" + repository.replace("/", "--"))
    return os.path.join(base, "snapshots", open(os.path.join(base, "refs/main")).read())
def cached(repository, name, cache=None):
    path = os.path.join(snapshot(repository, cache), name)
    open(path).close()
    return path
'''

# By the name in the table: files below the site directory, the variable that wins over all others, and what it leads to
# in a run that manages nothing ("" for what the client makes itself).
MODULES = {
    "huggingface_hub": ("HF_HUB_CACHE", {"huggingface_hub/__init__.py": _HUB + "hf_hub_download = cached\n"}),
    "transformers": ("TRANSFORMERS_CACHE", {"transformers/__init__.py": "", "transformers/utils.py": _HUB + '''
def cached_file(repository, name):
    return cached(repository, name, os.environ.get("TRANSFORMERS_CACHE"))
'''}),
    "datasets": ("HF_DATASETS_CACHE", {"datasets/__init__.py": _HUB + '''
class config:
    HF_DATASETS_CACHE = os.environ.get("HF_DATASETS_CACHE", os.path.join(hf_home(), "datasets"))
'''}),
    "evaluate": ("HF_EVALUATE_CACHE", {"evaluate/__init__.py": _HUB + '''
class config:
    HF_EVALUATE_CACHE = os.environ.get("HF_EVALUATE_CACHE", os.path.join(hf_home(), "evaluate"))
'''}),
    "sentence_transformers": ("SENTENCE_TRANSFORMERS_HOME", {"sentence_transformers/__init__.py": _HUB + '''
def SentenceTransformer(repository, device):
    cached(repository, "modules.json", os.environ.get("SENTENCE_TRANSFORMERS_HOME"))
    raise ValueError("no model")
'''}),
    "torch": ("TORCH_HOME", {"torch/__init__.py": "", "torch/hub.py": _HUB + '''
def load_state_dict_from_url(url):
    home = os.environ.get("TORCH_HOME", os.path.join(cache_home(), "torch"))
    open(os.path.join(home, "hub/checkpoints", url.rsplit("/", 1)[1])).close()
    raise ValueError("no checkpoint")
'''}),
    "vllm": ("HF_HUB_CACHE", {"vllm/model_executor/model_loader/weight_utils.py": _HUB + '''
def download_weights_from_hf(name, cache_dir, allow_patterns, revision):
    return snapshot(name, cache_dir)
'''}),
    "text_generation_server": ("WEIGHTS_CACHE_OVERRIDE", {"text_generation_server/utils/hub.py": _HUB + '''
def weight_files(name):
    override = os.environ.get("WEIGHTS_CACHE_OVERRIDE")
    if override:
        return [os.path.join(override, "model.safetensors")]
    return [cached(name, "model.safetensors")]
'''}),
    "nltk": ("NLTK_DATA", {"nltk/__init__.py": "", "nltk/data.py": '''
import os
def find(name):
    for place in [*os.environ.get("NLTK_DATA", "").split(":"), os.path.expanduser("~/nltk_data")]:
        if place and os.path.exists(os.path.join(place, name)):
            return os.path.join(place, name)
    raise LookupError(name)
'''}),
    "tiktoken": ("TIKTOKEN_CACHE_DIR", {"tiktoken/__init__.py": "", "tiktoken/load.py": '''
import hashlib, os, tempfile
def read_file_cached(url):
    default = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    place = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    return open(os.path.join(place, hashlib.sha1(url.encode()).hexdigest())).read()
'''}),
    "gradio": (None, {"gradio/__init__.py": "", "gradio/utils.py": '''
import os, tempfile
def get_upload_folder():
    return os.environ.get("GRADIO_TEMP_DIR") or os.path.join(tempfile.gettempdir(), "gradio")
'''}),
    "hf_xet": ("HF_XET_CACHE", {"hf_xet/__init__.py": ""}),
}

_LLAMA = "#!/usr/bin/env python3\nimport sys\n" + _HUB + '''
repository = sys.argv[sys.argv.index("-hf") + 1].split(":")[0]
path = cached(repository, "sentinel-Q8_0.gguf", os.environ.get("LLAMA_CACHE"))
print(f"llama_model_loader: failed to load model from {path}", file=sys.stderr)
sys.exit(1)
'''
# Goes on until it is ended, as a server does. Its own log, shortened.
_OLLAMA = '''#!/usr/bin/env python3
import os, sys, time
assert sys.argv[1:] == ["serve"] and os.environ["OLLAMA_HOST"] == "127.0.0.1:0"
models = os.environ.get("OLLAMA_MODELS") or os.path.expanduser("~/.ollama/models")
print(f'level=INFO msg="server config" env="map[OLLAMA_KEEP_ALIVE:5m0s OLLAMA_MODELS:{models} OLLAMA_NOPRUNE:true]"',
      file=sys.stderr, flush=True)
time.sleep(600)
'''
PROGRAMS = {
    "llama-cli": ("LLAMA_CACHE", _LLAMA),
    "llama-server": ("LLAMA_CACHE", _LLAMA),
    "ollama": ("OLLAMA_MODELS", _OLLAMA),
}

# What is left of the library in a program that was built with it: the name of a source file.
LINKED = "\x7fELF ... /registry/src/index.crates.io-1/hf-hub-{version}/src/api/sync.rs ...\n"

_NODE = '''
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
const home = process.env.HF_HOME ?? join(process.env.HOME, ".cache/huggingface");
export async function downloadFileToCacheDir({ repo, path, revision }) {
  const hub = process.env.HF_HUB_CACHE ?? process.env.HUGGINGFACE_HUB_CACHE ?? join(home, "hub");
  const file = join(hub, `models--${repo.replace("/", "--")}`, "snapshots", revision, path);
  readFileSync(file);
  return file;
}
'''
PACKAGES = {"@huggingface/hub": ("HF_HUB_CACHE", _NODE)}


def install_modules(site, names=MODULES):
    for name in names:
        write(site, MODULES[name][1])


def install_programs(directory, names=PROGRAMS):
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        (directory / name).write_text(PROGRAMS[name][1])
        (directory / name).chmod(0o755)


def install_linked(directory, name="text-embeddings-router", version="0.4.1"):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(LINKED.format(version=version))
    (directory / name).chmod(0o755)


def install_packages(directory):
    write(directory / "node_modules/@huggingface/hub", {
        "package.json": '{"name": "@huggingface/hub", "version": "0.0.0", "type": "module", "exports": "./index.js"}',
        "index.js": _NODE})


def names_of_the_table():
    """What the rows of src/layers/cache_clients.def are called."""
    import re
    text = (case.SOURCE / "src/layers/cache_clients.def").read_text()
    return re.findall(r'^CACHE_CLIENT\(\w+, \w+, "([^"]+)"', text, re.MULTILINE)
