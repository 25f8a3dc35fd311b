"""Fills a form of ours with LibreOffice Draw over UNO; prints milliseconds a form as JSON lines.

Run by Debian's python3 (python3-uno). One office process stays up, as it would on a server; its start is not counted.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import uno
from com.sun.star.awt import Point, Size
from com.sun.star.beans import PropertyValue


def option(name, value):
    return PropertyValue(Name=name, Value=value)


def connect(pipe, office):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    for _ in range(600):
        if office.poll() is not None:
            sys.exit("the office ended")
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstance("com.sun.star.frame.Desktop")
        except Exception:
            time.sleep(0.1)
    sys.exit("the office does not answer")


def fill(desktop, folder, fields, values, out):
    document = desktop.loadComponentFromURL(
        (folder / "form.pdf").resolve().as_uri(), "_blank", 0, (option("Hidden", True), option("FilterName", "draw_pdf_import"))
    )
    for field in fields:
        text = str(values.get(field.get("value", ""), field.get("text", "")))
        if not text or field.get("when") and field["when"] not in text.split(","):
            continue
        kind = "com.sun.star.drawing.EllipseShape" if field.get("when") else "com.sun.star.drawing.TextShape"
        shape = document.createInstance(kind)
        x, y, w, h = (int(part * 100) for part in field["box"])
        shape.Position, shape.Size = Point(x, y), Size(w, h)
        document.DrawPages.getByIndex(field.get("page", 1) - 1).add(shape)
        if not field.get("when"):
            shape.String = text
            shape.CharHeight = float(field.get("size", 10.5))
            shape.CharFontNameAsian = "IPAexMincho"
    document.storeToURL(out.as_uri(), (option("FilterName", "draw_pdf_Export"),))
    document.close(True)


def main():
    values, rounds, *folders = sys.argv[1:]
    values = json.loads(Path(values).read_text())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        pipe = Path(home).name
        office = subprocess.Popen(
            ["soffice", f"-env:UserInstallation={Path(home).as_uri()}", "--headless", "--norestore", f"--accept=pipe,name={pipe};urp;"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        try:
            desktop = connect(pipe, office)
            for folder in map(Path, folders):
                fields = tomllib.loads((folder / "form.toml").read_text())["field"]
                for _ in range(int(rounds)):
                    start = time.perf_counter()
                    fill(desktop, folder, fields, values, Path(home) / "out.pdf")
                    print(json.dumps({"form": folder.name, "ms": (time.perf_counter() - start) * 1000}), flush=True)
            desktop.terminate()
        finally:
            os.killpg(office.pid, signal.SIGKILL)
            office.wait()


main()
