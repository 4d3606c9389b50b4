"""XGrammar, which vLLM and SGLang constrain with: {words, end, asked: [{grammar | regex, rows}]} -> for each row of token ids whether it
may be said whole."""
import json
import sys

import xgrammar

given = json.load(sys.stdin)
info = xgrammar.TokenizerInfo(given["words"], vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[given["end"]])
compiler = xgrammar.GrammarCompiler(info)


def takes(compiled, row):
    matcher = xgrammar.GrammarMatcher(compiled)
    return all(matcher.accept_token(token) for token in row) and matcher.accept_token(given["end"])


answers = []
for one in given["asked"]:
    compiled = (
        compiler.compile_grammar(one["grammar"]) if "grammar" in one else compiler.compile_regex(one["regex"])
    )
    answers.append([takes(compiled, row) for row in one["rows"]])
print(json.dumps(answers))
