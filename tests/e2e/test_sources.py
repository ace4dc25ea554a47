"""What a compiler does not say of the sources."""

import collections
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "app configs data eval export insight model train".split()


def types(path):
    """(qualified name, line) of the types that a file defines in a namespace with a name."""
    spaces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if opened := re.match(r"namespace ([\w:]* ?)\{", line):
            spaces.append(opened[1].strip() or "(anonymous)")
        elif re.match(r"\}  // namespace", line):
            spaces.pop()
        elif defined := re.match(r"(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;]*)? ?\{", line):
            if "(anonymous)" not in spaces:
                yield "::".join([*spaces, defined[1]]), number


def test_no_two_types_share_a_name():
    """Two types of one name are undefined behaviour, and no linker tells: std::vector of the one was
    once compiled for the other."""
    places = collections.defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".h", ".cc"):
                for name, number in types(path):
                    places[name].append(f"{path.relative_to(SOURCE)}:{number}")
    assert len(places) > 300
    assert {name: at for name, at in places.items() if len(at) > 1} == {}
