# The torch side of samtok.bench.ts: a Hiera-L trunk at 1024 x 1024, float32, in eager PyTorch on the CPU. It is ours, with
# the shapes of the published one; scaled_dot_product_attention where this torch has it. Prints one line of JSON. With a path,
# the same trunk is also exported to ONNX, for plain ONNX Runtime to run in the same benchmark.
#   python3 bench/hiera_torch.py [threads] [repeats] [trunk.onnx]
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 2
target = sys.argv[3] if len(sys.argv) > 3 else None
torch.set_num_threads(threads)
WIDTH, HEADS, STAGES, WINDOWS, GLOBAL = 144, 2, (2, 6, 36, 4), (8, 4, 16, 8), (23, 33, 43)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    return ((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)).softmax(-1) @ v


def pool(x):
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class Block(torch.nn.Module):
    def __init__(self, width, to, heads, window, pools):
        super().__init__()
        self.to, self.heads, self.window, self.pools = to, heads, window, pools
        self.norm1, self.norm2 = torch.nn.LayerNorm(width, 1e-6), torch.nn.LayerNorm(to, 1e-6)
        self.qkv, self.out = torch.nn.Linear(width, 3 * to), torch.nn.Linear(to, to)
        self.up, self.down = torch.nn.Linear(to, 4 * to), torch.nn.Linear(4 * to, to)
        self.proj = torch.nn.Linear(width, to) if width != to else None

    def forward(self, x):
        normal = self.norm1(x)
        short = x if self.proj is None else pool(self.proj(normal))
        side = normal.shape[1]
        window = self.window or side
        count = side // window
        cut = normal.reshape(count, window, count, window, -1).transpose(1, 2).reshape(count**2, window, window, -1)
        q, k, v = self.qkv(cut).split(self.to, -1)
        if self.pools:
            q, window = pool(q), window // 2
        heads = lambda t: t.reshape(count**2, -1, self.heads, self.to // self.heads).transpose(1, 2)
        mixed = attend(heads(q), heads(k), heads(v)).transpose(1, 2).reshape(count**2, window, window, self.to)
        mixed = self.out(mixed).reshape(count, count, window, window, -1).transpose(1, 2)
        x = short + mixed.reshape(1, count * window, count * window, self.to)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


patch = torch.nn.Conv2d(3, WIDTH, 7, 4, 3)
blocks, width, heads = [], WIDTH, HEADS
for stage, count in enumerate(STAGES):
    for i in range(count):
        first = stage > 0 and i == 0
        to = width * 2 if first else width
        heads = heads * 2 if first else heads
        window = 0 if len(blocks) in GLOBAL else WINDOWS[stage - 1 if first else stage]
        blocks.append(Block(width, to, heads, window, first))
        width = to
class Trunk(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.blocks = patch, torch.nn.Sequential(*blocks)
        self.position = torch.nn.Parameter(torch.randn(1, 256, 256, WIDTH))

    def forward(self, picture):
        return self.blocks(self.patch(picture).permute(0, 2, 3, 1) + self.position)


trunk = Trunk().eval()
picture = torch.randn(1, 3, 1024, 1024)
times = []
with torch.inference_mode():
    for _ in range(repeats):
        start = time.perf_counter()
        trunk(picture)
        times.append(time.perf_counter() - start)
if target:
    with torch.no_grad():
        torch.onnx.export(trunk, picture, target, input_names=["picture"], output_names=["map"], opset_version=14)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"version": torch.__version__, "best_s": min(times), "rss_gib": peak}))
