"""Pairs of SciPy's linear_sum_assignment: [[rows, columns, costs row-major]] -> [[column of each row, or -1]]."""
import json
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment

found = []
for rows, columns, costs in json.load(sys.stdin):
    pairs = [-1] * rows
    for row, column in zip(*linear_sum_assignment(np.array(costs, dtype=float).reshape(rows, columns))):
        pairs[int(row)] = int(column)
    found.append(pairs)
print(json.dumps(found))
