"""Learns the weights of voice/guide/src/index.rs: python calibrate.py SIGNS.jsonl...

Each line is what `kiosk voice eval --signs` saw of one question: {"id", "c": [[id, signs], ...]}. A question's candidates and
"none of these" share one softmax; the weights are those that make the right one likeliest (with a little decay). Prints the
constants, and how answers, questions back and refusals come out at several thresholds.
"""

import json
import sys

import numpy as np

START = np.array([0.5, 3, 3, 2, 2, 1, 0.5, 3, 1, 1.5, 4.0])


def features(signs):
    row = np.zeros(11)
    row[0:6] = signs if len(signs) == 6 else 0
    row[6:10] = signs if len(signs) == 4 else 0
    return row


def load(paths):
    questions = []
    for path in paths:
        for line in open(path):
            question = json.loads(line)
            rows = [features(signs) for _, signs in question["c"]]
            ids = [id for id, _ in question["c"]]
            none = np.zeros(11)
            none[10] = 1
            at = len(ids) if question["id"] == "-" else ids.index(question["id"]) if question["id"] in ids else None
            questions.append((np.array(rows + [none]), at, ids, question["id"]))
    return questions


def learn(questions, decay=0.002):
    weights = START.copy()
    scale = np.array([1, 10, 10, 10, 10, 10, 1, 10, 10, 10, 1.0])
    first, second = np.zeros(11), np.zeros(11)
    for step in range(1, 4001):
        slope = np.zeros(11)
        for rows, at, _, _ in questions:
            if at is None:
                continue
            scores = rows @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            slope += rows.T @ chances - rows[at]
        slope = slope / len(questions) + decay * (weights - START) / scale
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        weights -= 0.03 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def judge(questions, weights, sure, likely):
    counts = dict.fromkeys(["right", "wrong", "back", "back with it", "refused", "answerable", "unanswerable", "answered all the same", "rightly refused", "top"], 0)
    for rows, _, ids, wanted in questions:
        scores = rows @ weights
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        order = np.argsort(-chances[:-1])
        best, trust = ids[order[0]], chances[order[0]]
        kind = "unanswerable" if wanted == "-" else "answerable"
        counts[kind] += 1
        if wanted == "-":
            counts["answered all the same"] += trust >= sure
            counts["rightly refused"] += trust < likely
            continue
        counts["top"] += best == wanted
        if trust >= sure:
            counts["right" if best == wanted else "wrong"] += 1
        elif trust >= likely:
            counts["back"] += 1
            counts["back with it"] += wanted in [ids[at] for at in order[:3]]
        else:
            counts["refused"] += 1
    return counts


def main():
    questions = load(sys.argv[1:])
    weights = learn(questions)
    print("answer: [" + ", ".join(f"{w:.2f}" for w in weights[:6]) + "], attribute: [" + ", ".join(f"{w:.2f}" for w in weights[6:10])
          + f"], none: {weights[10]:.2f}")
    for sure, likely in [(0.3, 0.1), (0.35, 0.12), (0.4, 0.15), (0.5, 0.15), (0.6, 0.2), (0.7, 0.2)]:
        print(sure, likely, {key: int(value) for key, value in judge(questions, weights, sure, likely).items()})


if __name__ == "__main__":
    main()
