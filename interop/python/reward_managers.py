"""Reward files of ours in the trainers' own managers: {verl, swift, tokenizer, prompts, answers, truths} -> scores by manager."""
import asyncio
import contextlib
import importlib.util
import io
import json
import sys
import types

import numpy as np
import torch
from transformers import AutoTokenizer

asked = json.load(sys.stdin)


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verl_scores(module):
    from verl import DataProto
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager as LoopManager
    from verl.workers.reward_manager.batch import BatchRewardManager
    from verl.workers.reward_manager.naive import NaiveRewardManager

    tokenizer = AutoTokenizer.from_pretrained(asked["tokenizer"])
    pad = tokenizer.pad_token_id
    prompt = tokenizer(asked["prompts"][0], add_special_tokens=False).input_ids
    answers = [tokenizer(text, add_special_tokens=False).input_ids + [tokenizer.eos_token_id] for text in asked["answers"]]
    longest = max(map(len, answers))
    responses = torch.tensor([ids + [pad] * (longest - len(ids)) for ids in answers])
    seen = torch.tensor([[1] * (len(prompt) + len(ids)) + [0] * (longest - len(ids)) for ids in answers])
    objects = lambda values: np.array(values + [None], dtype=object)[:-1]
    data = DataProto.from_dict(
        tensors={"prompts": torch.tensor([prompt] * len(answers)), "responses": responses, "attention_mask": seen},
        non_tensors={
            "data_source": objects(["street"] * len(answers)),
            "reward_model": objects([{"style": "rule", "ground_truth": truth} for truth in asked["truths"]]),
            "extra_info": objects([{} for _ in answers]),
        },
    )
    found = {}
    for name, cls, score in (
        ("verl naive", NaiveRewardManager, module.compute_score),
        ("verl batch", BatchRewardManager, module.compute_score_batch),
    ):
        result = cls(tokenizer, 0, score)(data, return_dict=True)
        found[name] = result["reward_tensor"].sum(-1).tolist()
        found[name + " parts"] = sorted(result["reward_extra_info"])

    async def loop():
        manager = LoopManager(types.SimpleNamespace(), tokenizer, module.compute_score)
        return [(await manager.run_single(data[k : k + 1]))["reward_score"] for k in range(len(answers))]

    found["verl loop"] = asyncio.run(loop())
    return found


def swift_scores(path):
    load(path, "swift_plugin")
    from swift.rewards import orms

    return asyncio.run(orms["maskwords"]()(completions=asked["answers"], solution=asked["truths"], kind=None))


found = {}
with contextlib.redirect_stdout(io.StringIO()):
    found.update(verl_scores(load(asked["verl"], "verl_reward")))
    found["ms-swift"] = swift_scores(asked["swift"])
print(json.dumps(found))
