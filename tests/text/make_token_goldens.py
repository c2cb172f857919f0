"""Writes tests/text/goldens/reference_tokens.json: what the reference tokenizers make of 10,000 captions.

For each tokenizer and each block of 100 captions, the SHA-256 of all ids, cut to 16 digits; and the ids
of a few captions as a specimen. A caption without a token gives an empty list.

    pip install ftfy==6.3.1 regex==2026.11.19 tokenizers==0.22.1 tensorflow-cpu==2.21.0 \\
        tensorflow-text==2.21.1 && pip install --no-deps open_clip_torch==3.3.0
    deno run tests/text/many_captions.ts > captions.json
    python3 tests/text/make_token_goldens.py captions.json vocab.txt

vocab.txt is BERT's uncased vocabulary (sha256 07eced37...038a3).
"""

import hashlib
import importlib.util
import json
import pathlib
import re
import sys
import types

BLOCK = 100
SPECIMEN = range(0, 100)

captions = json.load(open(sys.argv[1]))
vocabulary = sys.argv[2]
assert hashlib.sha256(open(vocabulary, "rb").read()).hexdigest().startswith("07eced375cec144d")

# The tokenizer's module needs only names of torch and numpy.
sys.modules.setdefault("torch", types.SimpleNamespace(LongTensor=None, Tensor=None))
folder = pathlib.Path(importlib.util.find_spec("open_clip").submodule_search_locations[0])
spec = importlib.util.spec_from_file_location("open_clip_tokenizer", folder / "tokenizer.py")
open_clip = importlib.util.module_from_spec(spec)
spec.loader.exec_module(open_clip)


def clip_bpe():
    tokenizer = open_clip.SimpleTokenizer()
    return [tokenizer.encode(caption) for caption in captions]


def strip_sep():
    """open_clip's HFTokenizer for bert-base-uncased, without its download."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from tokenizers import AddedToken

    tokenizer = Tokenizer(models.WordPiece.from_file(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    clean = open_clip.get_clean_fn("whitespace")
    rows = tokenizer.encode_batch([clean(caption) for caption in captions], add_special_tokens=False)
    return [[0 if i == 102 else i for i in row.ids] for row in rows]


def jax():
    """The tokenizer of clipa_jax/transforms/bert_ops.py."""
    import tensorflow as tf
    import tensorflow_text

    tokenizer = tensorflow_text.BertTokenizer(vocabulary, token_out_type=tf.int32, lower_case=True)
    # A lone surrogate has no UTF-8, so that a file cannot hold it.
    texts = [re.sub("[\ud800-\udfff]", "\ufffd", caption) for caption in captions]
    return tokenizer.tokenize(tf.constant(texts)).merge_dims(1, -1).to_list()


def digest(value):
    text = json.dumps(value, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


only = sys.argv[3:] or ["clip-bpe", "bert-uncased-strip-sep", "bert-uncased"]
makers = {"clip-bpe": clip_bpe, "bert-uncased-strip-sep": strip_sep, "bert-uncased": jax}
out = pathlib.Path(__file__).parent / "goldens" / "reference_tokens.json"
golden = json.loads(out.read_text()) if out.exists() else {}
golden["captions"] = digest(captions)
golden["count"] = len(captions)
for name in only:
    rows = makers[name]()
    pathlib.Path(sys.argv[1]).with_suffix(f".{name}.json").write_text(json.dumps(rows))
    golden[name] = {
        "blocks": [digest(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)],
        "specimen": [rows[i] for i in range(0, 20)],
    }
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
