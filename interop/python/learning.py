"""TRL's trainers and PEFT on small models: {output, sft: [...], grpo: [...], adapters: [...]} -> the same lists of what they gave.

sft: {model, rows: [{messages, images?}], adapter?, settings} -> {losses, norms}, a number an update
grpo: {model, rollouts: [{prompts: [[message]], completions: [[id]], rewards}], answers, settings} -> {losses, norms, advantages}
adapters: {model, ids, make: {folder, rank, alpha, targets}} writes an adapter; {model, ids, adapter, merged} -> {logits, merged, ours, plain}
`settings` are fields of SFTConfig or GRPOConfig.
"""
import json
import os
import sys

import datasets
import peft
import torch
import transformers as tf
from PIL import Image
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

# As the template of the model's folder, with TRL's marks around what is learned. A line's end right behind a tag would be lost.
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}{{ c.text }}{% endfor %}{% endif %}"
    "<|im_end|>{% endgeneration %}{{ '\n' }}{% else %}{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>{{ '\n' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

tf.logging.set_verbosity_error()
asked = json.load(sys.stdin)
torch.set_num_threads(2)


def load(folder):
    architecture = tf.AutoConfig.from_pretrained(folder).architectures[0]
    return getattr(tf, architecture).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def tokenizer_of(folder, side):
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(folder, "tokenizer.json"),
        eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side=side, clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT
    return tokenizer


def processing_of(folder, side):
    tokenizer = tokenizer_of(folder, side)
    if not hasattr(tf.AutoConfig.from_pretrained(folder), "vision_config"):
        return tokenizer
    pictures = tf.Qwen2VLImageProcessor.from_pretrained(folder)
    return tf.Qwen3VLProcessor(pictures, tokenizer, tf.Qwen3VLVideoProcessor(), chat_template=CHAT)


def common(settings):
    return {
        "output_dir": asked["output"], "logging_steps": 1, "report_to": [], "save_strategy": "no", "use_cpu": True, "bf16": False,
        "disable_tqdm": True, "gradient_checkpointing": False, "lr_scheduler_type": "constant", "optim": "adamw_torch", **settings,
    }


def told(trainer):
    trainer.train()
    log = [row for row in trainer.state.log_history if "loss" in row]
    return {"losses": [row["loss"] for row in log], "norms": [row["grad_norm"] for row in log]}


def sft(task):
    model = load(task["model"])
    if "adapter" in task:
        model = peft.PeftModel.from_pretrained(model, task["adapter"], is_trainable=True)
    rows = [{**row, "images": [Image.open(file) for file in row["images"]]} if row.get("images") else row for row in task["rows"]]
    trainer = SFTTrainer(
        model=model, train_dataset=datasets.Dataset.from_list(rows), processing_class=processing_of(task["model"], "right"),
        args=SFTConfig(**common(task["settings"]), assistant_only_loss=True, max_length=None, eos_token="<|im_end|>"),
    )
    return told(trainer)


def grpo(task):
    tokenizer = tokenizer_of(task["model"], "left")
    waiting = list(task["rollouts"])
    advantages = []

    def given(prompts, _):
        rollout = waiting.pop(0)
        ids = [
            tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=False)
            for prompt in prompts
        ]
        wanted = [prompt for prompt in rollout["prompts"] for _ in range(task["answers"])]
        assert prompts == wanted, f"{prompts} asked, {wanted} were answered"
        return {"prompt_ids": ids, "completion_ids": rollout["completions"], "logprobs": None, "given": rollout["rewards"]}

    trainer = GRPOTrainer(
        model=task["model"], reward_funcs=[lambda given, **_: given], processing_class=tokenizer, rollout_func=given,
        train_dataset=datasets.Dataset.from_list([{"prompt": prompt} for one in waiting for prompt in one["prompts"]]),
        args=GRPOConfig(
            **common(task["settings"]), num_generations=task["answers"], shuffle_dataset=False,
            model_init_kwargs={"dtype": "float32", "attn_implementation": "eager"},
        ),
    )
    scored = trainer._generate_and_score_completions

    def spied(inputs):
        out = scored(inputs)
        advantages.append(out["advantages"].tolist())
        return out

    trainer._generate_and_score_completions = spied
    return {**told(trainer), "advantages": advantages}


def logits_of(model, ids):
    with torch.no_grad():
        return model.eval()(input_ids=torch.tensor([ids])).logits[0].flatten().tolist()


def adapters(task):
    if "make" in task:
        make = task["make"]
        torch.manual_seed(1)
        config = peft.LoraConfig(
            r=make["rank"], lora_alpha=make["alpha"], target_modules=make["targets"], task_type="CAUSAL_LM", init_lora_weights=False
        )
        model = peft.get_peft_model(load(task["model"]), config)
        model.save_pretrained(make["folder"])
        return {"logits": logits_of(model, task["ids"])}
    model = peft.PeftModel.from_pretrained(load(task["model"]), task["adapter"])
    return {
        "logits": logits_of(model, task["ids"]),
        "merged": logits_of(model.merge_and_unload(), task["ids"]),
        "ours": logits_of(load(task["merged"]), task["ids"]),
        "plain": logits_of(load(task["model"]), task["ids"]),
    }


# An adapter is made before it is trained on.
found = {kind: [run(task) for task in asked.get(kind, [])] for kind, run in (("adapters", adapters), ("sft", sft), ("grpo", grpo))}
print(json.dumps(found))
