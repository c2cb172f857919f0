"""Two whole small CLIP models, written as the papers' code bases describe them; no code of theirs.

Parameters carry open_clip's names and layouts. A parameter's values are hashed from its name.
"""

import jax
import jax.numpy as jnp
import numpy as np

from . import hashed
from .attention import attention
from .case import expectation, number
from .contrastive import share
from .elementwise import ACTIVATIONS
from .norm import l2_normalize, layer_norm

BATCH, SIZE, PATCH, TEXT_TOKENS, VOCABULARY, EMBED, LAYERS = 6, 12, 4, 6, 50, 16, 2
IMAGE = {"width": 24, "heads": 3, "mlp": 96}
TEXT = {"width": 20, "heads": 2, "mlp": 80}

FLAVOURS = {
    "jax": {
        "gelu": "GELU_TANH", "layer_norm_eps": 1e-6, "norm_eps": 1e-8, "norm_add": True,
        "pre_norm": False, "position": "sincos2d", "image_pool": "mean_patches", "causal": False,
        "text_pool": "last", "mean_std": [0.485, 0.456, 0.406, 0.229, 0.224, 0.225],
    },
    "torch": {
        "gelu": "GELU_ERF", "layer_norm_eps": 1e-5, "norm_eps": 1e-12, "norm_add": False,
        "pre_norm": True, "position": "learned", "image_pool": "mean", "causal": True,
        "text_pool": "eot",
        "mean_std": [0.48145466, 0.4578275, 0.40821073, 0.26862954, 0.26130258, 0.27577711],
    },
}


