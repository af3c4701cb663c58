#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what a verb prints against its table in docs/json.md, both ways.

json_keys.py DOCUMENT HEADING [--lines KEY] [--unseen KEY,...] FILE...

Every key that is printed must be documented, of the type and in the range said. Over all files every documented key must
have come, those with "?" must have been absent once, and those with "or null" must have been null once and something else
once: so neither the table nor the program can change alone. --lines: the files have an object a line, which are elements of
the list KEY. --unseen: keys that this machine cannot make, or not without. Prints what is wrong, else the number of keys.
"""
import json
import re
import sys

TYPES = {"object": dict, "list": list, "text": str, "integer": int, "number": (int, float), "true or false": bool}


def read_table(document, heading):
    keys, inside = {}, False
    for line in open(document, encoding="utf-8"):
        if line.startswith("## "):
            inside = line[3:].strip() == heading
        found = re.match(r"\| `([^`]+)` \|([^|]*)\|([^|]*)\|", line) if inside else None
        if found:
            key, kind, values = (part.strip() for part in found.groups())
            if key in keys:
                sys.exit(f"{heading}: `{key}` is there twice")
            nullable = " or null" in kind
            name = kind.rstrip("?").replace(" or null", "")
            if name not in TYPES:
                sys.exit(f"{heading}: `{key}`: '{kind}' is no type")
            keys[key] = {"kind": name, "optional": kind.endswith("?"), "nullable": nullable, "values": values,
                         "absent": 0, "null": 0, "set": 0}
    if not keys:
        sys.exit(f"{document}: no table below '{heading}'")
    return keys


def in_range(value, values):
    words = re.findall(r"`([^`]*)`", values)
    if words:
        return value in words
    span = re.fullmatch(r"(-?[\d.]+) to (-?[\d.]+)", values)
    if span:
        return float(span[1]) <= value <= float(span[2])
    bound = re.fullmatch(r"(>=|<=|>) (-?[\d.]+)", values)
    if bound:
        limit = float(bound[2])
        return {">=": value >= limit, "<=": value <= limit, ">": value > limit}[bound[1]]
    if values:
        sys.exit(f"'{values}' is no range")
    return True


class Check:
    def __init__(self, keys):
        self.keys, self.faults = keys, []

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)

    def value(self, path, value):
        if path not in self.keys:
            return self.fault(f"`{path}` is printed, and not documented")
        key = self.keys[path]
        if value is None:
            key["null"] += 1
            if not key["nullable"]:
                self.fault(f"`{path}` is null")
            return None
        key["set"] += 1
        wanted = TYPES[key["kind"]]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            return self.fault(f"`{path}` is {value!r}, not {key['kind']}")
        if isinstance(value, dict):
            self.members(path + ".", value)
        elif isinstance(value, list):
            for element in value:
                self.element(path + "[]", element)
        elif not in_range(value, key["values"]):
            self.fault(f"`{path}` is {value!r}, not in '{key['values']}'")
        return None

    def element(self, path, element):
        if isinstance(element, dict):
            self.members(path + ".", element)
        else:
            self.value(path, element)

    def members(self, prefix, value):
        for name, member in value.items():
            self.value(prefix + name, member)
        for path, key in self.keys.items():
            name = path[len(prefix):]
            if path.startswith(prefix) and not re.search(r"[.\[]", name) and name not in value:
                key["absent"] += 1
                if not key["optional"]:
                    self.fault(f"`{path}` is missing")

    def end(self, unseen):
        for path, key in self.keys.items():
            if path in unseen:
                continue
            if not key["set"]:
                self.fault(f"`{path}` never came")
            elif key["optional"] and not key["absent"]:
                self.fault(f"`{path}` was there always")
            elif key["nullable"] and not key["null"]:
                self.fault(f"`{path}` never was null")


def main():
    document, heading, *files = sys.argv[1:]
    lines, unseen = None, []
    while files and files[0].startswith("--"):
        option, value, *files = files
        if option == "--lines":
            lines = value
        else:
            unseen = value.split(",")
    check = Check(read_table(document, heading))
    for name in files:
        text = open(name, encoding="utf-8").read()
        for part in text.splitlines() if lines else [text]:
            root = json.loads(part)
            check.members("", {lines: [root]} if lines else root)
    if not files:
        sys.exit("no file")
    check.end(unseen)
    for fault in check.faults:
        print(f"{heading}: {fault}")
    if not check.faults:
        print(f"{heading}: {len(check.keys)} keys")


main()
