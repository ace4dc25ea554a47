"""What scorers of a bundle must refuse, and what the program refuses with them."""

import json
import os
import shutil

import tiny


def manifest_of(bundle):
    return json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))


def write_manifest(bundle, manifest):
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def change(*keys, to):
    """A manifest that says something else at a path of keys."""

    def damage(bundle):
        manifest = manifest_of(bundle)
        place = manifest
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to
        write_manifest(bundle, manifest)

    return damage


def sum_again(bundle):
    """What a forger would do: the manifest agrees with the files as they are."""
    manifest = manifest_of(bundle)
    for name, told in manifest["files"].items():
        if (bundle / name).exists():
            told.update(bytes=(bundle / name).stat().st_size, sha256=tiny.sha256(bundle / name))
    write_manifest(bundle, manifest)


def cut_graph(bundle):
    tiny.truncate(bundle / "model.onnx")
    sum_again(bundle)


def link(name):
    def damage(bundle):
        outside = bundle.parent / "outside"
        shutil.move(bundle / name, outside)
        (bundle / name).symlink_to(outside)

    return damage


def keep_weights_in(location):
    """Moves a weight's bytes to an external file, as a graph of more than 2 GB has them."""

    def damage(bundle):
        import onnx

        model = onnx.load(str(bundle / "model.onnx"))
        tensor = max(model.graph.initializer, key=lambda t: len(t.raw_data))
        place = os.path.join(bundle, location)
        with open(place, "wb") as out:
            out.write(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        (bundle / "model.onnx").write_bytes(model.SerializeToString())
        sum_again(bundle)

    return damage


def keep_weights_in_a_link(bundle):
    keep_weights_in("weights.bin")(bundle)
    manifest = manifest_of(bundle)
    manifest["files"]["weights.bin"] = {"bytes": 0, "sha256": ""}
    write_manifest(bundle, manifest)
    sum_again(bundle)
    link("weights.bin")(bundle)


def list_file_outside(bundle):
    manifest = manifest_of(bundle)
    (bundle.parent / "secret").write_text("x")
    manifest["files"]["../secret"] = {"bytes": 1, "sha256": tiny.sha256(bundle.parent / "secret")}
    write_manifest(bundle, manifest)


def rename_output(bundle):
    manifest = manifest_of(bundle)
    outputs = manifest["graph"]["outputs"]
    outputs[0], outputs[1] = outputs[1], outputs[0]
    write_manifest(bundle, manifest)


#: name: (damage, what every message of a refusal says)
BROKEN_BUNDLES = {
    "missing file": (lambda b: (b / "vocab.txt").unlink(), ["vocab.txt", "missing"]),
    "changed bit": (lambda b: tiny.flip(b / "model.onnx"), ["model.onnx", "was changed"]),
    "truncated": (lambda b: tiny.truncate(b / "model.onnx"), ["model.onnx", "the manifest says"]),
    "extra file": (lambda b: (b / "notes.txt").write_text("x"), ["notes.txt", "not in the manifest"]),
    "extra folder": (lambda b: (b / "more").mkdir(), ["more", "not in the manifest"]),
    "newer": (change("version", to=2), ["manifest.json", "version 2", "at most 1"]),
    "other format": (change("format", to="zip"), ["manifest.json", "no manifest of a bundle"]),
    "version as text": (change("version", to="1"), ["manifest.json", "no manifest of a bundle"]),
    "no manifest": (lambda b: (b / "manifest.json").unlink(), ["manifest.json", "missing"]),
    "empty manifest": (lambda b: (b / "manifest.json").write_text(""), ["manifest.json", "JSON"]),
    "half a manifest": (lambda b: tiny.truncate(b / "manifest.json"), ["manifest.json", "JSON"]),
    "a list": (lambda b: (b / "manifest.json").write_text("[]"), ["no manifest of a bundle"]),
    "linked file": (link("vocab.txt"), ["vocab.txt", "link"]),
    "linked manifest": (link("manifest.json"), ["manifest.json", "link"]),
    "a file outside": (list_file_outside, ["../secret", "no plain file's name"]),
    "a graph outside": (change("graph", "file", to="../model.onnx"), ["graph.file"]),
    "no sum": (change("files", "vocab.txt", "sha256", to=None), ["vocab.txt", "no plain file's name"]),
    "lies about an input's shape": (change("graph", "inputs", 0, "shape", to=["batch", "tokens"]),
                                    ["graph.inputs"]),
    "lies about an input's type": (change("graph", "inputs", 4, "type", to="float16"),
                                   ["graph.inputs"]),
    "lies about an output's shape": (change("graph", "outputs", 6, "shape", to=["batch", 3]),
                                     ["graph.outputs", "interval"]),
    "lies about the outputs": (rename_output, ["graph.outputs"]),
    "lies about a turn's length": (change("text", "max_turn_tokens", to="32"),
                                   ["text.max_turn_tokens"]),
    "half a graph": (cut_graph, ["model.onnx", "cut short"]),
    "weights above": (keep_weights_in("../weights.bin"), ["model.onnx", "../weights.bin"]),
    "weights anywhere": (keep_weights_in("/tmp/arcsat-weights.bin"), ["/tmp/arcsat-weights.bin"]),
    "weights in a link": (keep_weights_in_a_link, ["weights.bin", "link"]),
}

TURN = '{"speaker":"customer","text":"hi"}'


def turns(text):
    return f'{{"id":"%d","turns":[{text}]}}'


#: Lines that a record check tells apart; "%d" becomes the line's number. The program says which are
#: good: the scorers must agree.
ODD_LINES = [line.encode("utf-8", "surrogatepass") for line in (
    turns(TURN), '{"id":"%d","turns":[]}', turns(TURN) + "\r", " \t" + turns(TURN) + " ",
    '{"id":"%d","turns":[],"turns":[]}', '{"id":"%d","turns":[],"a":{"b":1,"b":1}}',
    '{"id":"%d","turns":[],"a":{"b":1,"\\u0062":1}}', '{"id":"%d","turns":[],"a":[{"b":1},{"b":1}]}',
    '{"id":"%d","turns":[],"n":18446744073709551615}', '{"id":"%d","turns":[],"n":18446744073709551616}',
    '{"id":"%d","turns":[],"n":-9223372036854775808}', '{"id":"%d","turns":[],"n":-9223372036854775809}',
    '{"id":"%d","turns":[],"n":1e400}', '{"id":"%d","turns":[],"n":-1e400}', '{"id":"%d","turns":[],"n":1e-400}',
    '{"id":"%d","turns":[],"n":NaN}', '{"id":"%d","turns":[],"n":Infinity}', '{"id":"%d","turns":[],"n":01}',
    '{"id":"%d","turns":[],"n":1.}', '{"id":"%d","turns":[],"n":.5}', '{"id":"%d","turns":[],"n":+1}',
    '{"id":"%d","turns":[],"s":"\\ud83d\\ude4f"}', '{"id":"%d","turns":[],"s":"\\ud83d"}',
    '{"id":"%d","turns":[],"s":"\\ude4f\\ud83d"}', '{"id":"%d","turns":[],"\\ud83d":1}',
    '{"id":"%d","turns":[],"s":"\ud83d"}', '{"id":"%d","turns":[],"s":"tab\there"}',
    '{"id":"%d","turns":[],"s":"\\x41"}', '{"id":"%d","turns":[],"s":"a\\u0000b"}',
    '{"id":"%d","turns":[],}', '{"id":"%d","turns":[]} x', '{"id":"%d","turns":[]}{}', "{'id':'%d','turns':[]}",
    '{"id":"%d","turns":[],"d":' + "[" * 98 + "]" * 98 + "}", '{"id":"%d","turns":[],"d":' + "[" * 99 + "]" * 99 + "}",
    '{"id":"%d","turns":[],"d":' + "[" * 100 + "]" * 100 + "}", '{"id":"%d","turns":[],"d":' + "[" * 50000 + "]" * 50000 + "}",
    '{"id":"%d","turns":[],"channel":null}', '{"id":"%d","turns":[],"channel":"voice"}', '{"id":"%d","turns":[],"channel":""}',
    '{"id":"%d","turns":[],"channel":"toString"}', '{"id":"%d","turns":[],"channel":["chat"]}',
    '{"id":"%d","turns":null}', '{"id":null,"turns":[]}', '{"id":true,"turns":[]}', '{"turns":[]}', "null", "7", '"%d"',
    *(f'{{"id":"%d","turns":[],"started_at":{at}}}' for at in (
        "null", '""', '"2026-01-05"', '"2026-01-05T09:30"', '"2026-01-05 09:30:60Z"', '"2026-01-05T09:30:61"',
        '"2026-01-05t09:30:00.25z"', '"2026-01-05T09:30:00+01"', '"2026-01-05T09:30:00-0130"', '"2026-01-05T09:30:00+24:00"',
        '"2026-01-05T09:30:00+01:"', '"2026-02-29"', '"2024-02-29"', '"0000-01-01"', '"2026-01-05T24:00"', '"2026-01-05T"',
        '"2026-01-05T09:30:00."', '"2026-01-05T09:30Z"', '"2026-01-05T09:30:00Z "', '"２026-01-05"', "[]")),
    *(f'{{"id":"%d","turns":[],"survey":{survey}}}' for survey in (
        "null", "{}", '{"score":null}', '{"score":5}', '{"score":5.5}', '{"score":0,"scale":[0,10]}', '{"scale":null,"score":3}',
        '{"score":3,"scale":[5,1]}', '{"score":true}', '{"offered":null}', '{"offered":false}', '{"offered":false,"score":null}',
        '{"answered_at":""}', '{"answered_at":7}', '{"scale":[1,true]}', '{"more":[1]}')),
    *(turns('{"speaker":"customer","text":"hi",' + more + "}") for more in (
        '"at":null', '"at":0', '"at":-0.0', '"at":1e308', '"at":true', '"at":"1"', '"satisfaction":null', '"satisfaction":[]',
        '"satisfaction":[1,5,2.5]', '"satisfaction":[true]', '"satisfaction":[null]', '"speaker":"agent"', '"mood":"bad"')),
    turns('{"speaker":"CUSTOMER","text":"hi"}'), turns('{"speaker":null,"text":"hi"}'), turns('{"speaker":["bot"],"text":"hi"}'),
    turns('{"speaker":"bot","text":""}'), turns("null"), turns("[]"),
    *(f'{{"id":"%d","turns":[],"{name}":{value}}}' for name in ("language", "team", "attributes", "escalated", "__proto__")
      for value in ("null", '"x"', "{}", "true", "[]")),
)] + [b'{"id":"%d","turns":[],"s":"\xff"}', b'{"id":"%d","turns":[],"s":"\xc0\xaf"}',
      b'{"id":"%d","turns":[],"s":"\xed\xa0\x80"}', b'{"id":"%d","turns":[],"s":"\xf4\x90\x80\x80"}',
      b'{"id":"%d","turns":[]}\x00', b'\xef\xbb\xbf{"id":"%d","turns":[]}', b'{"id":"%d",\xc2\xa0"turns":[]}']


def odd_lines():
    """The lines with their numbers, from 1."""
    return [line.replace(b"%d", str(i).encode()) for i, line in enumerate(ODD_LINES, 1)]
