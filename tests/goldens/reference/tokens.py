"""Token embedding, patches, assembly of image tokens, pooling."""

import jax
import jax.numpy as jnp
import numpy as np

from .case import Case


def embed(ids, table, position):
    y = table[ids]
    return y if position is None else y + position


def patchify(pixels, mean_std, patch, index):
    """pixels [batch, height, width, 3] -> [batch, kept, 3 * patch * patch], channel-major."""
    batch, height, width, _ = pixels.shape
    x = (pixels / 255.0 - mean_std[:3]) / mean_std[3:]
    x = x.reshape(batch, height // patch, patch, width // patch, patch, 3)
    x = x.transpose(0, 1, 3, 5, 2, 4).reshape(batch, -1, 3 * patch * patch)
    return x if index is None else np.take_along_axis(x, index[:, :, None], axis=1)


def assemble(x, cls, position, index):
    batch, kept, width = x.shape
    first = 0 if cls is None else 1
    if cls is not None:
        x = jnp.concatenate([jnp.broadcast_to(cls, (batch, 1, width)), x], axis=1)
    if position is None:
        return x
    rows = np.broadcast_to(np.arange(kept), (batch, kept)) if index is None else index
    rows = np.concatenate([np.zeros((batch, first), int), rows + first], axis=1)
    return x + position[rows]


def pool(x, kind, ids):
    if kind == "CLS":
        return x[:, 0]
    if kind == "MEAN":
        return x.mean(1)
    if kind == "MEAN_PATCHES":
        return x[:, 1:].mean(1)
    if kind == "LAST":
        return x[:, -1]
    return x[np.arange(x.shape[0]), ids.argmax(1)]


def embedding_cases():
    for batch, tokens, width, vocabulary in ((1, 1, 1, 1), (3, 4, 7, 5), (2, 17, 48, 9),
                                             (5, 8, 65, 50), (2, 50, 100, 300), (64, 16, 24, 40)):
        for positioned in (False, True):
            dims = [batch, tokens, width, vocabulary]
            c = Case(f"embedding {'x'.join(map(str, dims))}{' position' if positioned else ''}")
            ids = c.integers("ids", [batch, tokens], 0, vocabulary)
            inputs = {"table": c.floats("table", [vocabulary, width])}
            if positioned:
                inputs["position"] = c.floats("position", [tokens, width])
            dy = c.floats("dy", [batch, tokens, width])
            y, pull = jax.vjp(lambda p: embed(ids, p["table"], p.get("position")),
                              {k: jnp.asarray(v) for k, v in inputs.items()})
            grads = pull(jnp.asarray(dy))[0]
            position, dposition = ("position", "dposition") if positioned else (None, None)
            c.op("EMBEDDING", dims, ["ids", "table", position, "y"])
            c.op("EMBEDDING_BACKWARD", dims, ["ids", "dy", "dtable", dposition])
            c.expect("y", y)
            acc = c.floats("dtable2", [vocabulary, width])
            acc2 = c.floats("dposition2", [tokens, width])
            c.op("EMBEDDING_BACKWARD", dims,
                 ["ids", "dy", "dtable2", "dposition2" if positioned else None], flags=["ACCUMULATE"])
            most = int(np.bincount(ids.ravel()).max())
            c.expect("dtable", grads["table"], most)
            c.expect("dtable2", acc + grads["table"], most)
            if positioned:
                c.expect("dposition", grads["position"], batch)
                c.expect("dposition2", acc2 + grads["position"], batch)
            c.differentiable({"y": "dy"}, {k: f"d{k}" for k in inputs})
            yield c


def patchify_cases():
    for batch, height, width, patch, kept in ((1, 4, 4, 4, 1), (2, 12, 12, 4, 9), (3, 8, 12, 2, 24),
                                              (2, 56, 56, 8, 20), (1, 42, 28, 14, 3), (2, 7, 21, 7, 2)):
        total = (height // patch) * (width // patch)
        c = Case(f"patchify {batch}x{height}x{width} patch {patch} kept {kept}")
        pixels = c.bytes("pixels", [batch, height, width, 3])
        mean_std = c.values("meanstd", [0.485, 0.456, 0.406, 0.229, 0.224, 0.225])
        index = c.kept("index", batch, kept, total)
        c.op("PATCHIFY", [batch, height, width, patch, total], ["pixels", "meanstd", None, "all"])
        c.op("PATCHIFY", [batch, height, width, patch, kept], ["pixels", "meanstd", "index", "y"])
        c.expect("all", patchify(pixels, mean_std, patch, None), 4)
        c.expect("y", patchify(pixels, mean_std, patch, index), 4)
        yield c


def assemble_cases():
    for batch, patches, width in ((1, 1, 1), (3, 4, 7), (2, 16, 48), (2, 36, 65), (2, 49, 100),
                                  (4, 9, 24)):
        for cls in (False, True):
            for positioned, indexed in ((False, False), (True, False), (True, True)):
                kept = max(1, patches // 2) if indexed else patches
                rows = patches + cls if positioned else 0
                words = [w for w, on in (("cls", cls), ("position", positioned), ("index", indexed))
                         if on]
                c = Case(" ".join([f"assemble {batch}x{patches}x{width}", *words]))
                inputs = {"x": c.floats("x", [batch, kept, width])}
                if cls:
                    inputs["cls"] = c.floats("cls", [width])
                if positioned:
                    inputs["position"] = c.floats("position", [rows, width])
                index = c.kept("index", batch, kept, patches) if indexed else None
                dy = c.floats("dy", [batch, kept + cls, width])
                y, pull = jax.vjp(lambda p: assemble(p["x"], p.get("cls"), p.get("position"), index),
                                  {k: jnp.asarray(v) for k, v in inputs.items()})
                grads = pull(jnp.asarray(dy))[0]
                dims = [batch, kept, width, rows]
                at = "index" if indexed else None
                c.op("ASSEMBLE_TOKENS", dims, ["x", *(k if k in inputs else None for k in
                                                      ("cls", "position")), at, "y"])
                c.expect("y", y)
                base = ["CLASS_TOKEN"] if cls else []
                outs = {k: f"d{k}" for k in inputs}
                c.op("ASSEMBLE_TOKENS_BACKWARD", dims,
                     ["dy", at, "dx", outs.get("cls"), outs.get("position")], flags=base)
                depths = {"x": 1, "cls": batch, "position": batch}
                for k, gradient in grads.items():
                    c.expect(f"d{k}", gradient, depths[k])
                again = {}
                for k in ("cls", "position"):
                    if k in inputs:
                        again[k] = f"d{k}2"
                        old = c.floats(again[k], inputs[k].shape)
                        c.expect(again[k], old + grads[k], batch)
                c.op("ASSEMBLE_TOKENS_BACKWARD", dims,
                     ["dy", at, "dx2", again.get("cls"), again.get("position")],
                     flags=[*base, "ACCUMULATE"])
                c.expect("dx2", grads["x"])
                c.differentiable({"y": "dy"}, outs)
                yield c


POOLS = ("CLS", "MEAN", "MEAN_PATCHES", "LAST", "ARGMAX")


def pool_cases():
    for batch, tokens, width in ((2, 1, 7), (1, 4, 48), (3, 5, 65), (2, 17, 100), (5, 50, 24),
                                 (2, 197, 48)):
        for number, kind in enumerate(POOLS):
            if kind == "MEAN_PATCHES" and tokens < 2:
                continue
            c = Case(f"pool {kind} {batch}x{tokens}x{width}")
            x, dy = c.floats("x", [batch, tokens, width]), c.floats("dy", [batch, width])
            # Few different ids, so that the largest occurs more than once.
            ids = c.integers("ids", [batch, tokens], 0, 5) if kind == "ARGMAX" else None
            y, pull = jax.vjp(lambda x: pool(x, kind, ids), jnp.asarray(x))
            at = "ids" if kind == "ARGMAX" else None
            dims = [batch, tokens, width, number]
            c.op("POOL", dims, ["x", at, "y"])
            c.op("POOL_BACKWARD", dims, ["dy", at, "dx"])
            c.expect("y", y, tokens)
            c.expect("dx", pull(jnp.asarray(dy))[0])
            c.differentiable({"y": "dy"}, {"x": "dx"})
            yield c
