# SPDX-License-Identifier: Apache-2.0
"""What can be changed in a C++ source: small, wrong, and still likely to compile.

The sources are formatted by clang-format, so an operator with a blank on both sides is one, and `<` without is a template's.
Left alone: comments, texts, preprocessor lines, static_assert, EMS_ASSERT (its arm is a bug in our own code, not a behaviour), the
sizes of fixed-size tables, the numbers of enumerators (stored, and pinned by the tests of the records that store them), and in headers
what a member is before anybody set it.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

SWAPS = {
    " < ": (" <= ", " >= "), " <= ": (" < ", " > "), " > ": (" >= ", " <= "), " >= ": (" > ", " < "),
    " == ": (" != ",), " != ": (" == ",), " && ": (" || ",), " || ": (" && ",),
    " + ": (" - ",), " - ": (" + ",), " * ": (" / ",), " / ": (" * ",), " += ": (" -= ",), " -= ": (" += ",),
    " |= ": (" &= ",), " &= ": (" |= ",), " | ": (" & ",), " & ": (" | ",), " << ": (" >> ",), " >> ": (" << ",),
}
WORDS = {
    "true": "false", "false": "true", "min_of": "max_of", "max_of": "min_of", "std::min": "std::max", "std::max": "std::min",
    "Direction::charge": "Direction::discharge", "Direction::discharge": "Direction::charge",
}
PATTERNS = [
    (re.compile("|".join(rf"(?<=\S){re.escape(text)}(?=\S)" for text in sorted(SWAPS, key=len, reverse=True))), lambda t: SWAPS[t]),
    (re.compile(r"(?<![\w:])(?:%s)(?!\w)" % "|".join(map(re.escape, sorted(WORDS, key=len, reverse=True)))), lambda t: (WORDS[t],)),
    (re.compile(r"(?<![\w!])!(?=[\w(])"), lambda t: ("",)),
    (re.compile(r"(?<![\w.'])\d[\d']*(?=(?:_\w+|[uUlL]*)?(?![\w.']))"), lambda t: number(t)),
    (re.compile(r"(?<=\) )return\b[^;{}]*;"), lambda t: (";",)),
    (re.compile(r"(?<=\) )(?:continue|break);"), lambda t: (";",)),
    # A whole statement on its line: an assignment, or a call whose result nobody takes.
    (re.compile(r"(?m)(?<=[;{})]\n)[ ]+[\w.\->\[\]*()]+ (?:[-+|&]?=) [^;{}\n]*;$"), lambda t: (";",)),
    (re.compile(r"(?m)(?<=[;{})]\n)[ ]+(?!return\b)[\w.:\->]+\([^;{}\n]*\);$"), lambda t: (";",)),
]
MASKED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\])'(?!\d)|^[ ]*#(?:[^\n]*\\\n)*[^\n]*"
    r"|\b(?:static_assert|EMS_ASSERT)\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\);"
    r"|^[ ]+\w+ = \d+,|\benum class[^;{]*\{[^}\n]*\}|\b(?:StaticVector|array|FixedString)<[^;{}()\n]*>|\[\[[^\]]*\]\]|\boperator\S+\(",
    re.M | re.S)

MEMBER = re.compile(r"^[ ]+[\w:<>,* ]+ \w+(?: = (?:true|false|\d[\d']*)|\{[^{}\n]*\});", re.M)


def number(text: str) -> tuple[str, ...]:
    value = int(text.replace("'", ""))
    return ("1",) if value == 0 else ("0", "2") if value == 1 else (str(value + 1), str(value - 1))


@dataclass(frozen=True)
class Mutation:
    path: str  # From the repository's root.
    at: int    # Character of the file.
    old: str
    new: str
    line: int
    source: str  # The line, its blanks made one; ` #2` behind the second such line of the file.
    nth: int     # Which `old` of the line, from 1.

    @property
    def what(self) -> str:
        return f"`{self.old.strip()}` -> `{self.new.strip() or 'nothing'}` ({self.nth})"

    def apply(self, text: str) -> str:
        assert text[self.at:self.at + len(self.old)] == self.old
        return text[:self.at] + self.new + text[self.at + len(self.old):]


def blank(match: re.Match) -> str:
    return re.sub(r"[^\n]", "\0", match[0])


def mutations(path: str, text: str) -> list[Mutation]:
    """All of one file, in the order of the file."""
    code = MASKED.sub(blank, text)
    if path.endswith(".hpp"):
        code = MEMBER.sub(blank, code)
    seen: dict[str, int] = {}
    sources = []
    for line in text.splitlines():
        line = " ".join(line.split())
        seen[line] = seen.get(line, 0) + 1
        sources.append(line if seen[line] == 1 else f"{line} #{seen[line]}")
    out = []
    for pattern, replacements in PATTERNS:
        for found in pattern.finditer(code):
            begin = text.rfind("\n", 0, found.start() + 1) + 1
            number_of_line = text.count("\n", 0, begin)
            old = text[found.start():found.end()]
            nth = text[begin:found.start()].count(old) + 1
            for new in replacements(old):
                out.append(Mutation(path, found.start(), old, new, number_of_line + 1, sources[number_of_line], nth))
    return sorted(out, key=lambda m: (m.at, m.new))
