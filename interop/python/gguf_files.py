"""GGUF files of the `gguf` package. {make: path, tokens, types, split} -> names written; {read: [paths]} -> metadata and tensors of each."""
import glob
import hashlib
import json
import os
import sys

import gguf
import numpy as np

asked = json.load(sys.stdin)
if "make" in asked:
    split = {"split_max_tensors": asked["split"]} if asked["split"] else {}
    writer = gguf.GGUFWriter(asked["make"], "qwen2vl", **split)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(asked["tokens"])
    writer.add_token_types(asked["types"])
    writer.add_token_merges(["a b"])
    for k in range(4):
        writer.add_tensor(f"blk.{k}.weight", np.arange(8 + k, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(json.dumps(sorted(glob.glob(os.path.join(os.path.dirname(asked["make"]), "*.gguf")))))
else:

    def described(path):
        reader = gguf.GGUFReader(path)
        fields = {}
        for key, field in reader.fields.items():
            value = field.contents()
            fields[key] = value if isinstance(value, (str, int, float, list)) else str(value)
        tensors = {t.name: hashlib.sha256(t.data.tobytes()).hexdigest() for t in reader.tensors}
        return {"fields": fields, "tensors": tensors}

    print(json.dumps([described(path) for path in asked["read"]]))
