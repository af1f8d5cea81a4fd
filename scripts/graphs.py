#!/usr/bin/env python3
"""Takes the protocol's messages out of a symbol graph: graphs.py MESSAGES FROM TO.

Two thirds of KafkaWire's symbols are fields of requests and responses, and with them DocC takes minutes. What is
declared in the folder MESSAGES goes, but for what the rest of the library speaks of: codes and APIs.
"""
import json
import pathlib
import re
import sys

KEPT = {"APIKey", "ErrorCode"}


def main(messages: str, source: str, target: str) -> None:
    declared = set()
    for file in pathlib.Path(messages).rglob("*.swift"):
        declared |= set(re.findall(r"^public (?:final )?(?:struct|enum|class|protocol) (\w+)", file.read_text(), re.M))
    graph = json.loads(pathlib.Path(source).read_text())
    gone = declared - KEPT
    graph["symbols"] = [symbol for symbol in graph["symbols"] if symbol["pathComponents"][0] not in gone]
    left = {symbol["identifier"]["precise"] for symbol in graph["symbols"]}
    graph["relationships"] = [relation for relation in graph["relationships"] if relation["source"] in left]
    pathlib.Path(target).write_text(json.dumps(graph))


main(*sys.argv[1:])
