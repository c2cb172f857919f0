"""Writes src/text/fix_text/mojibake_tables.json: the character tables of ftfy.

The tables say which characters are the usual signs of text that was decoded by the wrong one-byte
code, and what those codes decode to. They are data of ftfy 6.3.1 (Robyn Speer, Apache-2.0); the rules
that use them are written anew in TypeScript.

    pip install ftfy==6.3.1
    python3 tests/text/make_mojibake_tables.py
"""

import json
import pathlib

import ftfy
from ftfy.badness import MOJIBAKE_CATEGORIES
from ftfy.chardata import CHARMAP_ENCODINGS, LIGATURES, UTF8_CLUES

assert ftfy.__version__ == "6.3.1", ftfy.__version__

HIGH = bytes(range(0x80, 0x100))
tables = {
    "source": "ftfy 6.3.1, Robyn Speer, Apache-2.0",
    "classes": MOJIBAKE_CATEGORIES,
    "clues": UTF8_CLUES,
    # What the bytes 0x80 to 0xff decode to.
    "codes": {name: HIGH.decode(name) for name in CHARMAP_ENCODINGS if name != "latin-1"},
    "ligatures": {chr(code): text for code, text in LIGATURES.items()},
}
out = pathlib.Path(__file__).parents[2] / "src/text/fix_text/mojibake_tables.json"
out.write_text(json.dumps(tables, indent=1, ensure_ascii=True) + "\n")
