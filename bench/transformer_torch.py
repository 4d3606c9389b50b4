# The PyTorch side of transformer.bench.ts: the same blocks, forward and training step, on the CPU. Prints one line of JSON.
#   python3 bench/transformer_torch.py [repeats] [threads]
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

WIDTH, HEADS, BLOCKS, BATCH, TOKENS = 256, 8, 6, 16, 256
repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 2
torch.set_num_threads(threads)
torch.manual_seed(1)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(WIDTH)
        self.norm2 = torch.nn.LayerNorm(WIDTH)
        self.qkv = torch.nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = torch.nn.Linear(WIDTH, WIDTH)
        self.fc1 = torch.nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = torch.nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        shape = (BATCH, TOKENS, 3, HEADS, WIDTH // HEADS)
        q, k, v = self.qkv(self.norm1(x)).reshape(shape).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-1, -2)) * (WIDTH // HEADS) ** -0.5
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(BATCH, TOKENS, WIDTH)
        x = x + self.proj(mixed)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


def timed(run):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"median": times[len(times) // 2], "best": times[0]}


model = torch.nn.Sequential(*[Block() for _ in range(BLOCKS)])
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
x = torch.rand(BATCH, TOKENS, WIDTH) * 2 - 1
square = torch.rand(1024, 1024)


def forward():
    with torch.no_grad():
        model(x)


def step():
    optimiser.zero_grad(set_to_none=True)
    model(x).square().mean().backward()
    optimiser.step()


peak = 2 * 1024**3 / 1e6 / timed(lambda: square @ square)["best"]
result = {"version": torch.__version__, "threads": torch.get_num_threads(), "peakGflops": peak}
result["forward"] = timed(forward)
result["step"] = timed(step)
result["peakRssMb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
