# The other side of tuning.bench.ts: the same model and conversations in TRL's trainers. First line of stdin: JSON {kind, model, rows, answers,
# maxTokens, rate}; then one update for each line. Stdout: one JSON object a line. Measured is an update as the Trainer does it, without
# the reading of pictures.
import json
import os
import sys
import time

import datasets
import torch
import transformers as tf
from PIL import Image
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}"
    "{% for c in m.content %}{{ c.text }}{% endfor %}<|im_end|>{% endgeneration %}{{ '\n' }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>{{ '\n' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
tf.logging.set_verbosity_error()
real, sys.stdout = sys.stdout, sys.stderr
asked = json.loads(sys.stdin.readline())
torch.set_num_threads(2)
folder = asked["model"]


def say(**values):
    print(json.dumps(values), file=real, flush=True)


def processing(side):
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(folder, "tokenizer.json"), eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side=side
    )
    tokenizer.chat_template = CHAT
    return tf.Qwen3VLProcessor(
        tf.Qwen2VLImageProcessor.from_pretrained(folder), tokenizer, tf.Qwen3VLVideoProcessor(), chat_template=CHAT
    )


class Turns(tf.TrainerCallback):
    def on_step_begin(self, args, state, control, **_):
        if sys.stdin.readline() == "":
            os._exit(0)
        self.start = time.perf_counter()

    def on_log(self, args, state, control, logs=None, **_):
        if "loss" in logs:
            say(ms=1000 * (self.end - self.start), loss=logs["loss"])

    def on_step_end(self, args, state, control, **_):
        self.end = time.perf_counter()


model = tf.Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
for weight in model.model.visual.parameters():
    weight.requires_grad_(False)
common = {
    "output_dir": os.path.join(folder, "trl"), "max_steps": 1000, "learning_rate": asked["rate"], "lr_scheduler_type": "constant",
    "logging_steps": 1, "report_to": [], "save_strategy": "no", "use_cpu": True, "bf16": False, "disable_tqdm": True,
    "gradient_checkpointing": False, "weight_decay": 0.0, "max_grad_norm": 1.0,
}
images = {file: Image.open(file).convert("RGB") for row in asked["rows"] for file in row["images"]}
rows = [{**row, "images": [images[file] for file in row["images"]]} for row in asked["rows"]]
if asked["kind"] == "sft":
    trainer = SFTTrainer(
        model=model, train_dataset=datasets.Dataset.from_list(rows), processing_class=processing("right"), callbacks=[Turns()],
        args=SFTConfig(**common, per_device_train_batch_size=len(rows), assistant_only_loss=True, max_length=None, eos_token="<|im_end|>"),
    )
else:
    prompts = [{"prompt": row["messages"][:1], "images": row["images"]} for row in rows]
    trainer = GRPOTrainer(
        model=model, train_dataset=datasets.Dataset.from_list(prompts), processing_class=processing("left"), callbacks=[Turns()],
        reward_funcs=[lambda completion_ids, **_: [float(sum(ids) % 7) for ids in completion_ids]],
        args=GRPOConfig(
            **common, per_device_train_batch_size=len(rows) * asked["answers"], num_generations=asked["answers"],
            max_completion_length=asked["maxTokens"], beta=0.0,
        ),
    )
say(trained=sum(w.numel() for w in model.parameters() if w.requires_grad), version=f"torch {torch.__version__}, transformers {tf.__version__}")
trainer.train()
