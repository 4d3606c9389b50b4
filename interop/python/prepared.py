"""What the consumers of `prepare` load: {folders: {format: folder}, tokenizer} -> {format: [{sizes, places, texts, answer, words, ids}]}."""
import contextlib
import glob
import io
import json
import os
import re
import sys

import datasets
import webdataset
from PIL import Image
from qwen_vl_utils import process_vision_info
from tokenizers import Tokenizer

# LLaMA-Factory refuses the newest transformers, for parts that are not used here.
os.environ["DISABLE_VERSION_CHECK"] = "1"
asked = json.load(sys.stdin)
tokenizer = Tokenizer.from_file(asked["tokenizer"])
WORD = re.compile(r"<\|mt_\w+\|>")
added = {token["id"]: token["content"] for token in json.load(open(asked["tokenizer"]))["added_tokens"]}


def row(sizes, texts, answer, places=None):
    """Texts of one sample: every mask word in them must be one id, the word's own."""
    whole = "\n".join([*texts, *([answer] if answer else [])])
    ids = [added[id] for id in tokenizer.encode(whole, add_special_tokens=False).ids if WORD.fullmatch(added.get(id, ""))]
    return {
        "sizes": sizes, "answer": answer, "words": len(WORD.findall(whole)), "same": ids == WORD.findall(whole),
        "places": whole.count("<image>") if places is None else places,
    }


def parquet(folder):
    files = sorted(glob.glob(f"{folder}/*.parquet"))
    return datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=f"{folder}/.cache")


def parts(messages):
    """Texts and number of pictures of messages with lists of parts."""
    all_parts = [part for message in messages for part in message["content"]]
    return [p["text"] for p in all_parts if p["type"] == "text"], sum(p["type"] == "image" for p in all_parts)


def trl(folder):
    for one in parquet(folder):
        texts, places = parts(one["prompt"])
        answer = "".join(parts(one["completion"])[0])
        yield row([image.size for image in one["images"]], texts, answer, places)


def trl_jsonl(folder):
    for one in datasets.load_dataset("json", data_files=glob.glob(f"{folder}/*-0*.jsonl"), split="train", cache_dir=f"{folder}/.cache"):
        texts, places = parts(one["prompt"])
        yield row([Image.open(path).size for path in one["images"]], texts, "".join(parts(one["completion"])[0]), places)


def verl(folder):
    for one in parquet(folder):
        yield row([image.size for image in one["images"]], [turn["content"] for turn in one["prompt"]], None)


def easyr1(folder):
    for one in parquet(folder):
        yield row([image.size for image in one["images"]], [one["problem"]], None)


def qwen(folder):
    for file in glob.glob(f"{folder}/*-0*.json"):
        for one in json.load(open(file)):
            paths = one.get("image", [])
            paths = [paths] if isinstance(paths, str) else paths
            content = [{"type": "image", "image": f"file://{os.path.abspath(path)}", "min_pixels": 28 * 28, "max_pixels": 56 * 56} for path in paths]
            images, _ = process_vision_info([{"role": "user", "content": content}])
            # The loader resizes: what counts is that it opens each picture, and how many there are.
            assert len(images or []) == len(paths)
            turns = [turn["value"] for turn in one["conversations"]]
            yield row([Image.open(path).size for path in paths], turns[:-1], turns[-1])


def web(folder):
    files = sorted(glob.glob(f"{folder}/*.tar"))
    for sample in webdataset.WebDataset(files, shardshuffle=False).decode("pil"):
        one = sample["json"]
        turns = [turn["content"] for turn in one["messages"]]
        yield row([sample[image["member"]].size for image in one["images"]], turns[:-1], turns[-1])


def swift(folder):
    from swift.dataset import load_dataset

    files = sorted(glob.glob(f"{folder}/*-0*.jsonl"))
    data, _ = load_dataset(files, num_proc=1, split_dataset_ratio=0.0, load_from_cache_file=False)
    for one in data:
        turns = one["messages"]
        sizes = [Image.open(image["path"] if isinstance(image, dict) else image).size for image in one["images"] or []]
        answer = turns[-1]["content"] if turns[-1]["role"] == "assistant" else None
        yield row(sizes, [turn["content"] for turn in (turns[:-1] if answer else turns)], answer)


def llama_factory(folder):
    from llamafactory.data.converter import SharegptDatasetConverter
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments

    names = list(json.load(open(f"{folder}/dataset_info.json")))
    for attributes in get_dataset_list(names, folder):
        converter = SharegptDatasetConverter(attributes, DataArguments(dataset_dir=folder, media_dir=folder))
        for one in json.load(open(f"{folder}/{attributes.dataset_name}")):
            made = converter(one)
            yield row([Image.open(path).size for path in made["_images"] or []], [t["content"] for t in made["_prompt"]], made["_response"][0]["content"])


READERS = {
    "trl": trl, "trl-jsonl": trl_jsonl, "verl": verl, "easyr1": easyr1, "qwen": qwen, "webdataset": web,
    "ms-swift": swift, "ms-swift-grpo": swift, "llama-factory": llama_factory,
}
found = {}
for name, folder in asked["folders"].items():
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        found[name] = list(READERS[name](folder))
print(json.dumps(found))
