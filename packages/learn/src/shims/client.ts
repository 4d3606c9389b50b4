// The part that all Python shims share: settings, sending, retrying, and what happens to samples without a reward.
// Standard library only, Python 3.8 and newer: trainers pin their own packages.

export const PYTHON_CLIENT = `

class MaskwordsError(RuntimeError):
    """The reward service cannot be reached, or refuses the request as a whole."""


def _truth(value):
    """A true answer as the service takes it: a text, or its parts without the empty ones. None where the row has none."""
    value = _value(value)
    if isinstance(value, dict):
        parts = {key: part for key, part in value.items() if part is not None}
        if "masks" in parts:
            parts.setdefault("text", "")
        return parts or None
    return value


def _value(value):
    """What columns bring as JSON has it: bytes are text, scalars of NumPy and tensors are numbers, NaN and NA are None."""
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): _value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(part) for part in value]
    if hasattr(value, "tolist"):
        return _value(value.tolist())
    try:
        # NaN is not itself; whether NA is, cannot be said.
        return value if value == value else None
    except (TypeError, ValueError):
        return None


def _response(value):
    """A response as the service takes it: a text, or None where there is none."""
    value = _value(value)
    if value is None or isinstance(value, str):
        return value
    _say("responses", "a response is no text but %s; it counts as none" % type(value).__name__)
    return None


def _rows(column, name, count=None):
    """The rows of a column: one value for each answer. A text alone has letters, not rows."""
    try:
        if isinstance(column, (str, bytes, bytearray, dict)):
            raise TypeError
        length = len(column)
    except TypeError:
        kind = type(column).__name__
        raise MaskwordsError("maskwords: %s is no list of one value for each answer but %s" % (name, kind)) from None
    if count is not None and length != count:
        raise MaskwordsError("maskwords: %s has %d rows for %d answers" % (name, length, count))
    return column


def _plain(value):
    """NumPy arrays and tensors, which dataset columns bring, as lists and numbers."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _opener(url):
    host = urllib.parse.urlsplit(url).hostname
    # A proxy of the cluster cannot see a service on this machine.
    local = host in ("localhost", "127.0.0.1", "::1")
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))


def _said(error):
    """What the service says in a refusal."""
    try:
        fault = json.loads(error.read().decode("utf-8"))["error"]
        hint = fault.get("hint")
        return fault["message"] + (" (%s)" % hint if hint else "")
    except Exception:
        return error.reason


def _post(url, token, body):
    """One request, tried again while the service is away or busy."""
    address = url.rstrip("/") + "/v1/rewards"
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = "Bearer " + token
    opener = _opener(url)
    wait, reason = FIRST_WAIT_S, ""
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
        try:
            request = urllib.request.Request(address, data=body, headers=headers, method="POST")
            with opener.open(request, timeout=TIMEOUT_S) as response:
                return json.loads(response.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            reason = "%d: %s" % (error.code, _said(error))
            if error.code == 401:
                raise MaskwordsError("maskwords: %s refuses the token; set MASKWORDS_REWARD_TOKEN" % url) from None
            if error.code not in (408, 429, 500, 502, 503, 504):
                raise MaskwordsError("maskwords: %s refuses the request, %s" % (url, reason)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
    raise MaskwordsError(
        "maskwords: no answer from the reward service at %s after %d attempts (%s). "
        "Start it with: maskwords reward --port 8009, or name it with MASKWORDS_REWARD_URL"
        % (url, ATTEMPTS, reason)
    )


def _slices(samples):
    """Samples in requests of bounded number and size."""
    start, size = 0, 0
    for k, sample in enumerate(samples):
        length = len(sample["response"] or "") + len(str(sample["truth"]))
        if k > start and (k - start >= BATCH_SAMPLES or size + length > BATCH_CHARS):
            yield samples[start:k]
            start, size = k, 0
        size += length
    yield samples[start:]


_WARNED = set()


def _say(key, text):
    """Says a thing once, on stderr: a thousand samples may have it."""
    if key not in _WARNED and len(_WARNED) < 100:
        _WARNED.add(key)
        print("maskwords: " + text, file=sys.stderr)


def _warn(fault):
    """What is wrong with a sample that has no reward."""
    hint = fault.get("hint")
    text = fault.get("message", "") + (" (%s)" % hint if hint else "")
    counts = NO_REWARD if _is_of_truth(fault) else FAILED_REWARD
    _say((fault.get("code"), fault.get("at")), "a sample has no reward and counts %s: %s" % (counts, text))


def _is_of_truth(fault):
    """Whether the row is at fault, not the answer: no answer to it could be judged."""
    return str(fault.get("at", "")).startswith("truth") or fault.get("code") == "unreadable"


def score_samples(samples, url=None, token=None, rewards=None):
    """
    For each sample (overall, parts, failed); overall is NO_REWARD for a row without a truth, and for one whose truth
    cannot be read. Raises MaskwordsError where the service cannot answer.
    """
    url = url or os.environ.get("MASKWORDS_REWARD_URL") or URL
    token = token or os.environ.get("MASKWORDS_REWARD_TOKEN")
    rewards = rewards or REWARDS
    if not samples:
        return []
    scores = []
    samples = [dict(sample, response=_response(sample["response"])) for sample in samples]
    mine = [sample for sample in samples if sample["truth"] is not None]
    if len(mine) < len(samples):
        _say("rows without a truth", "rows without a truth have no reward: %s" % NO_REWARD)
    # Without samples the service still names the parts.
    for piece in _slices(mine):
        request = {"rewards": rewards, "samples": piece, "thoughtOpen": THOUGHT_OPEN}
        body = json.dumps(request, default=_plain).encode("utf-8")
        answer = _post(url, token, body)
        results, names = answer.get("results"), answer.get("names")
        if not isinstance(results, list) or len(results) != len(piece):
            raise MaskwordsError("maskwords: the answer of %s does not fit the request" % url)
        for result in results:
            if "error" in result:
                _warn(result["error"])
                value = NO_REWARD if _is_of_truth(result["error"]) else FAILED_REWARD
                scores.append((value, dict.fromkeys(names, 0.0), 1.0))
            else:
                parts = {name: float(value) for name, value in result["parts"].items()}
                scores.append((float(result["overall"]), parts, 0.0))
    known = iter(scores)
    none = (NO_REWARD, dict.fromkeys(names, 0.0), 0.0 if NO_REWARD is None else 1.0)
    return [none if sample["truth"] is None else next(known) for sample in samples]
`

export const PYTHON_IMPORTS = [
  'http.client',
  'json',
  'os',
  'sys',
  'time',
  'urllib.error',
  'urllib.parse',
  'urllib.request',
]
