"""A few steps of TRL's GRPOTrainer with a reward file of ours: {model, reward, rows | parquet, output} -> {steps, log, called}."""
import importlib.util
import json
import sys

import datasets
import torch
import transformers as tf
from trl import GRPOConfig, GRPOTrainer

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif c.type == 'text' %}{{ c.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

asked = json.load(sys.stdin)
spec = importlib.util.spec_from_file_location("reward", asked["reward"])
reward = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reward)
called = []
score_samples = reward.score_samples


def spied(samples, *rest, **more):
    scores = score_samples(samples, *rest, **more)
    called.extend({"response": s["response"], "truth": s["truth"], "score": score[0]} for s, score in zip(samples, scores))
    return scores


reward.score_samples = spied

torch.manual_seed(0)
tokenizer = tf.AutoTokenizer.from_pretrained(asked["model"], padding_side="left")
tokenizer.chat_template = CHAT
if "parquet" in asked:
    config = tf.AutoConfig.from_pretrained(asked["model"])
    model = getattr(tf, config.architectures[0]).from_pretrained(asked["model"])
    pictures = tf.AutoImageProcessor.from_pretrained(asked["model"], use_fast=True)
    processing = tf.Qwen2_5_VLProcessor(pictures, tokenizer, tf.AutoVideoProcessor.from_pretrained(asked["model"]), chat_template=CHAT)
    data = datasets.load_dataset("parquet", data_files=asked["parquet"], split="train")
else:
    model = tf.AutoModelForCausalLM.from_pretrained(asked["model"])
    processing = tokenizer
    data = datasets.Dataset.from_list(asked["rows"])
arguments = GRPOConfig(
    output_dir=asked["output"], max_steps=2, per_device_train_batch_size=2, num_generations=2, max_completion_length=6,
    logging_steps=1, report_to=[], save_strategy="no", use_cpu=True, bf16=False, disable_tqdm=True, seed=0,
)
trainer = GRPOTrainer(model=model, reward_funcs=[reward.maskwords_reward], args=arguments, train_dataset=data, processing_class=processing)
trainer.train()
log = [{k: v for k, v in row.items() if "reward" in k or "maskwords" in k} for row in trainer.state.log_history]
print(json.dumps({"steps": trainer.state.global_step, "log": log, "called": called}))
