"""What `tokenizers` makes of texts with a folder's tokenizer.json: {file, texts} -> [{ids, tokens}]."""
import json
import sys

from tokenizers import Tokenizer

asked = json.load(sys.stdin)
tokenizer = Tokenizer.from_file(asked["file"])
found = [tokenizer.encode(text, add_special_tokens=False) for text in asked["texts"]]
print(json.dumps([{"ids": each.ids, "tokens": each.tokens} for each in found]))
