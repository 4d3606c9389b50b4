"""AP50 of pycocotools for masks of one category, all scores 1, as GLaMM's script calls it: {images, truths, detections} -> number."""
import contextlib
import io
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

asked = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": asked["images"],
        "categories": [{"id": 1, "name": "phrase"}],
        "annotations": [
            {**each, "id": i + 1, "category_id": 1, "iscrowd": 0, "area": each["area"], "bbox": [0, 0, 1, 1]}
            for i, each in enumerate(asked["truths"])
        ],
    }
    truth.createIndex()
    found = truth.loadRes([{**each, "category_id": 1, "score": 1.0} for each in asked["detections"]])
    run = COCOeval(truth, found, "segm")
    run.params.catIds = [1]
    run.evaluate()
    run.accumulate()
    run.summarize()
print(json.dumps(float(run.stats[1])))
