"""Resizes by the real libraries: {cases: [{from: [h, w], to: [h, w]}]} -> for each, base64 of what Pillow, torchvision and torch make of the
samples (7919 i mod 1009): `pillow` and `torchvision` bytes (of i mod 251, RGB), `bilinear`, `antialias`, `bicubic` float32."""
import base64
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torchvision.transforms.v2.functional import InterpolationMode, resize


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


made = []
for case in json.load(sys.stdin)["cases"]:
    (h, w), (H, W) = case["from"], case["to"]
    n = np.arange(h * w * 3, dtype=np.int64)
    rgb = (n * 7919 % 251).astype(np.uint8).reshape(h, w, 3)
    values = torch.from_numpy((np.arange(h * w, dtype=np.int64) * 7919 % 1009 / 1009).astype(np.float32)).reshape(1, 1, h, w)
    bytes_ = torch.from_numpy(rgb).permute(2, 0, 1).contiguous()
    one = {
        "pillow": text(np.asarray(Image.fromarray(rgb).resize((W, H), Image.Resampling.BICUBIC))),
        "torchvision": text(resize(bytes_, [H, W], InterpolationMode.BICUBIC, antialias=True).permute(1, 2, 0).numpy()),
    }
    for name, options in (
        ("bilinear", {"mode": "bilinear"}), ("antialias", {"mode": "bilinear", "antialias": True}), ("bicubic", {"mode": "bicubic"}),
    ):
        one[name] = text(F.interpolate(values, size=(H, W), align_corners=False, **options).numpy())
    made.append(one)
print(json.dumps(made))
