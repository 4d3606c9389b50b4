"""Captions as pycocoevalcap's PTBTokenizer (Stanford's, in Java) splits them: [caption] -> [tokens joined by blanks].

A caption whose tokens spread over several lines would shift all that follow in one call; such captions are the caller's to leave out.
"""
import contextlib
import io
import json
import sys

from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

captions = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    # An end that no next caption can change, as our side reads each caption alone.
    asked = {at: [{"caption": text}] for at, text in enumerate(captions)}
    asked["end"] = [{"caption": "x"}]
    found = PTBTokenizer().tokenize(asked)
print(json.dumps([found[at][0] for at in range(len(captions))]))
