#!/usr/bin/env python3
"""Evaluates an exported folder with open_clip and CLIP_benchmark themselves, in double precision.

Arguments: the model's folder, a classification and a retrieval folder in CLIP_benchmark's webdataset
layout, and a JSON list of {"fit", "filter"}. Prints a JSON list with what CLIP_benchmark computes.
"""

import contextlib
import io
import json
import sys

import torch
from clip_benchmark.datasets.builder import build_wds_dataset, image_captions_collate_fn
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import image_transform
from safetensors.torch import load_file
from torch.utils.data import DataLoader
from torchvision.transforms import CenterCrop, Resize


def transform_of(fit, name, size, preprocess):
    mode = "squash" if fit == "squash" else "shortest"
    mean, std = preprocess["mean"], preprocess["std"]
    made = image_transform(
        size, is_train=False, mean=mean, std=std, resize_mode=mode, interpolation=name
    )
    if fit == "resize-crop-0.875":
        first = made.transforms[0]
        assert isinstance(first, Resize) and isinstance(made.transforms[1], CenterCrop)
        made.transforms[0] = Resize(int(size / 0.875), interpolation=first.interpolation)
    return lambda image: made(image).double()


def main(folder, classes, captions, runs):
    with open(f"{folder}/open_clip_config.json") as file:
        config = json.load(file)
    shape = config["model_cfg"]
    model = CLIP(**shape)
    model.load_state_dict(load_file(f"{folder}/open_clip_model.safetensors"), strict=True)
    model = model.double().eval()
    tokenizer = SimpleTokenizer(context_length=shape["text_cfg"]["context_length"])
    size = shape["vision_cfg"]["image_size"]
    results = []
    for run in runs:
        transform = transform_of(run["fit"], run["filter"], size, config["preprocess_cfg"])
        data = build_wds_dataset("small", transform, "test", classes)
        templates = data.templates
        loader = DataLoader(data, batch_size=5)
        classifier = zeroshot_classification.zero_shot_classifier(
            model, tokenizer, data.classes, templates, "cpu", amp=False
        )
        logits, target = zeroshot_classification.run_classification(
            model, classifier, loader, "cpu", amp=False
        )
        # The first of equal scores is the answer, as argmax has it.
        order = torch.sort(logits, dim=1, descending=True, stable=True)[1]
        hits = order.eq(target.view(-1, 1))
        measured = zeroshot_classification.evaluate(
            model, loader, tokenizer, data.classes, templates, "cpu", amp=False
        )
        pairs = build_wds_dataset("small", transform, "test", captions)
        pair_loader = DataLoader(pairs, batch_size=5, collate_fn=image_captions_collate_fn)
        recalls = zeroshot_retrieval.evaluate(
            model, pair_loader, tokenizer, "cpu", amp=False, recall_k_list=[1, 5, 10]
        )
        results.append({
            **run,
            "logits": logits.flatten().tolist(),
            "acc1": hits[:, :1].any(1).double().mean().item(),
            "acc5": hits[:, :5].any(1).double().mean().item(),
            "measured": measured,
            "meanPerClassRecall": measured["mean_per_class_recall"],
            "retrieval": recalls,
        })
    return results


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        answer = main(*sys.argv[1:4], json.loads(sys.argv[4]))
    print(json.dumps(answer))
