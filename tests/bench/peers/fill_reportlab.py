"""Fills a form of ours with reportlab + pypdf; prints milliseconds a form as JSON lines.

Draws the same values into the same boxes with the same embedded font, without our refusals, shrinking or shaping: what a
municipality's own script would do.
"""
import io
import json
import sys
import time
import tomllib
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

MM = 72 / 25.4


def fill(folder, fields, values):
    page_bytes = (folder / "form.pdf").read_bytes()
    reader = PdfReader(io.BytesIO(page_bytes))
    writer = PdfWriter()
    for number, page in enumerate(reader.pages, 1):
        height = float(page.mediabox.height)
        sheet = io.BytesIO()
        draw = canvas.Canvas(sheet, pagesize=(float(page.mediabox.width), height))
        for field in fields:
            if field.get("page", 1) != number:
                continue
            text = str(values.get(field.get("value", ""), field.get("text", "")))
            x, y, w, h = (part * MM for part in field["box"])
            if field.get("when"):
                if field["when"] in text.split(","):
                    draw.ellipse(x, height - y - h, x + w, height - y)
                continue
            if not text:
                continue
            size = field.get("size", 10.5)
            draw.setFont("ipa", size)
            count = field.get("count", 1)
            if count > 1:
                for at, letter in enumerate(text[:count]):
                    draw.drawCentredString(x + w * (at + 0.5) / count, height - y - h / 2 - size / 3, letter)
            else:
                draw.drawString(x, height - y - h / 2 - size / 3, text)
        draw.showPage()
        draw.save()
        sheet.seek(0)
        page.merge_page(PdfReader(sheet).pages[0])
        writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def main():
    font, values, rounds, *folders = sys.argv[1:]
    pdfmetrics.registerFont(TTFont("ipa", font))
    values = json.loads(Path(values).read_text())
    for folder in map(Path, folders):
        fields = tomllib.loads((folder / "form.toml").read_text())["field"]
        for _ in range(int(rounds)):
            start = time.perf_counter()
            fill(folder, fields, values)
            print(json.dumps({"form": folder.name, "ms": (time.perf_counter() - start) * 1000}), flush=True)


main()
