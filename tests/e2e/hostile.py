"""200 texts that try to run, to load, or to break out of where they stand."""

RUN = "window.hostile=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.hostile=1</script>'>",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<a href='javascript:{RUN}'>click</a>",
    f"javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"<math><mtext></math><img src=x onerror={RUN}>",
    f"<style>*{{background:url(http://hostile.invalid/a)}}</style>",
    "<link rel=stylesheet href=http://hostile.invalid/b>",
    "<img src=http://hostile.invalid/c>",
    "<meta http-equiv=refresh content='0;url=http://hostile.invalid/d'>",
    "<base href=http://hostile.invalid/>",
    f"<form action=javascript:{RUN}><button>x</button></form>",
    f"<object data='javascript:{RUN}'></object>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<!--><script>{RUN}</script-->",
    f"<!-- <script> -->{RUN}",
    "]]><x/>",
    "<![CDATA[<x>]]>",
    f"${{{RUN}}}",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"`+({RUN})+`",
    f"';{RUN};//",
    f'";{RUN};//',
    f"\\';{RUN};//",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    "&#60;img src=x&#62;",
    "\u2028alert(1)\u2029",
    "a\u0000b",
    "\ufeffbom",
    "\u202ereversed\u202c",
    "\u2066isolated\u2069",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "@SCRIPT@",
    "@DATA@",
    "@POLICY@",
    "@D3@",
    "null",
    "undefined",
    "NaN",
    "[object Object]",
    "-1",
    "1e309",
    "0x41",
    "true",
    "%3Cscript%3E",
    "../../etc/passwd",
    "C:\\nul",
    "\\",
    "\\\\",
    '"',
    "'",
    "`",
    "|",
    "|---|",
    "# head",
    "* item",
    "[link](javascript:alert(1))",
    "![image](http://hostile.invalid/e)",
    "<http://hostile.invalid/f>",
    "@everyone",
    "#1",
    "~~x~~",
    "https://hostile.invalid/g",
    "a\nb",
    "a\r\nb",
    "\ttab",
    "  two  spaces  ",
    "e\u0301" * 20,
    "Z\u0351\u036f\u0301" * 15,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "العربية",
    "עברית",
    "日本語の文",
    "ไทย",
    "x" * 250,
    "W" * 120,
    "\u00ad" * 30,
    "a" + "\u200b" * 40 + "b",
    "expression(alert(1))",
    "url(http://hostile.invalid/h)",
    "}</style>",
    "*/alert(1)/*",
    "--></script>",
    "<plaintext>",
    "<xmp>",
    "<textarea>",
]
WRAPPERS = ["{}", "before {} after", "<b>{}</b>", "\"'>{}<'\""]


def strings(count=200):
    texts = []
    for wrapper in WRAPPERS:
        texts += [wrapper.replace("{}", payload) for payload in PAYLOADS]
    unique = list(dict.fromkeys(texts))
    assert len(unique) >= count
    return unique[:count]


def turned(texts, by):
    """The same texts, beginning with another one."""
    return texts[by:] + texts[:by]


