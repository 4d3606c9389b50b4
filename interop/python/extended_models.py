"""Extended folders beside `add_tokens` and `resize_token_embeddings`: {words, texts, pairs: [{base, extended}]} -> what differs, by pair."""
import json
import sys

import torch
import transformers as tf
from tokenizers import AddedToken, Tokenizer

asked = json.load(sys.stdin)
words, texts = asked["words"], asked["texts"]


def load(folder):
    config = tf.AutoConfig.from_pretrained(folder)
    cls = getattr(tf, config.architectures[0])
    model, info = cls.from_pretrained(folder, output_loading_info=True, dtype="auto")
    return model.eval(), {key: sorted(map(str, value)) for key, value in info.items() if value}


def logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0]


def differences(base, extended):
    found = []

    def same(what, got, wanted):
        if got != wanted:
            found.append(f"{what}: {str(got)[:300]} instead of {str(wanted)[:300]}")

    before, _ = load(base)
    after, info = load(extended)
    same("loading", info, {})
    theirs, ours = tf.AutoTokenizer.from_pretrained(base), tf.AutoTokenizer.from_pretrained(extended)
    count = len(theirs)
    theirs.add_tokens([AddedToken(word, normalized=False, special=False) for word in words])
    same("len(tokenizer)", len(ours), count + len(words))
    same("ids", ours.convert_tokens_to_ids(words), theirs.convert_tokens_to_ids(words))
    raw = Tokenizer.from_file(f"{extended}/tokenizer.json")
    same("ids of tokenizers", [raw.token_to_id(word) for word in words], theirs.convert_tokens_to_ids(words))
    for text in texts:
        ids = theirs(text, add_special_tokens=False).input_ids
        same(f"tokens of {text!r}", ours(text, add_special_tokens=False).input_ids, ids)
        for skip in (False, True):
            same(f"text of {ids}", ours.decode(ids, skip_special_tokens=skip), theirs.decode(ids, skip_special_tokens=skip))
    flags = lambda tokenizer: {id: repr(token) for id, token in tokenizer.added_tokens_decoder.items()}
    same("flags", flags(ours), flags(theirs))
    same("special tokens", ours.all_special_tokens, theirs.all_special_tokens)

    rows = after.get_input_embeddings().weight.shape[0]
    old_logits = logits(before, list(range(5, 40)))
    old_in, old_out = before.get_input_embeddings().weight.clone(), before.get_output_embeddings().weight.clone()
    others = {name: value.clone() for name, value in before.named_parameters()}
    tied = before.get_output_embeddings().weight is before.get_input_embeddings().weight
    before.resize_token_embeddings(rows)
    for side in ("get_input_embeddings", "get_output_embeddings"):
        got, wanted = getattr(after, side)().weight, getattr(before, side)().weight
        same(f"{side} shape", (got.shape, got.dtype), (wanted.shape, wanted.dtype))
        old = old_in if side == "get_input_embeddings" else old_out
        same(f"{side} old rows", torch.equal(got[:count], old[:count]), True)
        new = got[count:count + len(words)].float()
        same(f"{side} new rows", bool(torch.isfinite(new).all()) and len(new.unique(dim=0)) == len(words), True)
    same("tied", after.get_output_embeddings().weight is after.get_input_embeddings().weight, tied)
    grown = {after.get_input_embeddings().weight.data_ptr(), after.get_output_embeddings().weight.data_ptr()}
    for name, value in after.named_parameters():
        if value.data_ptr() not in grown:
            same(name, torch.equal(value, others[name]), True)
    configs = [{**model.config.to_dict(), "_name_or_path": None} for model in (after, before)]
    for key in sorted({*configs[0], *configs[1]}):
        same(f"config {key}", configs[0].get(key), configs[1].get(key))
    ids = list(range(5, 40))
    same("old logits", torch.equal(logits(after, ids)[:, :count], old_logits[:, :count]), True)
    same("logits of a word", bool(torch.isfinite(logits(after, [5, count, 6])).all()), True)
    return found


print(json.dumps([differences(pair["base"], pair["extended"]) for pair in asked["pairs"]]))
