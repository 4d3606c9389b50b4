"""Greedy answers of a folder's model by transformers.

stdin: {"folder": "...", "prompts": [{"input_ids": [...], "mm_token_type_ids": [...], "pixel_values": [...], "image_grid_thw": [[...]]}], "steps": n}
last line of stdout: {"ids": [[...], ...], "rows": <rows of the embedding table>}
"""
import json
import sys

import torch
from transformers import AutoModelForImageTextToText


def main():
    spec = json.load(sys.stdin)
    model = AutoModelForImageTextToText.from_pretrained(spec["folder"], dtype=torch.float32, attn_implementation="eager")
    model.eval()
    answers = []
    for prompt in spec["prompts"]:
        ids = torch.tensor([prompt["input_ids"]])
        grid = torch.tensor(prompt["image_grid_thw"])
        patches = int(grid.prod(1).sum())
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=torch.tensor([prompt["mm_token_type_ids"]], dtype=torch.int32),
            pixel_values=torch.tensor(prompt["pixel_values"]).reshape(patches, -1),
            image_grid_thw=grid,
            max_new_tokens=spec["steps"],
            do_sample=False,
        )
        answers.append(out[0, ids.shape[1]:].tolist())
    print(json.dumps({"ids": answers, "rows": model.get_input_embeddings().weight.shape[0]}))


main()
