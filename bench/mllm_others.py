# The other side of mllm.bench.ts: llama.cpp (llama-cpp-python) on Q4_0 weights of the same shapes, and the vision tower in PyTorch.
# Arguments as JSON on stdin; numbers as one JSON line at the end of stdout.
import ctypes
import json
import os
import sys
import time

import numpy as np


def write_random_gguf(path, shape):
    """Random weights of Qwen2.5's text network: 4 bits in the layers, 8 in the tied table."""
    import gguf

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(4096)
    writer.add_embedding_length(shape["width"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["mlpWidth"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kvHeads"])
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(shape["vocabulary"])
    writer.add_tokenizer_model("no_vocab")
    random = np.random.default_rng(1)

    def blocks(rows, columns, kind):
        values, size = gguf.GGML_QUANT_SIZES[kind]
        count = columns // values
        data = random.integers(0, 256, (rows, count, size), dtype=np.uint8)
        data[:, :, :2] = np.frombuffer(np.float16(0.02 / 8).tobytes(), np.uint8)
        return data.reshape(rows, count * size)

    def add(name, rows, columns, kind=gguf.GGMLQuantizationType.Q4_0):
        writer.add_tensor(name, blocks(rows, columns, kind), raw_dtype=kind)

    width, head = shape["width"], shape["headWidth"]
    add("token_embd.weight", shape["vocabulary"], width, gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for i in range(shape["layers"]):
        at = f"blk.{i}"
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{at}.{name}.weight", np.ones(width, np.float32))
        for name, count in (("q", shape["heads"]), ("k", shape["kvHeads"]), ("v", shape["kvHeads"])):
            add(f"{at}.attn_{name}.weight", count * head, width)
            writer.add_tensor(f"{at}.attn_{name}.bias", np.zeros(count * head, np.float32))
        add(f"{at}.attn_output.weight", width, shape["heads"] * head)
        add(f"{at}.ffn_gate.weight", shape["mlpWidth"], width)
        add(f"{at}.ffn_up.weight", shape["mlpWidth"], width)
        add(f"{at}.ffn_down.weight", width, shape["mlpWidth"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def best(run, repeats):
    run()
    least = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - start)
    return least


def llama(asked):
    import llama_cpp as lib

    path = os.path.join(asked["folder"], f"random-{asked['shape']['layers']}.gguf")
    if not os.path.exists(path):
        write_random_gguf(path + ".partial", asked["shape"])
        os.rename(path + ".partial", path)
    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, ctypes.c_void_p(0))
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    settings = lib.llama_context_default_params()
    settings.n_ctx = 1024
    settings.n_batch = settings.n_ubatch = 512
    settings.n_threads = settings.n_threads_batch = asked["threads"]
    context = lib.llama_init_from_model(model, settings)
    memory = lib.llama_get_memory(context)
    random = np.random.default_rng(2)

    def feed(count, start):
        width = asked["shape"]["width"]
        batch = lib.llama_batch_init(count, width, 1)
        vectors = random.standard_normal(count * width, dtype=np.float32)
        ctypes.memmove(batch.embd, vectors.ctypes.data, vectors.nbytes)
        for i in range(count):
            batch.pos[i] = start + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = i == count - 1
        batch.n_tokens = count
        assert lib.llama_decode(context, batch) == 0
        lib.llama_synchronize(context)
        lib.llama_batch_free(batch)

    def prompt():
        lib.llama_memory_clear(memory, True)
        feed(asked["prompt"], 0)

    prefill = best(prompt, asked["repeats"])
    lib.llama_memory_clear(memory, True)
    feed(asked["past"], 0)
    at = asked["past"]

    def answer():
        nonlocal at
        for _ in range(4):
            feed(1, at)
            at += 1

    return {
        "prefill": prefill,
        "decode": best(answer, asked["repeats"]) / 4,
        "bytes": os.path.getsize(path),
        "version": lib.__version__,
        "system": lib.llama_print_system_info().decode(),
    }


def tower(asked):
    import torch
    import transformers
    from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLVisionConfig
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel

    torch.set_num_threads(asked["threads"])
    config = Qwen2_5_VLVisionConfig(**asked["vision"])
    config._attn_implementation = "sdpa"
    network = Qwen2_5_VisionTransformerPretrainedModel(config).eval()
    pixels = torch.randn(1024, 1176)
    grid = torch.tensor([[1, 32, 32]])
    with torch.inference_mode():
        seconds = best(lambda: network(pixels, grid_thw=grid), asked["repeats"])
    return {"tower": seconds, "version": f"PyTorch {torch.__version__}, transformers {transformers.__version__}"}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps({"llama": llama, "tower": tower}[asked["side"]](asked)))
