"""Draws what `kiosk voice eval RECORDINGS --pack PACK --json` counted: python plot.py COUNTS.jsonl OUT.svg

A row a condition: of a hundred questions that have an answer, how many were answered rightly, asked back with the right answer
on offer, asked back without it or not known, and answered wrongly. Wrong is told apart by its hatching, too.
"""

import collections
import json
import sys

ORDER = ["clean", "noise 20 dB", "noise 10 dB", "noise 5 dB", "babble 20 dB", "babble 10 dB", "babble 5 dB", "echo"]
PARTS = [("right", "#0017c1"), ("asked back, right one offered", "#7f9cf5"), ("asked back or not known", "#d5dbe8"),
         ("confidently wrong", "url(#wrong)")]
LEFT, WIDTH, ROW, TOP = 150, 600, 34, 70


def main():
    sums = collections.defaultdict(collections.Counter)
    for line in open(sys.argv[1], encoding="utf-8"):
        counted = json.loads(line)
        sums[counted["condition"]].update(counted["score"])
    conditions = [name for name in ORDER if name in sums]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}" height="{TOP + ROW * len(conditions) + 20}" '
           'font-family="sans-serif" font-size="14">',
           '<defs><pattern id="wrong" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
           '<rect width="6" height="6" fill="#ffd9d9"/><rect width="3" height="6" fill="#9b0515"/></pattern></defs>',
           '<rect width="100%" height="100%" fill="white"/>']
    x = 20
    for name, colour in PARTS:
        out.append(f'<rect x="{x}" y="18" width="16" height="16" fill="{colour}"/><text x="{x + 22}" y="31">{name}</text>')
        x += 40 + 7.2 * len(name)
    for row, name in enumerate(conditions):
        score, y = sums[name], TOP + row * ROW
        n = score["answerable"]
        back = score["asked_back_with_it"]
        values = [score["right"], back, score["asked_back"] - back + score["not_known"], score["confidently_wrong"]]
        out.append(f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end">{name}</text>')
        x = LEFT
        for value, (part, colour) in zip(values, PARTS):
            width = WIDTH * value / n
            out.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 8}" fill="{colour}"/>')
            if width > 34:
                ink = "white" if part == "right" else "black"
                halo = ' stroke="white" stroke-width="4" paint-order="stroke"' if part == "confidently wrong" else ""
                out.append(f'<text x="{x + width / 2:.1f}" y="{y + 18}" text-anchor="middle" fill="{ink}"{halo}>'
                           f'{100 * value / n:.0f} %</text>')
            x += width
    out.append("</svg>\n")
    open(sys.argv[2], "w", encoding="utf-8").write("\n".join(out))


if __name__ == "__main__":
    main()
