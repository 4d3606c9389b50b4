"""Writes small tables as the hub serves them, through `datasets` and pyarrow; prints the pixels of every mask by row and text."""
import io
import json
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, Features, Image, Sequence, Value
from PIL import Image as PIL
from pycocotools import mask as coco

root = json.loads(sys.stdin.readline())["root"]
rng = np.random.default_rng(7)


def picture(height, width, kind="PNG"):
    file = io.BytesIO()
    PIL.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(file, kind)
    return {"bytes": file.getvalue(), "path": None}


def blob(height, width):
    mask = np.zeros((height, width), dtype=np.uint8)
    y, x = rng.integers(0, height - 4), rng.integers(0, width - 4)
    mask[y : y + rng.integers(2, height - y), x : x + rng.integers(2, width - x)] = 1
    mask[rng.random((height, width)) < 0.05] ^= 1
    return mask


def rle(mask):
    found = coco.encode(np.asfortranarray(mask))
    return {"counts": found["counts"].decode(), "size": [int(side) for side in found["size"]]}


def counts(mask):
    return rle(mask)["counts"]


expected = {}


def written(name, table, **options):
    os.makedirs(f"{root}/{name}/data", exist_ok=True)
    return f"{root}/{name}/data/{table}"


# moondream/refcoco-m
rows, expected["refcoco-m"] = [], {}
for k in range(7):
    height, width = int(rng.integers(20, 40)), int(rng.integers(20, 60))
    samples = []
    for j in range(int(rng.integers(1, 4))):
        mask = blob(height, width)
        sentences = [f"thing {k} {j} {n}" for n in range(2)]
        for sentence in sentences:
            expected["refcoco-m"][sentence] = counts(mask)
        samples.append({
            "id": k * 10 + j, "image_id": k, "category": "dog", "supercategory": "animal", "label": "dog",
            "sentences": sentences, "bbox": [1.5, 2.0, 3.0, 4.0], "mask": rle(mask),
        })
    rows.append({"image": picture(height, width, "JPEG"), "image_id": k, "file_name": f"COCO_train2014_{k:012d}.jpg", "samples": samples})
sample = {
    "id": Value("int64"), "image_id": Value("int64"), "category": Value("string"), "supercategory": Value("string"),
    "label": Value("string"), "sentences": Sequence(Value("string")), "bbox": Sequence(Value("float32")),
    "mask": {"counts": Value("string"), "size": Sequence(Value("int32"))},
}
features = Features({"image": Image(), "image_id": Value("int64"), "file_name": Value("string"), "samples": [sample]})
Dataset.from_list(rows, features=features).to_parquet(written("refcoco-m", "validation-00000-of-00001.parquet"), batch_size=3)

# lmms-lab/RefCOCO: an outline of float32, the picture once for each object
rows, expected["lmms"] = [], {}
for k in range(6):
    if k % 2 == 0:
        shared = picture(48, 64)
    outline = [4.25 + k, 5.5, 40.125, 6.0, 41.0, 30.75, 5.0, 31.5]
    found = coco.frPyObjects([[float(np.float32(v)) for v in outline]], 48, 64)
    expected["lmms"][f"object {k}"] = coco.merge(found)["counts"].decode()
    rows.append({
        "question_id": f"q{k}", "image": shared, "question": "Describe the circled area.", "answer": [f"object {k}"],
        "segmentation": outline, "bbox": [4.0, 5.0, 37.0, 27.0], "iscrowd": 0, "file_name": f"{k}.jpg",
    })
features = Features({
    "question_id": Value("string"), "image": Image(), "question": Value("string"), "answer": Sequence(Value("string")),
    "segmentation": Sequence(Value("float32")), "bbox": Sequence(Value("float32")), "iscrowd": Value("int8"), "file_name": Value("string"),
})
Dataset.from_list(rows[:4], features=features).to_parquet(written("lmms", "val-00000-of-00002.parquet"))
Dataset.from_list(rows[4:], features=features).to_parquet(written("lmms", "val-00001-of-00002.parquet"))
Dataset.from_list(rows[:1], features=features).to_parquet(written("lmms", "testA-00000-of-00001.parquet"))

# Ricky06662/ReasonSeg_test: masks as lists of lists of yes and no, in pages of every size, packed and not
for codec, version, page in (("snappy", "1.0", 1 << 20), ("gzip", "2.0", 200), ("none", "1.0", 64), ("brotli", "2.0", 1 << 20)):
    name = f"reasonseg-{codec}"
    rows, expected[name] = [], {}
    for k in range(9):
        height, width = int(rng.integers(12, 60)), int(rng.integers(12, 60))
        mask = blob(height, width)
        text = f"What is thing {k} for?"
        expected[name][text] = counts(mask)
        rows.append({
            "image": picture(height, width), "text": text, "mask": mask.astype(bool).tolist(), "image_id": f"i{k}",
            "ann_id": f"a{k}", "img_height": height, "img_width": width,
        })
    features = Features({
        "image": Image(), "text": Value("string"), "mask": Sequence(Sequence(Value("bool"))), "image_id": Value("string"),
        "ann_id": Value("string"), "img_height": Value("int64"), "img_width": Value("int64"),
    })
    table = Dataset.from_list(rows, features=features).data.table
    pq.write_table(table, written(name, "test-00000-of-00001.parquet"), compression=codec, row_group_size=4,
                   data_page_size=page, data_page_version=version, use_dictionary=False)

# A mask as a picture beside the picture
rows, expected["png"] = [], {}
for k in range(3):
    mask = blob(30, 20)
    file = io.BytesIO()
    PIL.fromarray(mask * 255).save(file, "PNG")
    expected["png"][f"part {k}"] = counts(mask)
    rows.append({"image": picture(30, 20), "text": f"part {k}", "mask": {"bytes": file.getvalue(), "path": None}})
Dataset.from_list(rows, features=Features({"image": Image(), "text": Value("string"), "mask": Image()})).to_parquet(
    written("png", "train-00000-of-00001.parquet"))

print(json.dumps(expected))
