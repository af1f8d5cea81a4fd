#!/usr/bin/env python3
"""Lists every place where a value could trap, as the compiler sees it, against the places whose reason is written down.

    scripts/traps.py                 compares all modules with scripts/traps/MODULE.txt; 1 if they differ or a place is unproven
    scripts/traps.py KafkaBroker     one module, or several
    scripts/traps.py --write …       brings the lists up to date: what is gone goes, what is new stands under "= unproven"
    scripts/traps.py --where …       the unproven places, as file:line, to walk through

`swift build --build-tests` has to have run: its arguments for each module are taken from .build/debug.yaml, and the modules it
made are imported. Every file is type-checked once more and its syntax tree read as JSON (`-dump-ast`), so that operand types are
the compiler's, not a guess from names.

What is listed, by kind:

    arithmetic   + - * and their assignments, abs, negation of integers with a fixed width; Duration times a number
    division     / % quotientAndRemainder isMultiple of any integer or Duration, unless by a literal that is neither 0 nor -1
    narrowing    Int32(x), UInt8(x), Int(double), Character(string), … where the argument's type holds more
    huge         Int(x) of 64 bits: no trap itself, but what is computed from it later is not looked at (see below)
    parsed       Int(text) and the like: the same
    option       a number on the command line: the same
    range        a...b, a..<b, stride: b below a, a step of 0
    subscript    an element by its index; of raw memory too, which does not trap but reads what is not ours
    slice        a range as index, remove(at:), insert(at:), swapAt, removeSubrange, …
    index        index(_:offsetBy:), index(after:), …
    count        prefix, suffix, dropFirst, dropLast of what may be negative
    empty        removeFirst, removeLast of what may be empty
    repeat       (repeating:count:), reserveCapacity of what may be negative or huge
    keys         Dictionary(uniqueKeysWithValues:)
    force        ! try! as!
    stop         precondition, fatalError, assert
    memory       raw loads, stores, copies, pointer arithmetic, buffers from a pointer and a count

What needs no entry, and why:

  * arithmetic on plain Int. An Int is a count, an index or a widened 32-bit value, and no sum of such numbers reaches 2^63;
    those that do not begin so are listed where they begin (huge, parsed, option, narrowing).
  * shifts (`<<` takes any count), `&+`, `.magnitude`, conversions that clamp or truncate, Duration plus Duration (128 bits of
    attoseconds: 18 times what 64 bits of seconds hold), arithmetic of KafkaWire's own scalars, whose bodies are listed instead.
  * an index that `for i in a.indices`, `0..<a.count`, `a.enumerated()` or `a.firstIndex` bound in the 60 lines above.
  * a literal count that is not negative, `.count`, and `0..<x.count`.

What it does not see: traps inside of libraries that get our values (Foundation, swift-argument-parser, FlyingFox), recursion
without bound, an Int computed from listed ones far away from where it was bounded, C code. The fuzzers look there.

A place is known by its file's name, its kind and its text, so moved lines and folders change nothing. A list groups places under
the reason why they cannot trap ("= reason"); where a text occurs more than once in a file, its number is kept ("×2").
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import sys
import tempfile

import compiler
from compiler import ROOT

LISTS = ROOT / "scripts" / "traps"
UNPROVEN = "unproven"
LONGEST = 150

INTEGERS = {"$sSiD": "Int", "$sSuD": "UInt"}
for bits in (8, 16, 32, 64, 128):
    for integer in (f"Int{bits}", f"UInt{bits}"):
        INTEGERS[f"$ss{len(integer)}{integer}VD"] = integer
FLOATS = {"$sSdD": "Double", "$sSfD": "Float"}
ARITHMETIC = {"+", "-", "*", "+=", "-=", "*=", "abs", "negate"}
DIVISION = {"/", "%", "/=", "%=", "quotientAndRemainder", "isMultiple"}
COUNTED = {"prefix", "suffix", "dropFirst", "dropLast"}
PLACED = {"removeFirst", "removeLast", "remove", "insert", "swapAt", "removeSubrange", "replaceSubrange"}
STOPS = {"precondition", "preconditionFailure", "fatalError", "assert", "assertionFailure"}
RAW = {
    "load", "loadUnaligned", "storeBytes", "copyMemory", "copyBytes", "initializeMemory", "allocate", "update", "initialize",
    "withUnsafeTemporaryAllocation", "assumingMemoryBound", "bindMemory", "unsafeBitCast",
}  # fmt: skip
LITERALS = {"integer_literal_expr", "float_literal_expr", "string_literal_expr", "character_literal_expr"}
# What the tree holds twice: once as it was read, once as it was checked.
UNCHECKED = {"parsed_sequence", "parsed_path", "attrs"}

Site = collections.namedtuple("Site", "kind text line note")


def bounds(integer):
    width = int(re.search(r"\d+", integer).group()) if integer[-1].isdigit() else 64
    return (0, 2**width - 1) if integer[0] == "U" else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)


def bare(node):
    """An expression without what the compiler wrapped around it."""
    while node["_kind"] in ("load_expr", "paren_expr", "inout_expr") and "sub_expr" in node:
        node = node["sub_expr"]
    return node


def is_literal(node):
    """A number or text that stands in the source, `UInt8(ascii: "a")` among them."""
    node = bare(node)
    arguments = node["args"].get("args", []) if node["_kind"] == "call_expr" else []
    return node["_kind"] in LITERALS or len(arguments) == 1 and arguments[0].get("label") == "ascii"


def value(node):
    node = bare(node)
    if node["_kind"] != "integer_literal_expr":
        return None
    number = int(node["value"], 0)
    return -number if node.get("negative") else number


def is_count(node):
    node = bare(node)
    return node["_kind"] == "member_ref_expr" and node["decl"]["base_name"] == "count"


def is_harmless_count(node):
    number = value(node)
    return is_count(node) if number is None else 0 <= number < 1 << 20


def called(function):
    """The reference to the declaration that a call applies."""
    while isinstance(function, dict):
        kind = function["_kind"]
        if kind in ("declref_expr", "other_constructor_ref_expr"):
            return function
        function = function.get("fn") if kind in ("dot_syntax_call_expr", "constructor_ref_call_expr") else function.get("sub_expr")
    return None


class SourceFile:
    """The places of one file."""

    def __init__(self, tree):
        self.path = pathlib.Path(tree["filename"])
        self.source = self.path.read_bytes()
        self.found = {}  # (start, end, kind) → note
        self.applied = set()
        self.walk(tree)

    def sites(self):
        sums = [(start, end) for start, end, kind in self.found if kind == "arithmetic"]
        for (start, end, kind), note in sorted(self.found.items()):
            # Of a sum of sums the whole is one place.
            if kind == "arithmetic" and any((a, b) != (start, end) and a <= start and end <= b for a, b in sums):
                continue
            yield Site(kind, self.text(start, end), self.source.count(b"\n", 0, start) + 1, note)

    # MARK: text

    def text(self, start, end):
        text = re.sub(r"\s+", " ", self.source[start : self.end_of_token(end)].decode())
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def end_of_token(self, start):
        source = self.source
        hashes = re.compile(rb"#*").match(source, start).end() - start
        if source[start + hashes : start + hashes + 1] == b'"':
            return self.end_of_string(start + hashes, hashes)
        token = re.compile(rb"`?[A-Za-z_$0-9]+(?:\.[0-9]+)?`?|[-+*/%<>=!&|^~?.]+").match(source, start)
        return token.end() if token else start + 1

    def end_of_string(self, start, hashes):
        source = self.source
        quote = b'"""' if source[start : start + 3] == b'"""' else b'"'
        place = start + len(quote)
        while place < len(source):
            if source[place : place + 1] == b"\\" and not hashes:
                place += 1
                if source[place : place + 1] == b"(":
                    depth = 1
                    while depth and place < len(source):
                        place += 1
                        depth += {b"(": 1, b")": -1}.get(source[place : place + 1], 0)
            elif source.startswith(quote + b"#" * hashes, place):
                return place + len(quote) + hashes
            place += 1
        return place

    def text_of(self, node):
        place = node.get("range")
        return self.text(place["start"], place["end"]) if place else ""

    # MARK: the walk

    def add(self, kind, node, note=""):
        place = node.get("range")
        if place:
            self.found.setdefault((place["start"], place["end"], kind), note)

    def walk(self, node):
        if isinstance(node, list):
            for item in node:
                self.walk(item)
        if not isinstance(node, dict):
            return
        kind = node.get("_kind")
        if kind in ("binary_expr", "prefix_unary_expr", "postfix_unary_expr", "call_expr"):
            reference = called(node.get("fn"))
            if reference:
                self.applied.add(id(reference))
                arguments = node["args"].get("args", [])
                self.call(node, reference, [a["expr"] for a in arguments], [a.get("label") for a in arguments])
        elif kind == "declref_expr" and id(node) not in self.applied:
            self.call(node, node, None, None)
        elif kind == "subscript_expr":
            self.subscript(node)
        elif kind in ("force_value_expr", "force_try_expr", "forced_checked_cast_expr") and not node.get("implicit"):
            self.add("force", node)
        elif kind == "var_decl":
            self.option(node)
        for name, child in node.items():
            if name in UNCHECKED or (name == "original_init" and "processed_init" in node):
                continue
            if isinstance(child, (dict, list)):
                self.walk(child)

    def option(self, node):
        wrappers = [a.get("type", "") for a in node.get("attrs", []) if a.get("_kind") == "custom_attr"]
        number = re.fullmatch(r"\$s(?:Sa)?(Si|Su|Sd|s\d+U?Int\d+V)(?:G|Sg)?D", node.get("interface_type", ""))
        if number and any("ArgumentParser" in wrapper for wrapper in wrappers):
            self.add("option", node)

    def operand(self, symbol, node):
        match = re.match(r"s:(Si|Su|Sd|Sf|s\d+(?:U?Int\d+|Duration|Float\d*)V)", symbol)
        if match:
            name = match.group(1)
            return {"Si": "Int", "Su": "UInt", "Sd": "Double", "Sf": "Float"}.get(name) or re.sub(r"^s\d+|V$", "", name)
        type = node.get("type", "")
        return INTEGERS.get(type) or FLOATS.get(type) or "generic"

    def call(self, node, reference, arguments, labels):
        declaration = reference.get("decl") or {}
        symbol, name = declaration.get("decl_usr", ""), declaration.get("base_name")
        # The standard library's; what others declare is looked at where they do.
        if not re.match(r"s:[sS]", symbol):
            return
        first = arguments[0] if arguments else None
        if name in ARITHMETIC or name in DIVISION:
            self.arithmetic(node, name, symbol, arguments)
        elif name == "init" and arguments:
            self.initializer(node, symbol, arguments, labels)
        elif name == "numericCast":
            self.add("narrowing", node)
        elif name in ("...", "..<") and "PartialRange" not in symbol and "Unbounded" not in symbol:
            if arguments and all(map(is_literal, arguments)):
                return
            if not (arguments and name == "..<" and value(first) == 0 and is_count(arguments[1])):
                self.add("range", node)
        elif name == "stride" and arguments and value(arguments[2]) in (None, 0):
            self.add("range", node)
        elif name in COUNTED and first:
            if labels[0] in ("upTo", "through", "from"):
                self.add("slice", node)
            elif labels[0] != "while" and not is_harmless_count(first):
                self.add("count", node)
        elif name in PLACED and not re.match(r"s:S[hD]", symbol) and "OptionSet" not in symbol and "SetAlgebra" not in symbol:
            self.add("slice" if arguments else "empty", node)
        elif name in ("index", "formIndex"):
            self.add("index", node)
        elif name in ("reserveCapacity", "repeatElement"):
            if not is_harmless_count(arguments[-1]):
                self.add("repeat", node)
        elif name in STOPS:
            self.add("stop", node)
        elif name in ("seconds", "milliseconds", "microseconds", "nanoseconds") and symbol.startswith("s:s8Duration"):
            if first and bare(first).get("type") in FLOATS and not is_literal(first):
                self.add("narrowing", node, "Double to Duration")
        elif name in RAW:
            self.add("memory", node)
        elif name == "unsafelyUnwrapped":
            self.add("force", node)

    def arithmetic(self, node, name, symbol, arguments):
        if re.match(r"s:(SS|Sa|Sm|SyS|s10ArraySlice)", symbol):
            return  # texts and arrays
        if "_Pointer" in symbol:
            return self.add("memory", node)
        operand = self.operand(symbol, node)
        if operand in ("Double", "Float"):
            return
        if name in DIVISION:
            divisor = value(arguments[-1]) if arguments else None
            # A duration by a duration is a Double.
            if divisor in (None, 0, -1) and node.get("type") not in FLOATS:
                self.add("division", node, operand)
            return
        if operand == "Int" or (operand == "Duration" and "*" not in name):
            return
        if not (arguments and all(map(is_literal, arguments))):
            self.add("arithmetic", node, operand)

    def initializer(self, node, symbol, arguments, labels):
        if "uniqueKeysWithValues" in labels:
            return self.add("keys", node)
        if labels[:2] == ["repeating", "count"]:
            if not is_harmless_count(arguments[1]):
                self.add("repeat", node)
            return
        if labels[:2] == ["start", "count"]:
            return self.add("memory", node)
        if len(arguments) != 1 or labels[0]:
            return
        result, argument = node.get("type", ""), bare(arguments[0]).get("type", "")
        if is_literal(arguments[0]):
            return
        if re.fullmatch(r"\$s(Si|Su|Sd|s\d+U?Int\d+V)SgD", result):
            return self.add("parsed", node)
        to, of = INTEGERS.get(result), INTEGERS.get(argument)
        if to and of:
            (least, greatest), (low, high) = bounds(of), bounds(to)
            if least < low or greatest > high:
                self.add("narrowing", node, f"{of} to {to}")
            elif to in ("Int", "UInt") and greatest >= 2**63 - 1 and of != to:
                self.add("huge", node, of)
        elif to and argument in FLOATS:
            self.add("narrowing", node, f"{FLOATS[argument]} to {to}")
        elif re.match(r"s:(SZ|SU|Sz|s17Fixed)", symbol) and result not in FLOATS:
            self.add("narrowing", node, "generic")
        elif result == "$sSJD" and argument == "$sSSD":
            self.add("narrowing", node, "String to Character")

    def subscript(self, node):
        symbol = (node.get("decl") or {}).get("decl_usr", "")
        if not re.match(r"s:[sS]", symbol) or symbol.startswith("s:SD") or "UnboundedRange" in symbol:
            return
        if not self.is_bound(node):
            self.add("slice" if "SXRd__" in symbol or "SnyS" in symbol else "subscript", node)

    def is_bound(self, node):
        """Whether the index was bound to the array's own indices just above."""
        base, arguments = node.get("base"), node["args"].get("args", [])
        if not base or not base.get("range") or len(arguments) != 1 or not node.get("range"):
            return False
        index = re.fullmatch(r"(?:\.\.<)?\(?(\w+)(?: \+ 1)?\)?(?:\.\.\.)?", self.text_of(arguments[0]["expr"]))
        if not index or "+ 1" in index.group() and not index.group().endswith("..."):
            return False
        name, array = index.group(1), re.escape(self.text_of(base))
        above = b"\n".join(self.source[: node["range"]["start"]].split(b"\n")[-60:]).decode(errors="replace")
        return re.search(
            rf"for {name} in {array}\.indices|for {name} in 0\.\.<{array}\.count|\({name}, \w+\) in {array}\.enumerated\(\)"
            rf"|let {name} = {array}\.(?:first|last)Index",
            re.sub(r"\s+", " ", above),
        )


