"""Makes spoken questions out of tests/voice/questions: python make.py KIOSK OUT_DIR [--set dev] [--languages ja en] [--few N]

75 questions a language of the set `test` (60 with an answer, 15 without), or all of another, are spoken by four synthetic
voices at three speeds, in turn, and each is kept clean, with pink noise and with babble (eight voices at once) at 20, 10 and 5 dB of signal to noise, and with the
echo of a hall, all by sox. OUT_DIR/manifest.csv says what each file is; `kiosk voice eval OUT_DIR --pack PACK` reads it.
The same questions give the same sounds. KIOSK is the program `kiosk`.
"""

import argparse
import csv
import pathlib
import random
import re
import subprocess

QUESTIONS = pathlib.Path(__file__).parent.parent / "questions"
# The first of each is the kiosk's own voice. Kokoro has no Korean voice: its Japanese and English ones speak with an accent.
VOICES = {
    "ja": ["-", "jf_alpha", "jm_kumo", "jf_tebukuro"],
    "en": ["-", "af_heart", "am_michael", "bf_emma"],
    "zh-Hans": ["-", "zf_xiaobei", "zm_yunjian", "zm_yunxi"],
    "ko": ["-", "jf_alpha", "jm_kumo", "af_heart"],
}
SPEEDS = [1.0, 0.85, 1.2]
RATIOS = [20, 10, 5]
ANSWERABLE, UNANSWERABLE = 60, 15
# Silence before and after a question, in seconds.
PAD = (0.3, 0.5)
# Those who talk in the background say questions of the other set.
BABBLE = [("ja", "jf_alpha"), ("ja", "jm_kumo"), ("en", "am_michael"), ("en", "bf_emma"), ("zh-Hans", "zm_yunxi"),
          ("zh-Hans", "zf_xiaobei"), ("ja", "jf_tebukuro"), ("en", "af_heart")]


def sox(*arguments):
    subprocess.run(["sox", "-R", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)


def level(file):
    """The root of the mean square of a sound, and its length in seconds."""
    said = subprocess.run(["sox", str(file), "-n", "stat"], check=True, capture_output=True, text=True).stderr
    value = lambda name: float(re.search(rf"{name}:\s+([\d.]+)", said)[1])
    return value(r"RMS\s+amplitude"), value(r"Length \(seconds\)")


def asked(part, language):
    return list(csv.DictReader(open(QUESTIONS / part / f"{language}.csv", encoding="utf-8")))


def chosen(part, language, few):
    rows = asked(part, language)
    dice = random.Random(language)
    with_answer = [row for row in rows if row["id"] != "-"]
    without = [row for row in rows if row["id"] == "-"]
    most = (ANSWERABLE, UNANSWERABLE) if part == "test" else (len(rows), len(rows))
    some = dice.sample(with_answer, min(most[0], few, len(with_answer)))
    return some + dice.sample(without, min(most[1], few, len(without)))


def mixed(speech, noise, begin, ratio, out):
    """Speech with noise, from `begin` on, so many dB below it; the silence around the speech does not count."""
    loud, seconds = level(speech)
    loud *= (seconds / (seconds - sum(PAD))) ** 0.5
    piece = out.with_suffix(".noise.wav")
    sox(noise, piece, "trim", f"{begin:.3f}", f"{seconds:.3f}")
    quiet, _ = level(piece)
    factor = loud / quiet / 10 ** (ratio / 20)
    # Room for the sum, the same for both.
    sox("-m", "-v", 0.7, speech, "-v", 0.7 * factor, piece, out)
    piece.unlink()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("kiosk", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--set", default="test", help="the folder of tests/voice/questions that is spoken")
    arguments.add_argument("--languages", nargs="+", default=list(VOICES), choices=list(VOICES))
    arguments.add_argument("--few", type=int, default=10**6, help="at most so many of each kind and language")
    arguments = arguments.parse_args()
    out = arguments.out
    (out / "raw").mkdir(parents=True, exist_ok=True)

    questions = []
    for language in arguments.languages:
        voices = VOICES[language]
        for at, row in enumerate(chosen(arguments.set, language, arguments.few)):
            voice, speed = voices[at % len(voices)], SPEEDS[at // len(voices) % len(SPEEDS)]
            questions.append((f"{language}-{at:03}", language, row["id"], row["question"], voice, speed))
    lines = [f"{language}\t{voice}\t{speed}\t{out / 'raw' / name}.wav\t{text}\n"
             for name, language, _, text, voice, speed in questions]
    for at, (language, voice) in enumerate(BABBLE):
        text = " ".join(row["question"] for row in asked("dev", language)[at * 4:at * 4 + 4])
        lines.append(f"{language}\t{voice}\t1.0\t{out / 'raw'}/babble-{at}.wav\t{text}\n")
    lines = [line for line in lines if not pathlib.Path(line.split("\t")[3]).exists()]
    batch = out / "batch.tsv"
    batch.write_text("".join(lines), encoding="utf-8")
    subprocess.run([arguments.kiosk, "voice", "say", "--batch", batch], check=True)

    clean = {}
    for name, *_ in questions:
        clean[name] = out / f"{name}-clean.wav"
        sox(out / "raw" / f"{name}.wav", "-b", 16, clean[name], "rate", 16000, "channels", 1, "norm", -6, "pad", *PAD)
    # Each question gets its own stretch of the noise.
    longest = max(level(file)[1] for file in clean.values()) + 30
    dice = random.Random("noise")
    noise, babble = out / "noise.wav", out / "babble.wav"
    sox("-n", "-r", 16000, "-b", 16, "-c", 1, noise, "synth", longest, "pinknoise", "vol", 0.5)
    voices = []
    for at in range(len(BABBLE)):
        voices.append(out / f"voice-{at}.wav")
        sox(out / "raw" / f"babble-{at}.wav", voices[-1], "rate", 16000, "channels", 1, "norm", -6, "repeat", 20, "trim",
            at * 0.7, longest)
    sox("-m", *voices, babble, "norm", -6)

    with open(out / "manifest.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "lang", "id", "question", "voice", "speed", "condition"])
        for name, language, id, text, voice, speed in questions:
            made = [("clean", clean[name])]
            begin = dice.uniform(0, 25)
            for ratio in RATIOS:
                for kind, sound in (("noise", noise), ("babble", babble)):
                    made.append((f"{kind} {ratio} dB", out / f"{name}-{kind}-{ratio}.wav"))
                    mixed(clean[name], sound, begin, ratio, made[-1][1])
            made.append(("echo", out / f"{name}-echo.wav"))
            sox(clean[name], made[-1][1], "reverb", 60, 50, 80, "norm", -6)
            rows.writerows([file.name, language, id, text, voice, speed, condition] for condition, file in made)


if __name__ == "__main__":
    main()
