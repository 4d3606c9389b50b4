"""What transformers gives for a small Qwen model whose weights are a formula of their keys.

stdin: {"config": {...config.json...}, "grids": [[frames, rows, columns], ...], "input_ids": [...], "mm_token_type_ids": [...]}
last line of stdout: {"logits": [...], "features": [...], "position_ids": [[...]] * 3}
Pictures only; patches are the formula's numbers for the key "pixels".
"""
import json
import sys

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText


def units(key, count):
    seed = 0x811C9DC5
    for byte in key.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x735A2D97) & 0xFFFFFFFF
    x ^= x >> 15
    return x.astype(np.float64) / 2**31 - 1


def formula(key, shape):
    u = units(key, int(np.prod(shape)) if len(shape) else 1).reshape(shape)
    if len(shape) < 2:
        return (1 + 0.2 * u if key.endswith("weight") else 0.2 * u).astype(np.float32)
    return (u * np.sqrt(3 / np.prod(shape[1:]))).astype(np.float32)


def disk_name(name, family):
    """Name of a weight in published checkpoints; transformers 5 renames those of Qwen2.5-VL when it loads them."""
    if family != "qwen2_5_vl":
        return name
    for start, other in (("model.visual.", "visual."), ("model.language_model.", "model.")):
        if name.startswith(start):
            return other + name[len(start):]
    return name


def main():
    spec = json.load(sys.stdin)
    given = dict(spec["config"])
    family = given.pop("model_type")
    config = AutoConfig.for_model(family, **given)
    config._attn_implementation = "eager"
    seeing = hasattr(config, "vision_config")
    model = (AutoModelForImageTextToText if seeing else AutoModelForCausalLM).from_config(config)
    model.eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.from_numpy(formula(disk_name(name, family), tuple(weight.shape))))
        ids = torch.tensor([spec["input_ids"]])
        arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        out = {}
        if spec.get("grids"):
            grid = torch.tensor(spec["grids"])
            vision = config.vision_config
            values = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
            patches = int(grid.prod(1).sum())
            pixels = torch.from_numpy(units("pixels", patches * values).astype(np.float32).reshape(patches, values))
            kinds = torch.tensor([spec["mm_token_type_ids"]], dtype=torch.int32)
            arguments |= {"pixel_values": pixels, "image_grid_thw": grid, "mm_token_type_ids": kinds}
            positions, _ = model.model.get_rope_index(ids, kinds, image_grid_thw=grid)
            out["position_ids"] = positions[:, 0].tolist()
            features = model.model.visual(pixels, grid_thw=grid).pooler_output
            out["features"] = features.flatten().tolist()
        out["logits"] = model(**arguments).logits[0].flatten().tolist()
    print(json.dumps(out))


main()
