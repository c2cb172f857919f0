"""Writes src/text/bert_classes.json: which characters BERT's tokenizer of open_clip drops or splits at.

The tokenizer is that of the Rust library `tokenizers`, whose character classes are those of an old
Unicode version. Characters are asked for one by one, so that the tables hold whatever version that is.

    pip install tokenizers==0.22.1
    python3 tests/text/make_bert_classes.py
"""

import json
import pathlib

import tokenizers
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

assert tokenizers.__version__ == "0.22.1", tokenizers.__version__
OFF = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
CLEAN = BertNormalizer(**{**OFF, "clean_text": True})
CHINESE = BertNormalizer(**{**OFF, "handle_chinese_chars": True})
STRIP = BertNormalizer(**{**OFF, "strip_accents": True})
SPLIT = BertPreTokenizer()


def tests(c):
    cleaned = CLEAN.normalize_str(c)
    words = [word for word, _ in SPLIT.pre_tokenize_str(f"a{c}b")]
    return {
        "space": cleaned == " " or words == ["a", "b"],
        "dropped": cleaned == "",
        "mark": STRIP.normalize_str(c) == "",
        "apart": words == ["a", c, "b"] or CHINESE.normalize_str(c) == f" {c} ",
    }


classes = {}
for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    for name, yes in tests(chr(code)).items():
        if not yes:
            continue
        ranges = classes.setdefault(name, [])
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])

lines = [
    f' "{name}": "{",".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in ranges)}"'
    for name, ranges in classes.items()
]
out = pathlib.Path(__file__).parents[2] / "src/text/bert_classes.json"
out.write_text("{\n" + ",\n".join(lines) + "\n}\n")
