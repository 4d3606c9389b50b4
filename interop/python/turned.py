"""Pictures that EXIF turns. {make: folder, pictures: [{file, ground, orientation, box}]} writes them; {folders: {format: folder}} -> for each
format and each loader, the box of the red block in every picture: [left, top, right, bottom], sorted."""
import glob
import io
import json
import os
import sys

import datasets
import numpy as np
import webdataset
from PIL import Image
from qwen_vl_utils import fetch_image
from transformers.image_utils import load_image

WIDTH, HEIGHT = 112, 84
# What undoes each orientation: the stored pixels of a picture that shall be shown as it is.
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}


def make(folder, pictures):
    for one in pictures:
        left, top, right, bottom = one["box"]
        pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        pixels[top:bottom, left:right] = [255, 0, 0]
        image = Image.fromarray(pixels)
        if one["ground"] == "shown" and one["orientation"] > 1:
            image = image.transpose(UNDO[one["orientation"]])
        exif = Image.Exif()
        exif[0x0112] = one["orientation"]
        path = os.path.join(folder, one["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        lossless = {"webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}, "avif": {"quality": 100, "subsampling": "4:4:4"}}
        image.save(path, exif=exif, **lossless.get(path.rsplit(".", 1)[1], {}))


def block(image):
    pixels = np.asarray(image.convert("RGB")).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 100)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1] if rows.size else []


def sources(format, folder):
    """What a trainer finds: the path of a file, or its bytes."""
    if format == "webdataset":
        for sample in webdataset.WebDataset(sorted(glob.glob(f"{folder}/*.tar")), shardshuffle=False):
            for image in json.loads(sample["json"])["images"]:
                yield sample[image["member"]]
    elif glob.glob(f"{folder}/*.parquet"):
        table = datasets.Dataset.from_parquet(sorted(glob.glob(f"{folder}/*.parquet")), cache_dir=f"{folder}/.cache")
        for one in table.cast_column("images", datasets.List(datasets.Image(decode=False))):
            yield from (image["bytes"] for image in one["images"])
    else:
        for file in glob.glob(f"{folder}/*-0*.json*"):
            text = open(file).read()
            rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
            for one in rows:
                paths = one.get("images", one.get("image", []))
                # Some formats name pictures from their own folder.
                yield from (os.path.join(folder, path) for path in ([paths] if isinstance(paths, str) else paths))


def loaders(source):
    """The picture as each loader gives it."""
    data = source if isinstance(source, bytes) else open(source, "rb").read()
    yield "PIL", Image.open(io.BytesIO(data))
    feature = datasets.Image()
    yield "datasets", feature.decode_example({"bytes": data, "path": None})
    path = "/dev/shm/interop-turned" if os.path.isdir("/dev/shm") else "interop-turned"
    if isinstance(source, bytes):
        with open(path, "wb") as file:
            file.write(data)
    where = path if isinstance(source, bytes) else os.path.abspath(source)
    yield "transformers", load_image(where)
    yield "qwen_vl_utils", fetch_image({"image": f"file://{where}", "min_pixels": 28 * 28, "max_pixels": 1 << 20})


asked = json.load(sys.stdin)
if "make" in asked:
    make(asked["make"], asked["pictures"])
    print("null")
else:
    found = {}
    for format, folder in asked["folders"].items():
        seen = {}
        for source in sources(format, folder):
            for name, image in loaders(source):
                seen.setdefault(name, set()).add(json.dumps(block(image)))
        found[format] = {name: sorted(boxes) for name, boxes in seen.items()}
    print(json.dumps(found))
