"""A tiny model for llama.cpp, random but repeatable: {folder, type, words} -> paths. `type` is the token type of the mask words.

A qwen2 decoder of two layers over bytes and mask words, which likes to begin masks and to end its turn, and a LLaVA eye of two layers
(four tokens a picture)."""
import json
import os
import sys

import gguf
import numpy as np

asked = json.load(sys.stdin)
random = np.random.default_rng(7)
WIDTH, LAYERS, HEADS, KV_HEADS, MIDDLE = 64, 2, 4, 2, 128
EYE, EYE_MIDDLE, PATCH, SIDE = 32, 64, 14, 28
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def weights(*shape, scale=0.3):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def byte_words():
    shown, extra = [], 0
    for byte in range(256):
        stays = 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or byte >= 0xAE
        shown.append(chr(byte if stays else 0x100 + extra))
        extra += not stays
    return shown


os.makedirs(asked["folder"], exist_ok=True)
model = os.path.join(asked["folder"], "tiny.gguf")
eyes = os.path.join(asked["folder"], "eyes.gguf")
specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
tokens = byte_words() + specials + asked["words"]
types = [1] * 256 + [3] * len(specials) + [asked["type"]] * len(asked["words"])

w = gguf.GGUFWriter(model, "qwen2")
w.add_name("tiny")
w.add_context_length(2048)
w.add_embedding_length(WIDTH)
w.add_block_count(LAYERS)
w.add_feed_forward_length(MIDDLE)
w.add_head_count(HEADS)
w.add_head_count_kv(KV_HEADS)
w.add_layer_norm_rms_eps(1e-6)
w.add_rope_freq_base(10000.0)
w.add_file_type(0)
w.add_tokenizer_model("gpt2")
w.add_tokenizer_pre("qwen2")
w.add_token_list(tokens)
w.add_token_types(types)
w.add_token_merges(["a b"])
w.add_eos_token_id(256 + 2)
w.add_add_bos_token(False)
w.add_chat_template(TEMPLATE)
# What is constant in all tokens stays so through the layers: the head can wish for some words always.
embedding = weights(len(tokens), WIDTH, scale=1.0)
embedding[:, 0] = 6.0
head_rows = weights(len(tokens), WIDTH, scale=0.15)
head_rows[:, 0] = 0.0
head_rows[256 + 2, 0] = 0.9
if asked["words"]:
    head_rows[256 + len(specials), 0] = 1.6
w.add_tensor("token_embd.weight", embedding)
w.add_tensor("output.weight", head_rows)
w.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
head = WIDTH // HEADS
for k in range(LAYERS):
    b = f"blk.{k}."
    w.add_tensor(b + "attn_norm.weight", np.ones(WIDTH, np.float32))
    w.add_tensor(b + "ffn_norm.weight", np.ones(WIDTH, np.float32))
    for name, rows in (("q", HEADS * head), ("k", KV_HEADS * head), ("v", KV_HEADS * head)):
        w.add_tensor(b + f"attn_{name}.weight", weights(rows, WIDTH))
        w.add_tensor(b + f"attn_{name}.bias", weights(rows))
    w.add_tensor(b + "attn_output.weight", weights(WIDTH, HEADS * head))
    w.add_tensor(b + "ffn_gate.weight", weights(MIDDLE, WIDTH))
    w.add_tensor(b + "ffn_up.weight", weights(MIDDLE, WIDTH))
    w.add_tensor(b + "ffn_down.weight", weights(WIDTH, MIDDLE))
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()

v = gguf.GGUFWriter(eyes, "clip")
v.add_bool("clip.has_vision_encoder", True)
v.add_string("clip.projector_type", "mlp")
v.add_uint32("clip.vision.image_size", SIDE)
v.add_uint32("clip.vision.patch_size", PATCH)
v.add_uint32("clip.vision.embedding_length", EYE)
v.add_uint32("clip.vision.feed_forward_length", EYE_MIDDLE)
v.add_uint32("clip.vision.projection_dim", WIDTH)
v.add_uint32("clip.vision.block_count", 2)
v.add_uint32("clip.vision.attention.head_count", 2)
v.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
v.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
v.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
v.add_bool("clip.use_gelu", True)
v.add_file_type(0)
v.add_tensor("v.class_embd", weights(EYE))
v.add_tensor("v.patch_embd.weight", weights(EYE, 3, PATCH, PATCH))
v.add_tensor("v.position_embd.weight", weights((SIDE // PATCH) ** 2 + 1, EYE))
for name in ("v.pre_ln", "v.post_ln"):
    v.add_tensor(name + ".weight", np.ones(EYE, np.float32))
    v.add_tensor(name + ".bias", np.zeros(EYE, np.float32))
for k in range(2):
    b = f"v.blk.{k}."
    for name in ("q", "k", "v", "out"):
        v.add_tensor(b + f"attn_{name}.weight", weights(EYE, EYE))
        v.add_tensor(b + f"attn_{name}.bias", weights(EYE))
    for name in ("ln1", "ln2"):
        v.add_tensor(b + name + ".weight", np.ones(EYE, np.float32))
        v.add_tensor(b + name + ".bias", np.zeros(EYE, np.float32))
    v.add_tensor(b + "ffn_up.weight", weights(EYE_MIDDLE, EYE))
    v.add_tensor(b + "ffn_up.bias", weights(EYE_MIDDLE))
    v.add_tensor(b + "ffn_down.weight", weights(EYE, EYE_MIDDLE))
    v.add_tensor(b + "ffn_down.bias", weights(EYE))
v.add_tensor("mm.0.weight", weights(WIDTH, EYE))
v.add_tensor("mm.0.bias", weights(WIDTH))
v.add_tensor("mm.2.weight", weights(WIDTH, WIDTH))
v.add_tensor("mm.2.bias", weights(WIDTH))
v.write_header_to_file()
v.write_kv_data_to_file()
v.write_tensors_to_file()
v.close()
print(json.dumps({"model": model, "eyes": eyes}))