def report(texts):
    """The probe's input with one of the texts in every field that holds text. Of one text alone,
    every field holds that one; of many, which field holds which depends on where they begin."""
    at = lambda i: texts[i % len(texts)]  # noqa: E731
    joined = "\n".join(texts)
    conversations = [
        {
            "id": at(i),
            "channel": at(i + 1),
            "problem_type": at(i + 2),
            "turns": 3,
            "entry": 0.4,
            "exit": 0.6,
            "delta": 0.2,
            "p_satisfied": i / len(texts),
            **({"answer": i % 2 == 0} if i % 3 else {}),
            "states": [[0, 0.4, 0.5], [2, 0.6, 0.7]],
            "transcript": [["customer", at(i + 3)], ["agent", at(i + 4)], ["bot", at(i + 5)]],
        }
        for i in range(len(texts))
    ]
    figure = {"value": 0.8, "interval": [0.7, 0.9]}
    none = {"value": None, "interval": None, "reason": at(7)}
    slices = [
        {
            "by": "all",
            "value": "all",
            "n": 9,
            "conversations": 9,
            "shares": {"satisfied": 0.5, "dissatisfied": 0.5},
            "figures": {"accuracy": figure, "roc_auc": none, at(8): figure},
            "majority": {"accuracy": figure, "roc_auc": none},
        }
    ]
    slices += [
        {**slices[0], "by": "problem_type" if i % 2 else at(9), "value": text}
        for i, text in enumerate(texts)
    ]
    way = {
        "measured": figure,
        "reweighted": figure,
        "prediction_powered": {**figure, "lambda": 0.5},
    }
    test = {
        "n": 9,
        "coefficient": 1,
        "interval": [0, 2],
        "chi_squared": 1,
        "degrees": 1,
        "p_value": 0.5,
        "gain": 0.1,
        "warning": at(10),
    }
    evaluation = {
        "options": {"threshold": 0.5, "level": 0.95, at(11): at(12)},
        "survey": slices,
        "turns": slices,
        "model": joined,
        "target": joined,
        "data": {"path": joined, "sha256": joined, "read": 1, "skipped": 0},
        "calibrated": True,
        "notes": texts,
        "reliability": {
            "bins": [
                {"n": 3, "p": 0.5, "p_low": 0.4, "p_high": 0.6, "y": 0.5, "interval": [0.4, 0.6]}
            ],
            "ece": 0.1,
            "ece_debiased": 0.1,
            "slices": [
                {
                    "by": at(13),
                    "value": text,
                    "n": 3,
                    "ece_debiased": 0.1,
                    "interval": [0, 0.2],
                    "bins": [{"n": 3, "p": 0.5, "p_low": 0.4, "p_high": 0.6, "y": 0.5}],
                }
                for text in texts[:40]
            ],
        },
        "answers": {
            "scale": [1, 5],
            "csat": {
                "n": 9,
                "mean_answer": 3.5,
                "mean_csat": 3.4,
                "reference": {"mean": 3.6, "from": "calibration"},
                "figures": slices[0]["figures"],
            },
            "boxes": {
                "n": 9,
                "impossible": 1,
                "figures": slices[0]["figures"],
                "each": [
                    {"answer": k, "chance": 0.2, "share": 0.2, "interval": [0.1, 0.3]}
                    for k in range(1, 6)
                ],
                "up_to": [
                    {"answer": k, "chance": 0.2, "share": 0.2, "interval": [0.1, 0.3]}
                    for k in range(1, 5)
                ],
            },
            "slices": [
                {"by": at(18), "value": text, "n": 3, "boxed": 3, "figures": slices[0]["figures"]}
                for text in texts[:40]
            ],
        },
        "arcs": {
            "grid": [0, 1],
            "groups": [
                {
                    "outcome": at(14),
                    "n": 3,
                    "median": [0.4, 0.5],
                    "q25": [0.3, 0.4],
                    "q75": [0.5, 0.6],
                }
            ],
        },
        "claim": {
            "tests": [{**test, "name": text} for text in texts[:40]],
            "delta_table": [],
            "verdict": {"supported": True, "text": joined},
            "changes": [
                {
                    "name": text,
                    "auc": 0.1,
                    "auc_interval": [0, 0.2],
                    "log_loss": 0,
                    "log_loss_interval": [0, 0],
                }
                for text in texts[:40]
            ],
        },
        "population": {
            "overall": {"n": 9, "answered": 3, **way},
            "by": [
                {"by": at(15), "value": text, "n": 3, "answered": 1, **way} for text in texts[:40]
            ],
            "response": {
                "features": [
                    {"name": text, "coefficient": 1, "interval": [0, 2]} for text in texts[:40]
                ],
                "auc": 0.5,
                "effective_sample_size": 3,
                "design_effect": 1,
                "trimmed": 0,
                "balance": [{"name": text, "before": 0.1, "after": 0} for text in texts],
            },
            "sensitivity": [
                {"gamma": 1, "low": 0.4, "high": 0.5},
                {"gamma": 2, "low": 0.3, "high": 0.6},
            ],
            "flips": [{"claim": at(16), "value": 0.5, "gamma": 2}],
            "assumptions": texts,
            "notes": texts,
        },
        "conformal": {
            "level": 0.9,
            "groups": [
                {"group": text, "n": 3, "coverage": 0.9, "interval": [0.8, 1], "mean_size": 2}
                for text in texts[:40]
            ],
            "notes": texts,
        },
    }
    return {
        "title": joined,
        "program": joined,
        "made_at": joined,
        "evaluation": evaluation,
        "conversations": conversations,
        "learning": [
            {"update": 1, "loss": 1.0},
            {"update": 2, "best": True, "validation": {at(17): 0.5, "accuracy": 0.5}},
        ],
        "experiments": [
            {
                "name": text,
                "date": text,
                "value": 0.5,
                "interval": [0.4, 0.6],
                "note": text,
                "current": i == 0,
            }
            for i, text in enumerate(texts[:40])
        ],
        "making": [[text, text] for text in texts],
    }
