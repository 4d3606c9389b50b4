"""The thirteen numbers of lvis-api for small data sets: [{truth, results, kind: bbox | segm}] -> [[AP, AP50, ...]]."""
import json
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np

# lvis 0.5.3 uses the name that NumPy 1.24 took away; it was Python's float.
np.float = float

from lvis import LVIS, LVISEval, LVISResults  # noqa: E402

logging.disable(logging.CRITICAL)
asked = json.load(sys.stdin)
found = []
with tempfile.TemporaryDirectory() as folder:
    for each in asked:
        path = Path(folder, "truth.json")
        path.write_text(json.dumps(each["truth"]))
        truth = LVIS(str(path))
        run = LVISEval(truth, LVISResults(truth, each["results"]), each["kind"])
        run.run()
        found.append([float(value) for value in run.get_results().values()])
print(json.dumps(found))
