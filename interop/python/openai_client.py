"""OpenAI's own Python client against a gateway: {url, picture, alternatives} -> what it makes of answers, streams and errors."""
import json
import sys

import openai

asked = json.load(sys.stdin)
client = openai.OpenAI(base_url=f"{asked['url']}/v1", api_key="none", max_retries=0)
model = client.models.list().data[0].id
messages = [
    {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": asked["picture"]}},
            {"type": "text", "text": "Please segment the square."},
        ],
    }
]
extra = {"constraint": {"mode": "forced"}, "alternatives": asked["alternatives"], "dialect": "polygons"}
whole = client.chat.completions.create(model=model, messages=messages, logprobs=True, extra_body=extra)
streamed = {"text": "", "masks": [], "usage": None, "finish": None}
for chunk in client.chat.completions.create(
    model=model, messages=messages, stream=True, stream_options={"include_usage": True}, extra_body=extra
):
    if chunk.usage is not None:
        streamed["usage"] = chunk.usage.completion_tokens
    for choice in chunk.choices:
        streamed["text"] += choice.delta.content or ""
        streamed["masks"] += (choice.delta.model_extra or {}).get("masks", [])
        streamed["finish"] = choice.finish_reason or streamed["finish"]
with client.chat.completions.stream(model=model, messages=messages, extra_body=extra) as stream:
    helper = stream.get_final_completion().choices[0].message.content
try:
    client.chat.completions.create(model="another", messages=messages)
    refused = None
except openai.NotFoundError as error:
    refused = {"code": error.code, "param": error.param, "type": error.type}
print(
    json.dumps(
        {
            "model": model,
            "text": whole.choices[0].message.content,
            "masks": whole.choices[0].message.model_extra["masks"],
            "logprobs": [token.token for token in whole.choices[0].logprobs.content],
            "streamed": streamed,
            "helper": helper,
            "refused": refused,
        }
    )
)
