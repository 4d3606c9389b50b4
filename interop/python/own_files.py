"""Training files of one's own photos, opened by `datasets`: rows, and the sizes of their pictures as Pillow opens them."""

import json
import os
import sys

from datasets import load_dataset
from PIL import Image


def picture_size(folder, picture):
    """Of a picture that the row holds, or of the file that it names."""
    if isinstance(picture, Image.Image):
        return list(picture.size)
    with Image.open(os.path.join(folder, picture["file"])) as opened:
        return list(opened.size)


def main():
    found = {}
    for name, (kind, folder) in json.loads(sys.stdin.readline()).items():
        files = sorted(f for f in os.listdir(folder) if f.endswith((".parquet", ".jsonl")) and f != "problems.jsonl")
        rows = load_dataset(kind, data_files=[os.path.join(folder, f) for f in files], split="train", cache_dir=os.path.join(folder, ".cache"))
        found[name] = [
            {
                "columns": sorted(rows.column_names),
                "sizes": [picture_size(folder, picture) for picture in row["images"]],
                "masks": json.dumps({k: v for k, v in row.items() if k != "images"}).count("<|mt_start|>"),
            }
            for row in rows
        ]
    print(json.dumps(found))


main()
