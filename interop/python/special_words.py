"""Words that were special tokens and were made normal: {words, texts, check: [{before, after}], load: [folder]} -> {differences, loads}."""
import json
import sys

import transformers as tf

asked = json.load(sys.stdin)
words = asked["words"]


def differences(before, after):
    found = []

    def same(what, got, wanted):
        if got != wanted:
            found.append(f"{what}: {str(got)[:300]} instead of {str(wanted)[:300]}")

    special, normal = tf.AutoTokenizer.from_pretrained(before), tf.AutoTokenizer.from_pretrained(after)
    ids = special.convert_tokens_to_ids(words)
    same("ids", normal.convert_tokens_to_ids(words), ids)
    same("length", len(normal), len(special))
    same("special words left", sorted(set(words) & set(normal.all_special_tokens)), [])
    same("other special words", sorted(normal.all_special_tokens), sorted(set(special.all_special_tokens) - set(words)))
    for text in asked["texts"]:
        tokens = special(text, add_special_tokens=False).input_ids
        same(f"tokens of {text!r}", normal(text, add_special_tokens=False).input_ids, tokens)
        said = normal.decode(tokens, skip_special_tokens=True)
        same(f"words of {text!r} where special ones are skipped", [w for w in words if w in said], [w for w in words if w in text])
    model, info = tf.AutoModelForCausalLM.from_pretrained(after, output_loading_info=True)
    same("loading", {key: sorted(map(str, value)) for key, value in info.items() if value}, {})
    return found


def loads(folder):
    try:
        tf.AutoModelForCausalLM.from_pretrained(folder)
        return True
    except RuntimeError:
        return False


print(json.dumps({
    "differences": [differences(each["before"], each["after"]) for each in asked["check"]],
    "loads": [loads(folder) for folder in asked["load"]],
}))
