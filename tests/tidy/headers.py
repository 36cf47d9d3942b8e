# SPDX-License-Identifier: Apache-2.0
"""Public C++ headers as declarations with their doc comments: just enough of a parser for our own formatted code."""
from __future__ import annotations

import re
from dataclasses import dataclass

SCOPE = re.compile(r"^(?:template\s*<[^{]*>\s*)?(?:inline\s+)?(namespace|class|struct|union|enum)\b([^({;]*)$", re.S)
FUNCTION = re.compile(r"(operator\s*[^\s\w(]+|operator \w+|~?\w+)\s*\(")
INTEGER = r"(?:std::)?u?int(?:8|16|32|64)_t"
# Quantities that must carry a unit when they are bare integers (STYLE 2.1).
QUANTITY = re.compile(r"(?:^|_)(power|voltage|current|temperature|energy|frequency|capacity|resistance|timeout|delay|period|duration"
                      r"|interval|lease|soc|soh)_?$|(?:^|_)(power|voltage|current|temperature|energy|timeout)_(?:max|min|limit)_?$")


@dataclass
class Declaration:
    line: int
    name: str
    text: str      # One line, without the body.
    doc: str       # Of itself, or of the paragraph it stands in.
    owner: str     # Doc of its class.
    one_return: bool = False  # Its body is one return statement: that says it all.


def split(text: str):
    """Yields (line, blank_before, doc, statement, end) for each statement; end is ';', '{' or '}'."""
    doc: list[str] = []
    statement: list[str] = []
    start = 0
    blank = True
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not statement and not stripped:
            blank, doc = True, []
            continue
        if stripped.startswith("#"):
            continue
        if stripped.startswith("///") and not statement:
            doc.append(stripped.lstrip("/< ").strip())
            continue
        trailing = re.search(r"///<(.*)$", line)
        code = re.sub(r"//.*$", "", line)
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', code)
        code = re.sub(r"'(?:\\.|[^'\\])'", "' '", code)
        if trailing and not code.strip():  # The second line of a trailing comment.
            continue
        for piece in re.findall(r"[^;{}]+|[;{}]", code):
            if piece in ";{}":
                words = doc + ([trailing[1].strip()] if trailing else [])
                yield start or number, blank, " ".join(words), " ".join(" ".join(statement).split()), piece
                statement, start, blank = [], 0, False
                doc = []
            elif piece.strip():
                start = start or number
                statement.append(piece.strip())
                label = re.fullmatch(r"\s*(public|private|protected)\s*:\s*", piece)
                if label:
                    yield number, blank, "", label[1], ":"
                    statement, start, doc, blank = [], 0, [], True


def declarations(text: str) -> list[Declaration]:
    """Functions and data members that a user of the header sees."""
    out: list[Declaration] = []
    scopes: list[list[str]] = []  # [kind, name, access, doc]
    skip = 0                      # Braces deep inside a body.
    first = False                 # The next statement is the first of its body.
    family = ""                   # Doc of the paragraph's first declaration.
    for line, blank, doc, statement, end in split(text):
        if skip:
            if first and end == ";" and statement.startswith("return") and out:
                out[-1].one_return = True
            first = False
            skip += {"{": 1, "}": -1}.get(end, 0)
            continue
        if end == ":":
            if scopes:
                scopes[-1][2] = statement
            family = ""
            continue
        if end == "}":
            if scopes:
                scopes.pop()
            family = ""
            continue
        statement = re.sub(r"^(public|private|protected)\s*:\s*", "", statement)
        scope = SCOPE.match(re.sub(r"\[\[\w+\]\]\s*", "", statement)) if end == "{" else None
        if scope and "(" not in statement:
            kind, name = scope[1], scope[2].split(":")[0].split()[0] if scope[2].split() else ""
            scopes.append([kind, name.split("<")[0], "private" if kind == "class" else "public", doc])
            family = ""
            continue
        if blank:
            family = ""
        hidden = any(s[2] != "public" or s[1] in ("detail", "") for s in scopes) or any(s[0] == "enum" for s in scopes)
        family = doc or family
        if end == "{":
            skip, first = 1, True
        if statement and not hidden:
            function = FUNCTION.search(re.sub(r"(noexcept|alignas|explicit|decltype|__attribute__)\s*\([^()]*\)|\[\[[^\]]*\]\]|<[^<>()]*>", "", statement))
            if function and "=" not in statement.split("(")[0].replace("operator=", "").replace("operator==", ""):
                name = "constructor" if scopes and function[1] == scopes[-1][1] else function[1]
                out.append(Declaration(line, name, statement, family, scopes[-1][3] if scopes else ""))
            elif end == ";" and scopes and scopes[-1][0] in ("struct", "class"):
                out.append(Declaration(line, "", statement, doc or family, ""))
    return out


# Names that say all there is to say (STYLE 2.3: a comment does not restate the name).
SELF_EVIDENT = re.compile(r"constructor|to_string|(load|store)_(u8|[bl]e(16|32|64))|((micro|milli)?seconds)|value_or|start|stop|now"
                          r"|battery|inverter|meter|index_of|mark|epoch|counters|status|connected|row|record|pack|value|error|view")
# Its own list, its class's, or "as make()": where the list stands.
ERRORS = re.compile(r"@errors|\b(as|like|see) `?[\w:]+\(\)|\b\w+\(\) with\b", re.I)
TRIVIAL = re.compile(r"^(friend|using|static_assert|typedef|extern|template class)\b|= default|= delete|\boverride\b|\boperator\b")


def faults(path: str, text: str) -> list[str]:
    """What the doc comments of one header lack."""
    out = []
    for declaration in declarations(text):
        where = f"{path}:{declaration.line}: {declaration.name or declaration.text}"
        if TRIVIAL.search(declaration.text) or declaration.name.startswith("~"):
            continue
        if declaration.name:
            result = re.search(r"\bResult<", declaration.text.split("(")[0])
            if not declaration.doc and not declaration.one_return and not SELF_EVIDENT.fullmatch(declaration.name):
                out.append(f"{where}: no doc comment")
            if result and not declaration.one_return and not ERRORS.search(declaration.doc + declaration.owner):
                out.append(f"{where}: returns a Result and names no @errors")
        for name in re.findall(rf"\b{INTEGER}\s+(\w+)\b(?!\s*\()", declaration.text):
            if QUANTITY.search(name):
                out.append(f"{where}: {name} is a bare integer without its unit")
    return out
