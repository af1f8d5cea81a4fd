#!/usr/bin/env python3
"""Takes the protocol's messages out of a symbol graph: graphs.py MESSAGES FROM TO.

Two thirds of KafkaWire's symbols are fields of requests and responses, and with them DocC takes minutes. So requests and responses
that are declared in the folder MESSAGES have no pages; all else has.
"""
import json
import pathlib
import re
import sys

DECLARED = re.compile(r"^public struct (\w+(?:Request|Response))\b", re.M)


def main(messages: str, source: str, target: str) -> None:
    gone = {name for file in pathlib.Path(messages).rglob("*.swift") for name in DECLARED.findall(file.read_text())}
    graph = json.loads(pathlib.Path(source).read_text())
    graph["symbols"] = [symbol for symbol in graph["symbols"] if symbol["pathComponents"][0] not in gone]
    left = {symbol["identifier"]["precise"] for symbol in graph["symbols"]}
    graph["relationships"] = [relation for relation in graph["relationships"] if relation["source"] in left]
    pathlib.Path(target).write_text(json.dumps(graph))


main(*sys.argv[1:])
