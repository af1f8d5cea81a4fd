#!/usr/bin/env python3
"""Lists every place where the order of a dictionary or a set is read, against those where it is known not to matter.

    scripts/orders.py            compares KafkaWire, KafkaBroker and KafkaSimulation with scripts/orders.txt; 1 if they differ
    scripts/orders.py --write    brings the list up to date: what is gone goes, what is new stands under "= new"

The order of a dictionary is another one in each process, and for each dictionary. Where it decides what is sent, chosen, drawn,
logged or told in turn, a run cannot be repeated (see "The simulation" in DESIGN.md): take `inOrder`, `sorted()`, or an array. Where
it does not matter, as where another dictionary, a set or a sum comes of it, the place goes below that reason in the list.

Read is what the compiler says, as scripts/traps.py reads it: `for` over a dictionary or a set, its keys or values, and the methods of
Sequence and Collection on them, or functions that get them as such. What needs no entry: `sorted`, `inOrder`, what makes a
dictionary or a set of them, and questions whose answer has no order (contains, count, min, max, allSatisfy, …).
"""

import pathlib
import re
import sys

import compiler
import traps

LIST = compiler.ROOT / "scripts" / "orders.txt"
MODULES = ("KafkaWire", "KafkaBroker", "KafkaSimulation")
KINDS = {"SD": "dictionary", "Sh": "set"}
# Whose answer has no order, or is ordered.
ORDERLESS = set(
    "subscript contains insert remove count isEmpty removeValue updateValue union subtracting intersection isSubset isSuperset "
    "isStrictSubset isDisjoint formUnion subtract formIntersection symmetricDifference mapValues compactMapValues merge merging keys "
    "values allSatisfy hash == != removeAll reserveCapacity update index capacity min max sorted inOrder ?? ~= append withLock "
    "formSymmetricDifference".split()
)


def unordered(type):
    """What kind of unordered collection a mangled type is."""
    match = re.match(r"\$s(SD|Sh)(4KeysV|6ValuesV)?", type or "")
    if not match or type.endswith("cD") or re.match(r"\$s(SD|Sh)(5Index|8Iterator)", type):
        return None
    return {"4KeysV": "keys", "6ValuesV": "values"}.get(match.group(2), KINDS[match.group(1)])


def bare(node):
    while isinstance(node, dict) and "sub_expr" in node and node["_kind"] in (
        "load_expr", "paren_expr", "inout_expr", "erasure_expr", "bind_optional_expr", "optional_evaluation_expr", "try_expr",
        "force_value_expr",
    ):  # fmt: skip
        node = node["sub_expr"]
    return node


class Reads:
    """The places of one file: line and text, and what is read there."""

    def __init__(self, tree):
        self.path = pathlib.Path(tree["filename"])
        self.source = self.path.read_bytes()
        self.found = {}
        self.walk(tree)

    def add(self, what, node):
        place = node.get("range")
        if not place:
            return
        begin = self.source.rfind(b"\n", 0, place["start"]) + 1
        end = self.source.find(b"\n", place["start"])
        line = self.source.count(b"\n", 0, begin) + 1
        self.found.setdefault((line, self.source[begin:end].decode().strip()), set()).add(what)

    def walk(self, node):
        if isinstance(node, list):
            for item in node:
                self.walk(item)
        if not isinstance(node, dict):
            return
        if node.get("_kind") in ("call_expr", "binary_expr"):
            self.call(node)
        for name, child in node.items():
            if name in traps.UNCHECKED or (name == "original_init" and "processed_init" in node):
                continue
            if isinstance(child, (dict, list)):
                self.walk(child)

    def call(self, node):
        function, base = node.get("fn"), None
        while isinstance(function, dict) and function["_kind"] not in ("declref_expr", "other_constructor_ref_expr"):
            if function["_kind"] == "dot_syntax_call_expr":
                given = (function.get("args") or {}).get("args", [])
                base = bare(given[0]["expr"]) if given else None
            function = function.get("fn") or function.get("sub_expr")
        declaration = (function or {}).get("decl") or {}
        name, symbol = declaration.get("base_name"), declaration.get("decl_usr", "")
        # The standard library's; a loop is a call of `makeIterator`.
        if not re.match(r"s:s?S", symbol) or name in ORDERLESS:
            return
        result = unordered(node.get("type"))
        if result in KINDS.values():
            return
        operands = [base] + [bare(a["expr"]) for a in (node.get("args") or {}).get("args", [])]
        for kind in (unordered(o.get("type")) for o in operands if isinstance(o, dict)):
            if kind:
                self.add(f"{kind}.{name}", node)


def places():
    sys.setrecursionlimit(1_000_000)
    found = {}
    modules = compiler.modules("Sources")
    for module in MODULES:
        for tree in traps.trees(*modules[module]):
            note(Reads(tree), found)
    return found


def note(reads, found):
    for (line, text), what in reads.found.items():
        found.setdefault(f"{reads.path.name}: {text}", []).append(f"{reads.path}:{line} ({', '.join(sorted(what))})")


def read():
    known, reason = {}, "new"
    for line in LIST.read_text().splitlines() if LIST.exists() else []:
        if line.startswith("= "):
            reason = line[2:]
        elif line and not line.startswith("#"):
            known[line] = reason
    return known


def write(found, known):
    groups = {reason: [] for reason in known.values()}
    for text in found:
        groups.setdefault(known.get(text, "new"), []).append(text)
    lines = ["# Where the order of a dictionary or a set is read, and why it does not matter; see scripts/orders.py."]
    for reason, members in groups.items():
        if members:
            lines += ["", f"= {reason}", *sorted(members)]
    LIST.write_text("\n".join(lines) + "\n")


def main(arguments):
    if set(arguments) - {"--write"}:
        sys.exit(__doc__)
    found = places()
    if arguments:
        write(found, read())
    known = read()
    faults = [f"new: {text}\n    {', '.join(found[text])}" for text in found if known.get(text, "new") == "new"]
    faults += [f"no longer there: {text}" for text in known if text not in found]
    print("\n".join([*faults, f"{len(found)} places, of which {len(faults)} differ from scripts/orders.txt"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