# MARK: the compiler


def trees(arguments, sources):
    """The checked syntax tree of each file."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [f"{folder}/{number}.json" for number in range(len(sources))]
        results = pathlib.Path(folder, "results")
        results.write_text("\n".join(outputs))
        compiler.frontend(arguments, sources, "-dump-ast", "-dump-ast-format", "json", "-output-filelist", results)
        for output in outputs:
            yield json.loads(pathlib.Path(output).read_text())


def places_of(module):
    sys.setrecursionlimit(1_000_000)
    name, (arguments, sources) = module
    places = {}
    for tree in trees(arguments, sources):
        file = SourceFile(tree)
        for site in file.sites():
            places.setdefault(f"{file.path.name} {site.kind}: {site.text}", []).append((file.path, site.line, site.note))
    return name, places


# MARK: the lists


def read(path):
    """Places with their number and reason, in the list's order of reasons."""
    known, reason = {}, UNPROVEN
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("= "):
            reason = line[2:]
        elif line and not line.startswith("#"):
            text, _, number = line.partition(" ×") if re.search(r" ×\d+$", line) else (line, "", "1")
            known[text] = (int(number), reason)
    return known


def write(path, name, places, known):
    groups = {reason: [] for _, reason in known.values()}
    for text, found in places.items():
        number, reason = known.get(text, (len(found), UNPROVEN))
        groups.setdefault(reason if number >= len(found) else UNPROVEN, []).append((text, len(found)))
    lines = [f"# Places of {name} where a value could trap, and why none does; see scripts/traps.py."]
    for reason, members in groups.items():
        if members:
            lines += ["", f"= {reason}", *(text if number == 1 else f"{text} ×{number}" for text, number in sorted(members))]
    path.write_text("\n".join(lines) + "\n")


