#!/usr/bin/env python3
"""Makes probe.json: what scikit-learn's LogisticRegression gives for small problems from a formula.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1
    venv/bin/python tests/eval/goldens/make_probe_goldens.py

A change of the golden file needs a reason in its commit.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression


def problem(count, width, classes, seed):
    """Clusters with an offset that all share, made unit vectors; probe_test.ts has the same formula."""
    state = seed
    values = []
    for _ in range(count * width):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 8) / 2**24 - 0.5)
    features = np.array(values).reshape(count, width)
    labels = np.arange(count) * 7 % classes
    for i, label in enumerate(labels):
        features[i, label % width] += 0.4
    features[:, -1] += 1.5
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features.astype(np.float32), labels


def case(count, width, classes, seed, c):
    features, labels = problem(count, width, classes, seed)
    model = LogisticRegression(C=c, tol=1e-10, max_iter=100_000)
    model.fit(features.astype(np.float64), labels)
    shares = model.predict_proba(features.astype(np.float64))
    loss = -np.log(shares[np.arange(count), labels]).mean()
    objective = loss + (model.coef_**2).sum() / (2 * c * count)
    return {"count": count, "width": width, "classes": classes, "seed": seed, "c": c,
            "objective": float(objective), "accuracy": float(model.score(features, labels)),
            "weights": np.round(model.coef_, 7).ravel().tolist(),
            "bias": np.round(model.intercept_ - model.intercept_.mean(), 7).tolist()}


CASES = [case(60, 5, 4, 1, 0.1), case(60, 5, 4, 1, 10), case(90, 8, 6, 2, 100),
         case(40, 3, 3, 3, 1), case(200, 16, 10, 4, 1000)]
OUT = Path(__file__).with_name("probe.json")
OUT.write_text(json.dumps({"scikit-learn": sklearn.__version__, "cases": CASES}) + "\n")
