"""The baseline of coco-eval.bench.ts: COCO mask AP in Python.

usage: coco-eval-baseline.py TRUTH.json RESULTS.json LIBRARY.so

Where the published package (pycocotools) can be imported, that is timed. Else our own evaluation in the same style:
masks in C through ctypes, matching in Python loops over pictures, categories, area ranges and thresholds, curves in
numpy. Prints one line of JSON: which one, seconds of processor time without reading files, the twelve numbers.
"""
import ctypes
import json
import sys
import time
from collections import defaultdict

import numpy as np


def published(truth_file, result_file):
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = json.load(open(truth_file))
        results = json.load(open(result_file))
        start = time.process_time()
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), 'segm')
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        return 'pycocotools', time.process_time() - start, list(evaluation.stats)


THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
RANGES = [(0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10)]
LIMITS = [1, 10, 100]


def overlaps(library, detections, truths):
    out = np.zeros((len(detections), len(truths)))
    if out.size:
        texts = lambda items: (ctypes.c_char_p * len(items))(*[item['text'] for item in items])
        crowd = np.array([truth['iscrowd'] for truth in truths], dtype=np.uint8)
        library.mask_ious(
            texts(detections), ctypes.c_long(len(detections)), texts(truths), ctypes.c_long(len(truths)),
            crowd.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(truths[0]['segmentation']['size'][0]),
            out.ctypes.data_as(ctypes.c_void_p))
    return out


def judge(ious, detections, truths, low, high):
    ignored = np.array([int(t['iscrowd'] or not low <= t['area'] <= high) for t in truths], dtype=int)
    order = np.argsort(ignored, kind='stable')
    hit = np.zeros((10, len(detections)), dtype=bool)
    skip = np.zeros((10, len(detections)), dtype=bool)
    for t, threshold in enumerate(THRESHOLDS):
        taken = [False] * len(truths)
        for d in range(len(detections)):
            best, found = min(threshold, 1 - 1e-10), -1
            for g in order:
                if taken[g] and not truths[g]['iscrowd']:
                    continue
                if found >= 0 and not ignored[found] and ignored[g]:
                    break
                if ious[d, g] >= best:
                    best, found = ious[d, g], g
            if found >= 0:
                taken[found] = True
                hit[t, d] = True
                skip[t, d] = ignored[found]
            elif not low <= detections[d]['area'] <= high:
                skip[t, d] = True
    return hit, skip, int((ignored == 0).sum())


def ours(truth_file, result_file, library_file):
    library = ctypes.CDLL(library_file)
    library.mask_area.restype = ctypes.c_long
    truth = json.load(open(truth_file))
    results = json.load(open(result_file))
    start = time.process_time()
    truths, detections = defaultdict(list), defaultdict(list)
    for item in truth['annotations']:
        item['text'] = item['segmentation']['counts'].encode()
        truths[item['category_id'], item['image_id']].append(item)
    for item in results:
        item['text'] = item['segmentation']['counts'].encode()
        item['area'] = library.mask_area(item['text'], ctypes.c_long(item['segmentation']['size'][0]))
        detections[item['category_id'], item['image_id']].append(item)
    pictures = sorted(picture['id'] for picture in truth['images'])
    categories = sorted(category['id'] for category in truth['categories'])
    precision = -np.ones((10, 101, len(categories), 4, 3))
    recall = -np.ones((10, len(categories), 4, 3))
    for k, category in enumerate(categories):
        judged = [[], [], [], []]
        for picture in pictures:
            wanted = truths.get((category, picture), [])
            given = sorted(detections.get((category, picture), []), key=lambda item: -item['score'])[:100]
            if not wanted and not given:
                continue
            ious = overlaps(library, given, wanted)
            scores = np.array([item['score'] for item in given])
            for a, (low, high) in enumerate(RANGES):
                judged[a].append((scores, *judge(ious, given, wanted, low, high)))
        for a in range(4):
            total = sum(entry[3] for entry in judged[a])
            if total == 0:
                continue
            for m, limit in enumerate(LIMITS):
                scores = np.concatenate([entry[0][:limit] for entry in judged[a]])
                order = np.argsort(-scores, kind='stable')
                hit = np.concatenate([entry[1][:, :limit] for entry in judged[a]], axis=1)[:, order]
                skip = np.concatenate([entry[2][:, :limit] for entry in judged[a]], axis=1)[:, order]
                right = np.cumsum(hit & ~skip, axis=1)
                wrong = np.cumsum(~hit & ~skip, axis=1)
                for t in range(10):
                    reached = right[t] / total
                    exact = right[t] / (wrong[t] + right[t] + np.spacing(1))
                    exact = np.maximum.accumulate(exact[::-1])[::-1]
                    at = np.searchsorted(reached, RECALLS, side='left')
                    padded = np.append(exact, 0)
                    precision[t, :, k, a, m] = padded[np.minimum(at, len(exact))]
                    recall[t, k, a, m] = reached[-1] if len(reached) else 0
    mean = lambda values: float(values[values > -1].mean()) if (values > -1).any() else -1.0
    stats = [mean(precision[:, :, :, 0, 2]), mean(precision[0, :, :, 0, 2]), mean(precision[5, :, :, 0, 2])]
    stats += [mean(precision[:, :, :, a, 2]) for a in (1, 2, 3)]
    stats += [mean(recall[:, :, 0, m]) for m in range(3)] + [mean(recall[:, :, a, 2]) for a in (1, 2, 3)]
    return 'own Python and C', time.process_time() - start, stats


try:
    name, seconds, stats = published(sys.argv[1], sys.argv[2])
except ImportError:
    name, seconds, stats = ours(*sys.argv[1:4])
print(json.dumps({'name': name, 'seconds': seconds, 'stats': stats}))