def main(arguments):
    flags = {a for a in arguments if a.startswith("-")}
    names = [a for a in arguments if not a.startswith("-")]
    modules = compiler.modules("Sources", without={"FuzzChecks", "TestSupport"})
    unknown = set(names) - set(modules)
    if unknown or flags - {"--write", "--where", "--allow-unproven"}:
        sys.exit(f"traps.py: no module {', '.join(unknown)}" if unknown else __doc__)
    chosen = {name: modules[name] for name in (names or sorted(modules))}
    LISTS.mkdir(exist_ok=True)
    faults = unproven = count = 0
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for name, places in pool.map(places_of, chosen.items()):
            path = LISTS / f"{name}.txt"
            known = read(path)
            if "--write" in flags:
                if places or path.exists():
                    write(path, name, places, known)
                known = read(path)
            count += sum(map(len, places.values()))
            for text, found in places.items():
                number, reason = known.get(text, (0, ""))
                where = [f"{file.relative_to(ROOT)}:{line} {note}".strip() for file, line, note in found]
                if number != len(found):
                    faults += 1
                    print(f"{name}: new, or more of them than the list says ({number}): {text}\n    {', '.join(where)}")
                elif reason == UNPROVEN:
                    unproven += len(found)
                    if "--where" in flags:
                        print(f"{', '.join(where)}: {text.partition(' ')[2]}")
            for text in known.keys() - places.keys():
                faults += 1
                print(f"{name}: no longer there: {text}")
    print(f"{count} places in {len(chosen)} modules; {unproven} unproven; {faults} differ from scripts/traps/")
    if faults:
        print("Prove each new place, or write it so that it cannot trap; then scripts/traps.py --write and give it its reason.")
    return 1 if faults or (unproven and "--allow-unproven" not in flags) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
