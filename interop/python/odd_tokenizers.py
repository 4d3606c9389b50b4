"""Tokenizers of many families: {make: folder, words} -> names; {check: [{base, extended}], words, texts} -> what differs, by pair;
{encode: [folder], texts} -> ids by folder and text."""
import json
import os
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = ["It is a cup on a table.", "masks and boxes 0 1 2 3", "mask_2d label [ ] { }", "小猫在这里", "Isn't it?"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(prefix=False, regex=None, normalizer=None, **bpe):
    tokenizer = Tokenizer(models.BPE(**bpe))
    tokenizer.normalizer = normalizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex is None)
    split = [] if regex is None else [pre_tokenizers.Split(Regex(regex), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def pieces():
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    for piece in ["▁"] + [chr(c) for c in range(33, 127)] + ["▁a", "It", "is", "▁is", "▁It"]:
        vocab.setdefault(piece, len(vocab))
    return vocab


MERGES = [("▁", "a"), ("I", "t"), ("i", "s"), ("▁", "is"), ("▁", "It")]


def sentence_piece(scheme, vocab=None):
    model = models.BPE(vocab=vocab or pieces(), merges=MERGES, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    if scheme == "legacy":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    elif scheme == "gemma":
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=False)
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(word, normalized=False) for word in ["<unk>", "<s>", "</s>"]])
    return tokenizer


def unigram():
    scored = [("<unk>", 0.0), ("▁", -2.0)] + [(chr(c), -5.0 - c / 1000) for c in range(33, 127)] + [("▁is", -3.0), ("▁a", -3.0), ("mt", -4.0)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(["<unk>", "</s>"])
    return tokenizer


def word_piece():
    vocab = {word: at for at, word in enumerate(["[UNK]", "[CLS]", "[SEP]", *map(chr, range(33, 127)), *(f"##{chr(c)}" for c in range(33, 127))])}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]"])
    return tokenizer


def with_words(words, **flags):
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken(word, special=False, **flags) for word in words])
    return tokenizer


def with_template():
    tokenizer = byte_level()
    tokenizer.post_processor = processors.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", tokenizer.token_to_id("<|im_start|>"))])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(pad_id=0, pad_token="<|endoftext|>", length=64)
    return tokenizer


def in_model(words):
    """Words that are pieces of the model, and no added tokens: text with them is not one id."""
    vocab = pieces()
    for word in words:
        vocab[word] = len(vocab)
    return sentence_piece("gemma", vocab)


def families(words):
    zero_width = byte_level()
    zero_width.add_tokens([AddedToken("\u200b", normalized=False), AddedToken("><", normalized=False)])
    lstrip = byte_level()
    lstrip.add_tokens([AddedToken("<image>", lstrip=True, rstrip=True, normalized=False)])
    return {
        "byte level, blank before the first word": byte_level(prefix=True),
        "byte level, Qwen's pattern, NFC": byte_level(regex=QWEN, normalizer=normalizers.NFC()),
        "byte level, NFKC": byte_level(normalizer=normalizers.NFKC()),
        "byte level, lower case": byte_level(normalizer=normalizers.Lowercase()),
        "byte level, strips": byte_level(normalizer=normalizers.Strip()),
        "byte level, ignores merges": byte_level(regex=QWEN, ignore_merges=True),
        "byte level, template, truncation, padding": with_template(),
        "byte level, a token that eats blanks": lstrip,
        "byte level, tokens of a zero-width blank and of ><": zero_width,
        "Llama 2": sentence_piece("legacy"),
        "Gemma": sentence_piece("gemma"),
        "metaspace first": sentence_piece("first"),
        "metaspace always": sentence_piece("always"),
        "metaspace never": sentence_piece("never"),
        "unigram": unigram(),
        "word pieces": word_piece(),
        "has the words, normalized": with_words(words, normalized=True),
        "has the words, which eat blanks": with_words(words, normalized=False, lstrip=True, rstrip=True),
        "has the words, single": with_words(words, normalized=False, single_word=True),
        "has half of the words": with_words(words[: len(words) // 2], normalized=False),
        "has the words in the model only": in_model(words),
    }


def make(folder, words):
    import torch
    import transformers as tf

    names = []
    for name, tokenizer in families(words).items():
        path = os.path.join(folder, name)
        torch.manual_seed(0)
        rows = tokenizer.get_vocab_size()
        config = tf.Qwen2Config(vocab_size=rows, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=64, tie_word_embeddings=False)
        tf.Qwen2ForCausalLM(config).save_pretrained(path)
        tf.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(path)
        names.append(name)
    return names


def differences(base, extended, words, texts):
    import transformers as tf

    found = []

    def same(what, got, wanted):
        if got != wanted:
            found.append(f"{what}: {str(got)[:200]} instead of {str(wanted)[:200]}")

    theirs = Tokenizer.from_file(f"{base}/tokenizer.json")
    theirs.no_padding(), theirs.no_truncation()
    added = [AddedToken(word, normalized=False, special=False) for word in words]
    theirs.add_tokens(added)
    raw = Tokenizer.from_file(f"{extended}/tokenizer.json")
    raw.no_padding(), raw.no_truncation()
    # Not AutoTokenizer: by the model's type it builds a Qwen tokenizer, whatever the file says.
    before, ours = tf.PreTrainedTokenizerFast.from_pretrained(base), tf.PreTrainedTokenizerFast.from_pretrained(extended)
    before.add_tokens(added)
    ids = [theirs.token_to_id(word) for word in words]
    same("ids", [raw.token_to_id(word) for word in words], ids)
    same("ids of transformers", ours.convert_tokens_to_ids(words), ids)
    for word, id in zip(words, ids):
        for text in (word, f"a{word}b", f"{word}{word}"):
            got = raw.encode(text, add_special_tokens=False).ids
            same(f"{text!r} has the id of its word", got.count(id), text.count(word))
    for text in texts:
        wanted = theirs.encode(text, add_special_tokens=False).ids
        same(f"tokens of {text!r}", raw.encode(text, add_special_tokens=False).ids, wanted)
        same(f"tokens of {text!r} in transformers", ours(text, add_special_tokens=False).input_ids, before(text, add_special_tokens=False).input_ids)
        same(f"text of {wanted}", raw.decode(wanted), theirs.decode(wanted))
    return found[:8]


def ids_of(folder, texts):
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding(), tokenizer.no_truncation()
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


asked = json.load(sys.stdin)
if "make" in asked:
    print(json.dumps(make(asked["make"], asked["words"])))
elif "check" in asked:
    print(json.dumps([differences(pair["base"], pair["extended"], asked["words"], asked["texts"]) for pair in asked["check"]]))
else:
    print(json.dumps([ids_of(folder, asked["texts"]) for folder in asked["encode"]]))
