#!/usr/bin/env python3
"""Makes seeds for the fuzz targets out of recordings and conformance tables.

Usage: seeds.py SHARED DIRECTORY: writes DIRECTORY/TARGET/… . What is there is
read as JSON: bodies of recorded answers, and the texts of the tables' cases.
"""
import base64
import hashlib
import json
import pathlib
import sys

LARGEST = 8192  # bytes; the fuzzer's inputs are no longer


def put(directory, target, data):
    if not 0 < len(data) <= LARGEST:
        return
    path = pathlib.Path(directory, target)
    path.mkdir(parents=True, exist_ok=True)
    (path / hashlib.sha1(data).hexdigest()).write_bytes(data)


def body_of(response):
    body = b""
    for chunk in response["chunks"]:
        if "utf8" in chunk:
            body += chunk["utf8"].encode("utf-8", "surrogatepass")
        else:
            body += base64.b64decode(chunk.get("base64", ""))
    return body


def responses_in(value):
    """Every object in the recording that has chunks."""
    if isinstance(value, dict):
        if isinstance(value.get("chunks"), list):
            yield value
        for member in value.values():
            yield from responses_in(member)
    elif isinstance(value, list):
        for element in value:
            yield from responses_in(element)


def texts_of(case):
    """The input of a case of a table, in the forms that tables have."""
    if "base64" in case:
        yield base64.b64decode(case["base64"])
    if "bytes_hex" in case:
        yield bytes.fromhex(case["bytes_hex"])
    for name in ("text", "input"):
        if isinstance(case.get(name), str):
            yield case[name].encode("utf-8", "surrogatepass")
    if isinstance(case.get("chunks"), list):
        text = "".join(c for c in case["chunks"] if isinstance(c, str))
        yield text.encode("utf-8", "surrogatepass")


def put_events(directory, body):
    for generation in (b"1", b"2"):
        put(directory, "stream", generation + body)
    put(directory, "sse", body)
    put(directory, "agentlog", body)
    lines = b"\n".join(line[5:].strip() for line in body.splitlines()
                       if line.startswith(b"data:"))
    put(directory, "chunk", b"0" + lines[:LARGEST - 1])
    put(directory, "rest", b"0" + lines[:LARGEST - 1])


def put_row(directory, value):
    put(directory, "row", json.dumps(value).encode())
    metadata = value.get("metadata")
    if isinstance(metadata, str):
        put(directory, "logarray", metadata.encode())
        put(directory, "retext", json.dumps(metadata)[1:].encode())


def put_answer(directory, body):
    put(directory, "shape", body)
    put(directory, "rest", b"0" + body)
    put(directory, "rest", b"1" + body)
    put(directory, "json", body)
    try:
        messages = json.loads(body)
    except ValueError:
        return
    for message in messages if isinstance(messages, list) else []:
        value = message.get("value") if isinstance(message, dict) else None
        if isinstance(value, dict):
            put_row(directory, value)


def main():
    shared, directory = map(pathlib.Path, sys.argv[1:3])
    for path in sorted(shared.glob("wire/recordings/*.json")):
        for response in responses_in(json.loads(path.read_text())):
            body = body_of(response)
            if b"data:" in body:
                put_events(directory, body)
            else:
                put_answer(directory, body)
    targets = {"terminal-injection": "escape", "utf8": "escape",
               "width": "escape", "json": "json", "sse": "sse",
               "time": "time"}
    for name, target in targets.items():
        path = shared / "conformance" / (name + ".json")
        if path.exists():
            for case in json.loads(path.read_text())["cases"]:
                for text in texts_of(case):
                    put(directory, target, text)


main()
