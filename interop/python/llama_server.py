"""llama.cpp's own server (of the package xllamacpp, which carries it): {model, eyes, special, key} on the first line of stdin -> its
address on stdout; it serves until stdin ends."""
import json
import sys

import xllamacpp

asked = json.loads(sys.stdin.readline())
params = xllamacpp.CommonParams()
params.model.path = asked["model"]
if asked.get("eyes"):
    params.mmproj.path = asked["eyes"]
params.special = asked.get("special", False)
params.model_alias = {"tiny"}
params.n_ctx = 1024
params.n_parallel = 2
params.warmup = False
params.port = 0
params.hostnames = ["127.0.0.1"]
params.cpuparams.n_threads = 1
if asked.get("key"):
    params.api_keys = [asked["key"]]
server = xllamacpp.Server(params)
print(json.dumps({"address": server.listening_address}), flush=True)
sys.stdin.read()
