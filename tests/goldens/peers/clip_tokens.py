"""Times open_clip's CLIP tokenizer on a file of captions, one a line, for every line of stdin.

Each time is this process's processor time and starts without remembered words. The tokenizer's module is loaded alone: it needs only names
of PyTorch.
"""

import importlib.util
import json
import pathlib
import sys
import time
import types

captions = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")
try:
    import torch
except ImportError:
    sys.modules["torch"] = types.SimpleNamespace(LongTensor=None, Tensor=None)
folder = pathlib.Path(importlib.util.find_spec("open_clip").submodule_search_locations[0])
spec = importlib.util.spec_from_file_location("open_clip_tokenizer", folder / "tokenizer.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
tokenizer = module.SimpleTokenizer()
names = dict(tokenizer.cache)


def measure() -> dict:
    tokenizer.cache = dict(names)
    start = time.process_time()
    tokens = sum(len(tokenizer.encode(caption)) for caption in captions)
    return {"seconds": time.process_time() - start, "tokens": tokens}


measure()
print(json.dumps({"framework": f"Python {sys.version.split()[0]} with open_clip"}), flush=True)
for _ in sys.stdin:
    print(json.dumps(measure()), flush=True)
