#!/usr/bin/env python3
"""Writes SASLPrepTables.swift and NormalizationTables.swift of Sources/KafkaWire/Security from Python's own tables of Unicode 3.2 and RFC 3454.

Numbers are in base 36. A set is the distances between the ends of its ranges. A decomposition is the distance to its code
point, `*` and a count where so many follow each other whose single scalars do too, and the scalars."""
import stringprep as rfc, sys, textwrap, unicodedata

unicode = unicodedata.ucd_3_2_0
digits = "0123456789abcdefghijklmnopqrstuvwxyz"


def b36(n):
    out = ""
    while True:
        n, r = divmod(n, 36)
        out = digits[r] + out
        if not n:
            return out


def ranges(test):
    out, inside, last = [], False, 0
    for c in range(0x110001):
        if (c < 0x110000 and test(chr(c))) != inside:
            inside = not inside
            out.append(b36(c - last))
            last = c
    return " ".join(out)


prohibited = [rfc.in_table_c12, rfc.in_table_c21_c22, rfc.in_table_c3, rfc.in_table_c4, rfc.in_table_c5, rfc.in_table_c6,
              rfc.in_table_c7, rfc.in_table_c8, rfc.in_table_c9]
sets = [
    ("mappedToNothing", "Table B.1: what is commonly mapped to nothing.", rfc.in_table_b1),
    ("spaces", "Table C.1.2: spaces that are not ASCII's.", rfc.in_table_c12),
    ("prohibited", "Tables C.1.2 to C.9, as RFC 4013, 2.3 lists them.", lambda c: any(t(c) for t in prohibited)),
    ("unassigned", "Table A.1: what Unicode 3.2 has not assigned.", rfc.in_table_a1),
    ("rightToLeft", "Table D.1: characters of scripts written from right to left.", rfc.in_table_d1),
    ("leftToRight", "Table D.2: characters of scripts written from left to right.", rfc.in_table_d2),
]
full = {}
for c in range(0x110000):
    if 0xAC00 <= c <= 0xD7A3 or 0xD800 <= c < 0xE000:
        continue
    n = unicode.normalize("NFKD", chr(c))
    if n != chr(c):
        full[c] = n
tokens, last, keys, i = [], 0, sorted(full), 0
while i < len(keys):
    c, n = keys[i], full[keys[i]]
    j = 1
    while len(n) == 1 and i + j < len(keys) and keys[i + j] == c + j and full[c + j] == chr(ord(n) + j):
        j += 1
    tokens.append(b36(c - last) + (f"*{b36(j)}" if j > 1 else "") + ":" + ",".join(b36(ord(x)) for x in n))
    last = c + j - 1
    i += j
pairs, last = [], 0
for c in range(0x110000):
    d = unicode.decomposition(chr(c)).split()
    if len(d) == 2 and not d[0].startswith("<") and unicode.normalize("NFC", chr(c)) == chr(c):
        pairs.append(b36(c - last) + ":" + ",".join(b36(int(x, 16)) for x in d))
        last = c


def literal(text):
    return '"""\n' + "".join(f"        {line}\n" for line in textwrap.wrap(text, 110)) + '        """'


folder = sys.argv[1] if len(sys.argv) > 1 else "Sources/KafkaWire/Security"
note = "// Written by scripts/saslprep_tables.py; change that.\n\n"
members = [f"    /// {comment}\n    static let {name} = {literal(ranges(test))}\n" for name, comment, test in sets]
with open(f"{folder}/SASLPrepTables.swift", "w") as file:
    file.write(f"{note}/// RFC 3454 as far as SASLprep needs it: text, which is read when the first name asks for it.\n")
    file.write("enum SASLPrepTables {\n" + "\n".join(members) + "}\n")
members = [
    f"    /// What has a compatibility decomposition, Hangul aside.\n    static let decompositions = {literal(' '.join(tokens))}\n",
    f"    /// Which pairs compose.\n    static let compositions = {literal(' '.join(pairs))}\n",
]
with open(f"{folder}/NormalizationTables.swift", "w") as file:
    file.write(f"{note}/// Unicode 3.2's normal form KC: text, which is read when the first name asks for it.\n")
    file.write("enum NormalizationTables {\n" + "\n".join(members) + "}\n")
