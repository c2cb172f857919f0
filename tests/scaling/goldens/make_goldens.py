#!/usr/bin/env python3
"""Makes fits.json: the fits and intervals of src/scaling by SciPy, which shares nothing with ours.

    python3 -m venv venv && venv/bin/pip install scipy numpy
    venv/bin/python tests/scaling/goldens/make_goldens.py

The law is fitted by scipy.optimize.curve_fit (MINPACK), the bootstrap draws with NumPy's generator, so
intervals agree up to the noise of their draws. The file's header names the versions. A change of a
golden needs a reason in its commit.
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
from scipy import optimize, stats

HERE = Path(__file__).parent
TABLES = HERE / "../../../src/scaling/paper/tables"
TOTAL = {"S/16": 55.0, "B/16": 141.0, "L/16": 414.0}
DRAWS = 4000


def cells(name, full, key, strategy):
    rows = json.loads((TABLES / name).read_text())["rows"]
    out = []
    for row in rows:
        if row["strategy"] != strategy or row[key] == full:
            continue
        for model, score in row["scores"].items():
            base = next(
                r["scores"][model]["ft"] for r in rows
                if r[key] == full and r["strategy"] in (strategy, "baseline")
            )
            if score["ft"] is not None:
                out.append((full / row[key] - 1, TOTAL[model], base - score["ft"]))
    return np.array(out)


def law(data, a, b, c):
    x, size = data
    return a * x**b * size**-c


def fit(points):
    x, size, drop = points.T
    parameters, covariance = optimize.curve_fit(
        law, (x, size), drop, p0=(1, 1, 0.1), maxfev=100_000, xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    return parameters, covariance


def convnext_cells():
    """Table 13, ConvNeXt: the ratio of areas stands for that of tokens."""
    table = json.loads((TABLES / "table13_convnext.json").read_text())
    models = ("ConvNeXt-T", "ConvNeXt-B")
    size = {m: table["imageParametersMillion"][m] + table["textParametersMillion"][m] for m in models}
    score = {row["imageSize"]: row["scores"] for row in table["rows"]}
    out = [
        ((224 / side) ** 2 - 1, size[model], score[224][model]["ft"] - values[model]["ft"])
        for side, values in score.items() if side != 224 for model in models
    ]
    return np.array(out)


def transfer_cells(metric, strategy):
    """Table 15: one metric of one strategy, against the same strategy at 32 tokens."""
    rows = json.loads((TABLES / "table15_text_tokens_transfer.json").read_text())["rows"]
    score = {row["textTokens"]: row["scores"] for row in rows if row["strategy"] == strategy}
    return np.array([
        (32 / tokens - 1, TOTAL[model], score[32][model][metric] - values[model][metric])
        for tokens, values in score.items() if tokens != 32 for model in TOTAL
    ])


def law_golden(name, full, key, strategy):
    axis = "image" if key == "imageTokens" else "text"
    return golden_of(axis, strategy, cells(name, full, key, strategy))


def golden_of(axis, strategy, points):
    x, size, drop = points.T
    best, covariance = fit(points)
    fitted = law((x, size), *best)
    residuals = drop - fitted
    scale = np.sqrt(len(drop) / (len(drop) - 3))
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        again = fitted + scale * generator.choice(residuals, len(drop))
        try:
            draws.append(fit(np.column_stack([x, size, again]))[0])
        except RuntimeError:
            pass
    held_out = []
    for i in range(len(points)):
        rest, _ = fit(np.delete(points, i, axis=0))
        held_out.append(law((x[i], size[i]), *rest) - drop[i])
    return {
        "axis": axis,
        "strategy": strategy,
        "points": len(drop),
        "parameters": best.tolist(),
        # Of b and c; that of a depends on the unit of the size.
        "standardErrors": np.sqrt(np.diag(covariance))[1:].tolist(),
        "residualError": float(np.sqrt((residuals**2).sum() / (len(drop) - 3))),
        "low": np.quantile(draws, 0.025, axis=0).tolist(),
        "high": np.quantile(draws, 0.975, axis=0).tolist(),
        "heldOutErrors": held_out,
    }


def curve_golden():
    points = cells("table11_image_tokens.json", 197, "imageTokens", "resize")
    out = {}
    for model, size in TOTAL.items():
        x, _, drop = points[points[:, 1] == size].T
        best, covariance = optimize.curve_fit(
            lambda x, a, b: a * x**b, x, drop, p0=(1, 1), maxfev=100_000, xtol=1e-14, ftol=1e-14
        )
        out[model] = {"parameters": best.tolist(), "errorOfB": float(np.sqrt(covariance[1, 1]))}
    return out


def binned_golden():
    """Points with a hash for noise, so that the test can make the same ones."""
    i = np.arange(60)
    x = 10 ** (9 + 4 * i / 59)
    y = 5.8 * x**-0.11 * (1 + (i * 37 % 11) / 20)
    logs = np.log10(x)
    edges = np.linspace(logs.min() - 0.1, logs.max() + 0.1, 6)
    which = np.digitize(logs, edges) - 1
    best = np.array([y[which == k].min() for k in range(5)])
    middles = (edges[:-1] + edges[1:]) / 2
    slope, intercept = np.polyfit(middles, np.log10(best), 1)
    return {"factor": float(10**intercept), "exponent": float(slope)}


def comparison_golden():
    """Two models, four seeds, no image noise: the pooled t interval, and the paired one."""
    small = np.array([0.52, 0.61, 0.55, 0.58])
    large = np.array([0.31, 0.36, 0.30, 0.37])
    pooled = stats.ttest_ind(small, large, equal_var=True).confidence_interval(0.95)
    paired = stats.ttest_rel(small, large).confidence_interval(0.95)
    return {
        "small": small.tolist(),
        "large": large.tolist(),
        "pooled": [float(pooled.low), float(pooled.high)],
        "paired": [float(paired.low), float(paired.high)],
    }


IMAGE = ("table11_image_tokens.json", 197, "imageTokens")
TEXT = ("table12_text_tokens.json", 32, "textTokens")
golden = {
    "madeBy": f"make_goldens.py, Python {platform.python_version()}, NumPy {np.__version__}, "
    f"SciPy {scipy.__version__}, {DRAWS} draws",
    "laws": [law_golden(*IMAGE, s) for s in ("resize", "random", "block", "grid")]
    + [law_golden(*TEXT, s) for s in ("truncation", "random", "block")]
    + [golden_of("ConvNeXt", "resize", convnext_cells())]
    + [
        golden_of(metric, strategy, transfer_cells(metric, strategy))
        for metric, strategy in (
            ("cocoImage", "truncation"), ("cocoImage", "syntax"), ("cocoText", "syntax"),
            ("inV2", "block"), ("inSketch", "random"),
        )
    ],
    "curves": curve_golden(),
    "binned": binned_golden(),
    "comparison": comparison_golden(),
    "studentT": [
        {"share": q, "freedom": f, "value": float(stats.t.ppf(q, f))}
        for q in (0.6, 0.9, 0.975, 0.995) for f in (1, 2, 3, 6, 7.5, 30, 591)
    ],
}
(HERE / "fits.json").write_text(json.dumps(golden, indent=1) + "\n")
