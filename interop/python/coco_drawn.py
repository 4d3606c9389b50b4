"""Outlines drawn by a seed, with what pycocotools makes of them: text, area, box, IoU. Writes fixtures/reference/coco-rle-drawn.golden.json."""

import json
import sys

import numpy as np
from pycocotools import mask as coco

random = np.random.default_rng(20)
groups = []
for _ in range(12):
    height, width = int(random.integers(20, 160)), int(random.integers(20, 160))
    masks = []
    for _ in range(6):
        parts = []
        for _ in range(int(random.integers(1, 4))):
            corners = int(random.integers(3, 12))
            middle = random.uniform(0, 1, 2) * (width, height)
            reach = random.uniform(1, 0.6 * max(width, height))
            turns = np.sort(random.uniform(0, 2 * np.pi, corners))
            spread = random.uniform(0.3, 1, corners) * reach
            xs = np.clip(middle[0] + spread * np.cos(turns), 0, width)
            ys = np.clip(middle[1] + spread * np.sin(turns), 0, height)
            # As annotation files have them: two decimals.
            parts.append([round(float(v), 2) for v in np.stack([xs, ys], 1).ravel()])
        rle = coco.merge(coco.frPyObjects(parts, height, width))
        masks.append(
            {
                "polygons": parts,
                "counts": rle["counts"].decode(),
                "area": int(coco.area(rle)),
                "bbox": [int(v) for v in coco.toBbox(rle)],
            }
        )
    rles = [{"size": [height, width], "counts": m["counts"].encode()} for m in masks]
    crowd = [int(v) for v in random.integers(0, 2, len(rles))]
    iou = coco.iou(rles, rles, crowd)
    groups.append(
        {
            "size": [height, width],
            "masks": masks,
            "iscrowd": crowd,
            "iou": [[round(float(v), 9) for v in row] for row in iou],
        }
    )
with open(sys.argv[1], "w") as file:
    json.dump({"made_with": "pycocotools 2.0.11", "groups": groups}, file, separators=(",", ":"))
