"""Tiny random models of transformers with tokenizers: {folder, models: [{name, kind, tied, rows, dtype, shard, saved_head, special, words}]} -> nothing."""
import json
import os
import sys

import torch
import transformers as tf
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = ["It is a cup on a table.", "masks and boxes 0 1 2 3", "mask_2d label [ ] { }", "小猫在这里"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def llama2():
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    for piece in ["▁"] + [chr(c) for c in range(33, 127)] + ["▁a", "It", "is", "▁is", "▁It"]:
        vocab.setdefault(piece, len(vocab))
    merges = [("▁", "a"), ("I", "t"), ("i", "s"), ("▁", "is"), ("▁", "It")]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(word, normalized=False) for word in ["<unk>", "<s>", "</s>", "<image>"]])
    return tokenizer


def text_config(rows, tied):
    return dict(
        vocab_size=rows, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=128, tie_word_embeddings=tied,
    )


def model_of(kind, rows, tied):
    text = text_config(rows, tied)
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    ids = dict(image_token_id=300 + 5, video_token_id=300 + 6, vision_start_token_id=300 + 3, vision_end_token_id=300 + 4)
    if kind == "qwen2.5-vl":
        vision = dict(depth=1, hidden_size=16, num_heads=2, intermediate_size=24, out_hidden_size=16, fullatt_block_indexes=[0])
        config = tf.Qwen2_5_VLConfig(text_config={**text, "rope_parameters": rope}, vision_config=vision, tie_word_embeddings=tied, **ids)
        return tf.Qwen2_5_VLForConditionalGeneration(config)
    if kind == "qwen3-vl":
        vision = dict(depth=1, hidden_size=16, num_heads=2, intermediate_size=24, out_hidden_size=16, deepstack_visual_indexes=[0], num_position_embeddings=16)
        config = tf.Qwen3VLConfig(text_config={**text, "rope_parameters": rope}, vision_config=vision, tie_word_embeddings=tied, **ids)
        return tf.Qwen3VLForConditionalGeneration(config)
    if kind == "llava":
        vision = tf.CLIPVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14)
        config = tf.LlavaConfig(vision_config=vision, text_config=tf.LlamaConfig(**text), image_token_index=3, tie_word_embeddings=tied)
        return tf.LlavaForConditionalGeneration(config)
    if kind == "llama":
        return tf.LlamaForCausalLM(tf.LlamaConfig(**text))
    return tf.Qwen2ForCausalLM(tf.Qwen2Config(**{k: v for k, v in text.items() if k != "head_dim"}))


asked = json.load(sys.stdin)
for each in asked["models"]:
    torch.manual_seed(0)
    folder = os.path.join(asked["folder"], each["name"])
    llama = each["kind"] in ("llama", "llava")
    tokenizer = llama2() if llama else byte_level()
    rows = each.get("rows") or tokenizer.get_vocab_size()
    model = model_of(each["kind"], rows, each["tied"]).to(getattr(torch, each.get("dtype", "float32")))
    model.save_pretrained(folder, **({"max_shard_size": each["shard"]} if each.get("shard") else {}))
    if each["kind"] == "qwen2.5-vl":
        sizes = dict(min_pixels=28 * 28, max_pixels=112 * 112)
        tf.Qwen2VLImageProcessor(**sizes).save_pretrained(folder)
        tf.Qwen2VLVideoProcessor(**sizes).save_pretrained(folder)
    if each.get("saved_head"):
        # Some trainers save the head although it is tied: the same rows, or what was left in it.
        path = os.path.join(folder, "model.safetensors")
        tensors = load_file(path)
        embedding = next(value for name, value in tensors.items() if name.endswith("embed_tokens.weight"))
        heads = {"same": embedding.clone(), "other": torch.randn_like(embedding), "short": torch.randn_like(embedding[:-10])}
        tensors["lm_head.weight"] = heads[each["saved_head"]]
        save_file(tensors, path, metadata={"format": "pt"})
    named = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>") if llama else dict(eos_token="<|im_end|>", pad_token="<|endoftext|>")
    if llama:
        tf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    else:
        # As published: the table of added tokens is there, and the slow tokenizer's files beside the fast one's.
        os.makedirs(folder, exist_ok=True)
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
        stored = json.load(open(os.path.join(folder, "tokenizer.json")))
        json.dump(stored["model"]["vocab"], open(os.path.join(folder, "vocab.json"), "w"), ensure_ascii=False)
        with open(os.path.join(folder, "merges.txt"), "w") as file:
            file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in (m if isinstance(m, list) else m.split(" ") for m in stored["model"]["merges"])))
        table = {str(t.pop("id")): t for t in stored["added_tokens"]}
        json.dump({"added_tokens_decoder": table, "tokenizer_class": "Qwen2Tokenizer", **named}, open(os.path.join(folder, "tokenizer_config.json"), "w"), indent=2)
    if each.get("special"):
        # As people add them: to the list of additional tokens, by the method's flag, by the tokens' own.
        words, added = each["words"], tf.AutoTokenizer.from_pretrained(folder)
        if each["special"] == "additional":
            added.add_special_tokens({"additional_special_tokens": words})
        elif each["special"] == "flag":
            added.add_tokens(words, special_tokens=True)
        else:
            added.add_tokens([AddedToken(word, special=True, normalized=False) for word in words])
        model.resize_token_embeddings(len(added))
        model.save_pretrained(folder)
        added.save_pretrained(folder)
print(json.dumps(None))
