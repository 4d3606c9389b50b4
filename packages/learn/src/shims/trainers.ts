// What differs between the trainers: signatures and plug points (EasyR1, verl, ms-swift and TRL, read in their sources).

export type ShimTrainer = 'easyr1' | 'verl' | 'ms-swift' | 'trl'

type TrainerShim = {
  /** How to plug the file in; lines of the module's docstring. */
  readonly use: readonly string[]
  readonly imports: readonly string[]
  readonly body: string
}

const EASYR1: TrainerShim = {
  use: [
    'EasyR1: worker.reward.reward_function=./reward.py:compute_score',
    '        worker.reward.skip_special_tokens=false    (keeps phrase marks of grounded captions)',
    'Only ground_truth reaches a reward there: pack masks and the like into it as {"text": ..., "masks": ...}.',
    'worker.reward.reward_function_kwargs may name url, token and rewards.',
  ],
  imports: [],
  body: `

REWARD_NAME = "maskwords"
REWARD_TYPE = "batch"


def compute_score(reward_inputs, url=None, token=None, rewards=None):
    """EasyR1's batch reward: one dict with "overall" for each input. One input alone gives one dict (sequential)."""
    alone = isinstance(reward_inputs, dict)
    inputs = [reward_inputs] if alone else reward_inputs
    samples = [{"response": one["response"], "truth": _truth(one["ground_truth"])} for one in inputs]
    scores = [
        {"overall": overall, **parts, "failed": failed}
        for overall, parts, failed in score_samples(samples, url, token, rewards)
    ]
    return scores[0] if alone else scores


main = compute_score
`,
}

const VERL: TrainerShim = {
  use: [
    'verl: custom_reward_function.path=reward.py custom_reward_function.name=compute_score',
    '      with reward_manager=batch: custom_reward_function.name=compute_score_batch    (one request for many samples)',
    'verl drops special words from answers, so mask words must not be special: maskwords extend-vocab writes them so.',
    'custom_reward_function.reward_kwargs may name url, token and rewards.',
  ],
  imports: [],
  body: `

def compute_score_batch(data_sources, solution_strs, ground_truths, extra_infos=None, url=None, token=None, rewards=None, **_):
    """verl's batch reward: one dict with "score" for each answer; every dict has the same keys."""
    samples = [
        {"response": text, "truth": _truth(truth)} for text, truth in zip(solution_strs, ground_truths)
    ]
    return [
        {"score": overall, **parts, "failed": failed}
        for overall, parts, failed in score_samples(samples, url, token, rewards)
    ]


def compute_score(data_source, solution_str, ground_truth, extra_info=None, url=None, token=None, rewards=None, **_):
    """verl's reward of one answer."""
    return compute_score_batch([data_source], [solution_str], [ground_truth], None, url, token, rewards)[0]
`,
}

const MS_SWIFT: TrainerShim = {
  use: [
    'ms-swift: swift rlhf --rlhf_type grpo --external_plugins reward.py --reward_funcs maskwords',
    'Answers arrive with all their special words. The true answer is the column "solution" of the dataset.',
  ],
  imports: ['asyncio'],
  body: `
from swift.rewards import AsyncORM, orms


class MaskwordsReward(AsyncORM):
    """ms-swift's reward: one number for each completion; the trainer goes on while the service works."""

    async def __call__(self, completions, solution, **kwargs):
        samples = [{"response": text, "truth": _truth(truth)} for text, truth in zip(completions, solution)]
        loop = asyncio.get_running_loop()
        scores = await loop.run_in_executor(None, score_samples, samples)
        return [overall for overall, _, _ in scores]


orms["maskwords"] = MaskwordsReward
`,
}

const TRL: TrainerShim = {
  use: [
    'TRL: from reward import maskwords_reward',
    '     GRPOTrainer(..., reward_funcs=[maskwords_reward])',
    'The true answer is the column TRUTH_COLUMN of the dataset. TRL drops special words from the text of completions',
    "(phrase marks, mask words that were added as special): with TOKENIZER, the model's own tokenizer.json, the text is",
    'read from the ids instead, with all its words.',
  ],
  imports: [],
  body: `

# Words that end a turn or fill a batch; they are no part of an answer.
TURN_ENDS = {"<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "</s>", "<pad>", "<|finetune_right_pad_id|>"}


class _Decoder:
    """Ids to text by a byte-level tokenizer.json (Qwen, InternVL, Llama 3), special words included."""

    def __init__(self, path):
        if os.path.isdir(path):
            path = os.path.join(path, "tokenizer.json")
        try:
            with open(path, encoding="utf-8") as file:
                tokenizer = json.load(file)
        except (OSError, ValueError) as error:
            raise MaskwordsError("maskwords: cannot read the tokenizer: %s; set MASKWORDS_TOKENIZER" % error) from None
        if "ByteLevel" not in json.dumps(tokenizer.get("decoder")):
            raise MaskwordsError("maskwords: %s is no byte-level tokenizer; unset MASKWORDS_TOKENIZER" % path)
        # Bytes that print stand for themselves; the others have the characters from 256 on, in order.
        printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
        table = {chr(byte): byte for byte in printed}
        others = (byte for byte in range(256) if byte not in set(printed))
        table.update({chr(256 + k): byte for k, byte in enumerate(others)})
        self.words = {}
        for text, number in tokenizer["model"]["vocab"].items():
            if all(letter in table for letter in text):
                self.words[number] = bytes(table[letter] for letter in text)
        self.ends = set()
        for added in tokenizer.get("added_tokens", []):
            self.words[added["id"]] = added["content"].encode("utf-8")
            if added["content"] in TURN_ENDS:
                self.ends.add(added["id"])

    def text(self, ids):
        ids = [int(number) for number in ids]
        while ids and ids[-1] in self.ends:
            ids.pop()
        return b"".join(self.words.get(number, b"") for number in ids).decode("utf-8", "replace")


_DECODERS = {}


def _decoder(path):
    if path not in _DECODERS:
        _DECODERS[path] = _Decoder(path)
    return _DECODERS[path]


def _text(completion):
    """The text of a completion: plain, or the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content)


def maskwords_reward(prompts, completions, completion_ids=None, trainer_state=None, log_extra=None, log_metric=None, **columns):
    """TRL's reward function: one number for each completion."""
    if TRUTH_COLUMN not in columns:
        raise MaskwordsError("maskwords: the dataset has no column %s; set TRUTH_COLUMN" % TRUTH_COLUMN)
    path = os.environ.get("MASKWORDS_TOKENIZER") or TOKENIZER
    if path and completion_ids is not None:
        texts = [_decoder(path).text(ids) for ids in completion_ids]
    else:
        texts = [_text(completion) for completion in completions]
    samples = [{"response": text, "truth": _truth(truth)} for text, truth in zip(texts, columns[TRUTH_COLUMN])]
    scores = score_samples(samples)
    if log_metric is not None and scores:
        for name in scores[0][1]:
            log_metric("maskwords/" + name, sum(parts.get(name, 0.0) for _, parts, _ in scores) / len(scores))
        log_metric("maskwords/failed", sum(failed for _, _, failed in scores) / len(scores))
    return [overall for overall, _, _ in scores]
`,
}

export const TRAINER_SHIMS: Readonly<Record<ShimTrainer, TrainerShim>> = {
  easyr1: EASYR1,
  verl: VERL,
  'ms-swift': MS_SWIFT,
  trl: TRL,
}
