"""Files of torch and safetensors with their bytes: {folder} -> {file: {name: {dtype, shape, hex}}} of everything that was saved."""
import json
import os
import sys

import torch
from safetensors.torch import save_file

folder = json.load(sys.stdin)["folder"]
torch.manual_seed(0)
bits = torch.randint(0, 256, (6, 8), dtype=torch.uint8)
# Every bit pattern is a value: NaNs with payloads and denormals must come back as they are.
TYPES = [name for name in (
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64",
    "complex64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float4_e2m1fn_x2",
) if hasattr(torch, name)]
plain = {name: bits.view(getattr(torch, name)).clone() for name in TYPES}
plain["bool"] = bits > 127
plain["scalar"] = torch.tensor(3.25)
plain["empty"] = torch.zeros(0, 4)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
shared = {
    "base": base, "row": base[1], "column": base[:, 2], "block": base[1:3, 2:5], "transposed": base.t(),
    "strided": base[::2, ::3], "expanded": torch.tensor([1.0, 2.0]).expand(3, 2), "again": base,
    "half row": base.to(torch.bfloat16)[2],
}
found = {}


def described(tensors):
    return {
        name: {"dtype": str(t.dtype)[6:], "shape": list(t.shape), "hex": t.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes().hex() if t.numel() else ""}
        for name, t in tensors.items()
    }


def save(name, tensors, **settings):
    torch.save(tensors, os.path.join(folder, name), **settings)
    found[name] = described(tensors)


for protocol in (2, 3, 4, 5):
    save(f"plain-{protocol}.pt", plain, pickle_protocol=protocol)
save("shared.pt", shared)
save("shared-5.pth", shared, pickle_protocol=5)
save("legacy.bin", {k: v for k, v in plain.items() if not k.startswith("uint") or k == "uint8"}, _use_new_zipfile_serialization=False)
save("legacy-shared.bin", shared, _use_new_zipfile_serialization=False)
model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
save("model.pt", model.state_dict())
torch.save({"model": model.state_dict(), "step": 7, "optimizer": torch.optim.AdamW(model.parameters()).state_dict()}, os.path.join(folder, "nested.pt"))
found["nested.pt"] = described(model.state_dict())
stored = {}
for name, tensor in plain.items():
    try:
        save_file({name: tensor}, os.path.join(folder, "try.safetensors"))
        stored[name] = tensor
    except Exception as error:
        print(f"safetensors does not save {name}: {error}", file=sys.stderr)
os.remove(os.path.join(folder, "try.safetensors"))
save_file(stored, os.path.join(folder, "all.safetensors"), metadata={"format": "pt"})
found["all.safetensors"] = described(stored)
# torch holds pairs of 4-bit numbers, safetensors counts each.
pairs = found["all.safetensors"]["float4_e2m1fn_x2"]
pairs.update(dtype="float4_e2m1fn", shape=[*pairs["shape"][:-1], 2 * pairs["shape"][-1]])
print(json.dumps(found))
