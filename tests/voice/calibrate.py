"""Learns the weights of voice/guide/src/index.rs: python calibrate.py SIGNS.jsonl...

Each line is what `kiosk voice eval --signs` saw of one question: {"id", "c": [[id, signs], ...]}; the candidate `-` is
"nothing that the guide knows". All candidates of a question share one softmax; the weights are those that make the right
one likeliest, with a little decay towards START. Prints how answers, questions back and refusals come out at several
thresholds, each question judged by weights that were learnt without it, and the constants learnt from all.
"""

import json
import sys

import numpy as np

SIGNS = 18  # of a meaning
NONE = 11  # of "nothing that the guide knows": a constant, and what index.rs lists
WIDTH = SIGNS + NONE
START = np.array([2, 9, 5, 6, 3, 2, 0, 0.1, 4, 0.7, 2.8, 1.2, 0.3, 0, 0, 0.5, -1, 0] + [4, 1.5, 8.5, 6, 0, 0, 0, 0, 0, 0, 2])
SCALE = np.array([1, 10, 10, 10, 10, 10, 1, 1, 10, 1, 10, 10, 10, 2, 2, 10, 10, 10] + [10, 1, 10, 10, 10, 10, 2, 2, 10, 10, 10])
FOLDS = 6
UNANSWERABLE = 1.5  # how much a question without an answer counts
WORDS, SOUND, ALIKE, CERTAIN = 4, 5, 0.999, 5  # a question in the guide's own words (not: a bare name), answerer.rs


def load(paths):
    """Questions as arrays padded to the longest: signs, which are real, which are right, which are "nothing"."""
    lines = [json.loads(line) for path in paths for line in open(path)]
    most = max(len(line["c"]) for line in lines)
    rows = np.zeros((len(lines), most, WIDTH))
    real, right, nothing = (np.zeros((len(lines), most), bool) for _ in range(3))
    for n, line in enumerate(lines):
        for at, (id, signs) in enumerate(line["c"]):
            rows[n, at] = ([0] * SIGNS + signs) if id == "-" else (signs + [0] * NONE)
            # `a|b`: both tell the visitor the same.
            real[n, at], right[n, at], nothing[n, at] = True, id in line["id"].split("|"), id == "-"
    return rows, real, right, nothing, np.array([line["id"] == "-" for line in lines])


def chances(rows, real, weights):
    certain = np.minimum(rows[..., [WORDS, SIGNS + WORDS]], rows[..., [SOUND, SIGNS + SOUND]]).max(-1) > ALIKE
    scores = np.where(real, rows @ weights + CERTAIN * certain, -1e9)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def learn(rows, real, right, counts, steps=1500, decay=0.002):
    known = right.any(1)
    rows, real, right, counts = rows[known], real[known], right[known], counts[known] / counts[known].sum()
    weights, first, second = START.copy(), np.zeros(WIDTH), np.zeros(WIDTH)
    for step in range(1, steps + 1):
        seen = chances(rows, real, weights)
        wanted = seen * right
        errors = (seen - wanted / np.maximum(wanted.sum(1, keepdims=True), 1e-12)) * counts[:, None]
        slope = np.einsum("qc,qcs->s", errors, rows) + decay * (weights - START) / SCALE
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        rate = 0.05 * min(1, 2 - 2 * step / steps)
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def main():
    rows, real, right, nothing, unanswerable = load(sys.argv[1:])
    counts = np.where(unanswerable, UNANSWERABLE, 1)
    fold = np.random.RandomState(1).permutation(len(rows)) % FOLDS
    seen = np.zeros(real.shape)
    for n in range(FOLDS):
        rest = fold != n
        weights = learn(rows[rest], real[rest], right[rest], counts[rest], 600)
        seen[~rest] = chances(rows[~rest], real[~rest], weights)
    none, meant = (seen * nothing).sum(1), np.where(nothing, 0, seen)
    best, trust = meant.argmax(1), meant.max(1)
    good = right[np.arange(len(rows)), best] & ~unanswerable
    answerable = (~unanswerable).sum()
    print(f"right one first: {good.sum() / answerable:.3f}; right one beyond the candidates: {(~right.any(1)).sum()}")
    for sure in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8):
        for likely in (0.2, 0.35):
            answered = trust >= sure
            back = ~answered & (trust >= likely) & (none < 0.5)
            refused = ~answered & ~back
            part = {"right": good & answered, "wrong": ~good & ~unanswerable & answered, "back": ~unanswerable & back}
            shares = ", ".join(f"{name} {of.sum() / answerable:.3f}" for name, of in part.items())
            print(f"sure {sure}, likely {likely}: {shares}; unanswerable refused "
                  f"{(unanswerable & refused).sum() / unanswerable.sum():.3f}, answered "
                  f"{(unanswerable & answered).sum() / unanswerable.sum():.3f}")
    weights = np.round(learn(rows, real, right, counts), 2).tolist()
    print("WEIGHTS:", weights[:SIGNS], "NONE:", weights[SIGNS:])


if __name__ == "__main__":
    main()
