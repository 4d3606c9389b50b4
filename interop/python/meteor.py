"""METEOR 1.5 in Java as pycocoevalcap runs it: scores of captions that are split already, and the folder with its files."""
import json
import os
import sys

from pycocoevalcap.meteor import meteor

samples = json.loads(sys.stdin.readline())
scorer = meteor.Meteor()
wanted = {k: sample["references"] for k, sample in enumerate(samples)}
said = {k: [sample["caption"]] for k, sample in enumerate(samples)}
score, scores = scorer.compute_score(wanted, said)
folder = os.path.dirname(os.path.abspath(meteor.__file__))
print(json.dumps({"folder": folder, "score": score, "scores": scores}))
