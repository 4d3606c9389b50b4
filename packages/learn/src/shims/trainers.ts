// What differs between the trainers: signatures and plug points (EasyR1, verl, ms-swift and TRL, read in their sources).

export type ShimTrainer = 'easyr1' | 'verl' | 'ms-swift' | 'trl'

type TrainerShim = {
  /** How to plug the file in; lines of the module's docstring. */
  readonly use: readonly string[]
  readonly imports: readonly string[]
  /** What the trainer takes for "this row is not mine". */
  readonly noReward: { readonly value: 'None' | '0.0'; readonly why: string }
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
  noReward: { value: '0.0', why: 'EasyR1 takes numbers only; "failed" tells these rows apart.' },
  body: `

REWARD_NAME = "maskwords"
REWARD_TYPE = "batch"


def compute_score(reward_inputs, url=None, token=None, rewards=None):
    """EasyR1's batch reward: one dict with "overall" for each input. One input alone gives one dict (sequential)."""
    alone = isinstance(reward_inputs, dict)
    inputs = [reward_inputs] if alone else _rows(reward_inputs, "reward_inputs")
    if not all(isinstance(one, dict) and "response" in one for one in inputs):
        raise MaskwordsError("maskwords: EasyR1 gives dicts with response and ground_truth; this is another version's call")
    samples = [{"response": one["response"], "truth": _truth(one.get("ground_truth"))} for one in inputs]
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
  noReward: { value: '0.0', why: 'verl takes numbers only; "failed" tells these rows apart.' },
  body: `

def compute_score_batch(data_sources, solution_strs, ground_truths, extra_infos=None, url=None, token=None, rewards=None, **_):
    """verl's batch reward: one dict with "score" for each answer; every dict has the same keys."""
    texts = _rows(solution_strs, "solution_strs")
    truths = _rows(ground_truths, "ground_truths", len(texts))
    samples = [{"response": text, "truth": _truth(truth)} for text, truth in zip(texts, truths)]
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
  noReward: { value: 'None', why: 'None is "not mine" for ms-swift: the row is left out of this reward.' },
  body: `
from swift.rewards import AsyncORM, orms


class MaskwordsReward(AsyncORM):
    """ms-swift's reward: a number for each completion, None where the row has no truth; the trainer goes on meanwhile."""

    async def __call__(self, completions, solution=None, **kwargs):
        texts = _rows(completions, "completions")
        truths = [None] * len(texts) if solution is None else _rows(solution, "solution", len(texts))
        samples = [{"response": text, "truth": _truth(truth)} for text, truth in zip(texts, truths)]
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
  noReward: { value: 'None', why: 'None is "not mine" for TRL: the row is left out of this reward.' },
  body: `

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
        for added in tokenizer.get("added_tokens", []):
            self.words[added["id"]] = added["content"].encode("utf-8")

    def text(self, ids):
        """With all words: the service knows which ones end a turn or fill a batch."""
        return b"".join(self.words.get(int(number), b"") for number in ids).decode("utf-8", "replace")


_DECODERS = {}


def _decoder(path):
    if path not in _DECODERS:
        _DECODERS[path] = _Decoder(path)
    return _DECODERS[path]


def _text(completion):
    """
    The text of a completion: plain, or the last message of a conversation with its thought in front, where TRL has taken
    it out of the text. None where the message has no text, as a call of a tool has none.
    """
    if completion is None or isinstance(completion, str):
        return completion
    message = completion[-1] if isinstance(completion, (list, tuple)) and completion else completion
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    if isinstance(content, (list, tuple)):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(text for text in texts if isinstance(text, str)) if texts else None
    thought = message.get("reasoning_content") or message.get("reasoning") or message.get("thinking")
    if not isinstance(content, str):
        content = None
    if isinstance(thought, str) and "</think>" not in (content or ""):
        return "<think>%s</think>%s" % (thought, content or "")
    return content


def maskwords_reward(prompts, completions, completion_ids=None, trainer_state=None, log_extra=None, log_metric=None, **columns):
    """TRL's reward function: a number for each completion, None where the row has no truth (another reward judges it)."""
    if TRUTH_COLUMN not in columns:
        raise MaskwordsError("maskwords: the dataset has no column %s; set TRUTH_COLUMN" % TRUTH_COLUMN)
    path = os.environ.get("MASKWORDS_TOKENIZER") or TOKENIZER
    rows = _rows(completions, "completions")
    truths = _rows(columns[TRUTH_COLUMN], TRUTH_COLUMN, len(rows))
    if path and completion_ids is not None:
        texts = [_decoder(path).text(ids) for ids in _rows(completion_ids, "completion_ids", len(rows))]
    else:
        texts = [_text(completion) for completion in rows]
    samples = [{"response": text, "truth": _truth(truth)} for text, truth in zip(texts, truths)]
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
