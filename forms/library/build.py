"""Builds the library: form.typ -> form.pdf, and form.toml out of the places that the PDF's own source tells.

    pip install -r requirements.txt && python build.py [FORM ...]

The fonts are Debian's (fonts-noto-cjk). form.toml names the state of its sources, so that forms/tests/layout.rs sees one
that was not built again after a change; the same sources give the same bytes.
"""

import json
import pathlib
import sys
import tomllib

import typst

HERE = pathlib.Path(__file__).parent
QUESTIONS = tomllib.loads((HERE / "questions.toml").read_text())
INDEX = tomllib.loads((HERE / "index.toml").read_text())


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k) if '-' in k else k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def place(entry):
    return [float(entry[key]) for key in "xywh"]


def fields(marks):
    """Dates come as one mark with a group and marks of their parts; everything else is one mark a field."""
    parts = {}
    for mark in marks:
        if "part" in mark:
            parts.setdefault(mark["group"], {})[mark["part"]] = mark
    for mark in marks:
        if "part" in mark:
            continue
        field = {k: v for k, v in mark.items() if k not in ("page", "x", "y", "w", "h", "group") and v is not False}
        field["page"] = mark["page"]
        field["box"] = place(mark)
        if mark.get("fit") == "date":
            own = parts[mark["group"]]
            for name in ("year", "month", "day"):
                field[name] = place(own[name])
            eras = [{"era": name[4:], "box": place(own[name])} for name in own if name.startswith("era:")]
            if eras:
                field["eras"] = eras
        yield field


def state(form):
    """FNV-1a (64 bits) of everything that a form is built from."""
    value = 0xCBF29CE484222325
    for source in ("common.typ", "index.toml", "questions.toml", f"{form}/form.typ"):
        for byte in (HERE / source).read_bytes():
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def build(form):
    folder = HERE / form
    source = str(folder / "form.typ")
    root = str(HERE)
    typst.compile(source, output=str(folder / "form.pdf"), root=root)
    marks = [entry["value"] for entry in json.loads(typst.query(source, "<field>", root=root))]
    out = ["# build.py が作りました。題名と質問は index.toml と questions.toml を、枠は form.typ を直してください。", f"# 元の版 {state(form)}", "schema = 1", "", "[form]"]
    out += [f"id = {toml(form)}", f"title = {toml(INDEX[form]['title'])}", 'pdf = "form.pdf"', 'source = "drawn by the project"']
    for name in INDEX[form]["questions"]:
        out += ["", "[[question]]", f"id = {toml(name)}"] + [f"{k} = {toml(v)}" for k, v in QUESTIONS[name].items()]
    for field in fields(marks):
        out += ["", "[[field]]"] + [f"{k} = {toml(v)}" for k, v in field.items()]
    (folder / "form.toml").write_text("\n".join(out) + "\n")
    print(f"{form}: {len(marks)} marks")


for form in sys.argv[1:] or INDEX:
    build(form)
