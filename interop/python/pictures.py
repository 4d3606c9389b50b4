"""Pictures as Pillow writes and reads them: {folder} -> [{file, width, height, rgb: base64 of `Image.open(file).convert('RGB')`}]."""
import base64
import json
import os
import sys

import numpy as np
from PIL import Image

folder = json.load(sys.stdin)["folder"]
W, H = 45, 33
rng = np.random.default_rng(7)
y, x = np.mgrid[0:H, 0:W]
smooth = np.stack([x * 5 % 256, y * 7 % 256, (x + y) * 3 % 256], -1).astype(np.uint8)
noise = rng.integers(0, 256, (H, W, 3), dtype=np.uint8)
edges = np.where(((x // 6 + y // 5) % 2 == 0)[..., None], np.uint8([250, 20, 30]), np.uint8([10, 60, 240])).astype(np.uint8)
pictures = {"smooth": smooth, "noise": noise, "edges": edges}


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def save(name, image, **options):
    image.save(os.path.join(folder, name), **options)


for name, pixels in pictures.items():
    image = Image.fromarray(pixels)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        tail = subsampling.replace(":", "")
        save(f"{name}-{tail}.avif", image, quality=90, subsampling=subsampling)
        save(f"{name}-{tail}.jpg", image, quality=90, subsampling=subsampling)
    save(f"{name}-grey.avif", image.convert("L"), quality=90)
    save(f"{name}-lossless.webp", image, lossless=True)
    save(f"{name}-lossy.webp", image, quality=80)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        save(f"{name}-{compression}.tiff", image, compression=compression)
    for orientation in range(2, 9):
        save(f"{name}-turned{orientation}.tiff", image, exif=exif(orientation))
    save(f"{name}-grey.tiff", image.convert("L"))
    save(f"{name}-16bit.tiff", Image.fromarray(pixels[..., 0].astype(np.uint16) * 257))
    save(f"{name}-palette.gif", image.quantize(64))
    index = image.quantize(16)
    save(f"{name}-transparent.gif", index, transparency=3)
    frames = [index, image.transpose(Image.Transpose.ROTATE_180).quantize(16)]
    save(f"{name}-frames.gif", frames[0], save_all=True, append_images=frames[1:], duration=50, loop=0)
    rgba = image.convert("RGBA")
    rgba.putalpha(Image.fromarray(pixels[..., 1]))
    save(f"{name}-alpha.png", rgba)
    save(f"{name}-alpha.webp", rgba, lossless=True, exact=True)
    save(f"{name}-alpha.tiff", rgba)

read = []
for file in sorted(os.listdir(folder)):
    image = Image.open(os.path.join(folder, file)).convert("RGB")
    read.append({"file": file, "width": image.width, "height": image.height, "rgb": base64.b64encode(image.tobytes()).decode()})
print(json.dumps(read))