def sin_cos_2d(grid: int, width: int) -> np.ndarray:
    """The JAX code's fixed position table of a square grid, behind a row of zeros for the class
    token: sin(x w), cos(x w), sin(y w), cos(y w) with w_k = 10000^(-k / (width / 4 - 1))."""
    omega = 10000.0 ** -np.linspace(0, 1, width // 4)
    y, x = np.meshgrid(np.arange(grid), np.arange(grid), indexing="ij")
    parts = [f(np.outer(axis.ravel(), omega)) for axis in (x, y) for f in (np.sin, np.cos)]
    table = np.concatenate([np.zeros((1, width)), np.concatenate(parts, axis=1)])
    return table.astype(np.float32).astype(np.float64)


def shapes(flavour: dict) -> dict[str, tuple]:
    width, text = IMAGE["width"], TEXT["width"]
    found = {"visual.conv1.weight": (width, 3, PATCH, PATCH), "visual.class_embedding": (width,)}
    if flavour["position"] == "learned":
        found["visual.positional_embedding"] = ((SIZE // PATCH) ** 2 + 1, width)

    def norm(name, w):
        found.update({f"{name}.weight": (w,), f"{name}.bias": (w,)})

    def block(name, w, mlp):
        norm(f"{name}.ln_1", w)
        found.update({
            f"{name}.attn.in_proj_weight": (3 * w, w), f"{name}.attn.in_proj_bias": (3 * w,),
            f"{name}.attn.out_proj.weight": (w, w), f"{name}.attn.out_proj.bias": (w,),
        })
        norm(f"{name}.ln_2", w)
        found.update({
            f"{name}.mlp.c_fc.weight": (mlp, w), f"{name}.mlp.c_fc.bias": (mlp,),
            f"{name}.mlp.c_proj.weight": (w, mlp), f"{name}.mlp.c_proj.bias": (w,),
        })

    if flavour["pre_norm"]:
        norm("visual.ln_pre", width)
    for i in range(LAYERS):
        block(f"visual.transformer.resblocks.{i}", width, IMAGE["mlp"])
    norm("visual.ln_post", width)
    found["visual.proj"] = (width, EMBED)
    found["token_embedding.weight"] = (VOCABULARY, text)
    found["positional_embedding"] = (TEXT_TOKENS, text)
    for i in range(LAYERS):
        block(f"transformer.resblocks.{i}", text, TEXT["mlp"])
    norm("ln_final", text)
    found["text_projection"] = (text, EMBED)
    found["logit_scale"] = (1,)
    return found


def value_range(name: str, shape: tuple) -> tuple[float, float]:
    """Large enough that every part of the model matters to the loss."""
    if name == "logit_scale":
        return 2.0, 2.5
    if name.endswith(("ln_1.weight", "ln_2.weight", "ln_pre.weight", "ln_post.weight", "ln_final.weight")):
        return 0.75, 1.25
    if len(shape) == 1:
        return -0.25, 0.25
    if "embedding" in name:
        return -0.5, 0.5
    return -0.375, 0.375


def block(p, name, x, tower, flavour, causal):
    eps = flavour["layer_norm_eps"]
    batch, tokens, width = x.shape

    def get(part):
        return p[f"{name}.{part}"]

    n = layer_norm(x, get("ln_1.weight"), get("ln_1.bias"), eps)
    qkv = n @ get("attn.in_proj_weight").T + get("attn.in_proj_bias")
    heads = tower["heads"]
    qkv = qkv.reshape(batch, tokens, 3, heads, width // heads)
    mixed, _ = attention(qkv, (width // heads) ** -0.5, causal)
    x = x + mixed @ get("attn.out_proj.weight").T + get("attn.out_proj.bias")
    n = layer_norm(x, get("ln_2.weight"), get("ln_2.bias"), eps)
    h = ACTIVATIONS[flavour["gelu"]](n @ get("mlp.c_fc.weight").T + get("mlp.c_fc.bias"))
    return x + h @ get("mlp.c_proj.weight").T + get("mlp.c_proj.bias")


def image_features(p, pixels, flavour):
    mean_std = np.asarray(flavour["mean_std"], dtype=np.float32).astype(np.float64)
    x = jnp.asarray((pixels / 255.0 - mean_std[:3]) / mean_std[3:])
    # A convolution whose stride is its size, by the library: independent of the op's patch order.
    x = jax.lax.conv_general_dilated(x, p["visual.conv1.weight"], (PATCH, PATCH), "VALID",
                                     dimension_numbers=("NHWC", "OIHW", "NHWC"))
    x = x.reshape(x.shape[0], -1, x.shape[-1])
    cls = jnp.broadcast_to(p["visual.class_embedding"], (x.shape[0], 1, x.shape[-1]))
    x = jnp.concatenate([cls, x], axis=1)
    if flavour["position"] == "learned":
        x = x + p["visual.positional_embedding"]
    else:
        x = x + sin_cos_2d(SIZE // PATCH, IMAGE["width"])
    eps = flavour["layer_norm_eps"]
    if flavour["pre_norm"]:
        x = layer_norm(x, p["visual.ln_pre.weight"], p["visual.ln_pre.bias"], eps)
    for i in range(LAYERS):
        x = block(p, f"visual.transformer.resblocks.{i}", x, IMAGE, flavour, False)
    x = x[:, 1:].mean(1) if flavour["image_pool"] == "mean_patches" else x.mean(1)
    x = layer_norm(x, p["visual.ln_post.weight"], p["visual.ln_post.bias"], eps)
    return l2_normalize(x @ p["visual.proj"], flavour["norm_eps"], flavour["norm_add"])


def text_features(p, ids, flavour):
    x = p["token_embedding.weight"][ids] + p["positional_embedding"]
    for i in range(LAYERS):
        x = block(p, f"transformer.resblocks.{i}", x, TEXT, flavour, flavour["causal"])
    x = layer_norm(x, p["ln_final.weight"], p["ln_final.bias"], flavour["layer_norm_eps"])
    x = x[:, -1] if flavour["text_pool"] == "last" else x[np.arange(len(ids)), ids.argmax(1)]
    return l2_normalize(x @ p["text_projection"], flavour["norm_eps"], flavour["norm_add"])


def golden(name: str) -> dict:
    flavour = FLAVOURS[name]
    ranges = {k: value_range(k, s) for k, s in shapes(flavour).items()}
    parameters = {
        k: jnp.asarray(hashed.floats(k, int(np.prod(s)), *ranges[k]).astype(np.float64).reshape(s))
        for k, s in shapes(flavour).items()
    }
    pixels = hashed.integers("pixels", BATCH * SIZE * SIZE * 3, 0, 256).reshape(BATCH, SIZE, SIZE, 3)
    ids = hashed.integers("ids", BATCH * TEXT_TOKENS, 0, VOCABULARY).reshape(BATCH, TEXT_TOKENS)

    def loss_of(p):
        image, text = image_features(p, pixels, flavour), text_features(p, ids, flavour)
        return share(image, text, p["logit_scale"], 0, BATCH)[0][0], (image, text)

    (loss, (image, text)), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters)
    shape = {
        "batch": BATCH, "imageSize": SIZE, "patch": PATCH, "textTokens": TEXT_TOKENS,
        "vocabulary": VOCABULARY, "embed": EMBED, "layers": LAYERS, "image": IMAGE, "text": TEXT,
    }
    depth = LAYERS * 4 * IMAGE["mlp"]
    return {
        "flavour": name,
        "shape": shape,
        "loss": number(loss),
        "image": expectation("image", image, depth),
        "text": expectation("text", text, depth),
        "parameters": {
            k: {"shape": list(s), "range": list(ranges[k]),
                "gradient": expectation(k, gradients[k], 2 * depth)}
            for k, s in shapes(flavour).items()
        },
    }
