"""Writes pictures and films of faces to test and to show with into a folder: python pictures.py OUT_DIR

Nothing of them is committed. They are public-domain official portraits that come with two packages, by pinned hash:

  one-a.jpg, one-b.jpg, one-c.jpg   three pictures of one person
  one-part.jpg                      the same person, half of the face outside the picture
  two.jpg                           another person
  three.png                         a third person (scikit-image's "astronaut", a NASA portrait)

What is made of them: *-card.jp2 is the picture as a My Number card has it (JPEG 2000, grey, 378 x 472, about 1.9 kB), and
the films are a person who stands before the kiosk's camera and moves a little (640 x 480, 15 pictures a second; the end
joins the beginning):

  hanako-card.jp2, hanako.avi   the demo's invented citizen: the third person's face
  one-card.jp2, one.avi         card from one-a.jpg, film from one-b.jpg: two occasions
  other.avi                     the second person
"""

import hashlib
import importlib.metadata
import math
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile

from PIL import Image, ImageEnhance, ImageFilter

SOURCE = "face_recognition==1.3.0"
SOURCE_SUM = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
SOURCE_PICTURES = {
    "one-a.jpg": "obama.jpg",
    "one-b.jpg": "obama2.jpg",
    "one-c.jpg": "obama3.jpg",
    "one-part.jpg": "obama_partial_face.jpg",
    "two.jpg": "biden.jpg",
}
WHEEL = "scikit-image"
WHEEL_PICTURES = {"three.png": "skimage/data/astronaut.png"}

CARD = (378, 472)
CARD_BYTES = 1900
FILM = (640, 480)
PER_SECOND = 15
SECONDS = 6


def download(folder):
    """The source archive, by its hash. It is not built: pip asks its setup.py for the metadata and stores the archive."""
    pin = folder / "source.txt"
    pin.write_text(f"{SOURCE} --hash=sha256:{SOURCE_SUM}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    pip += ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(folder), "--requirement", str(pin)]
    subprocess.run(pip, check=True)
    (archive,) = folder.glob("*.tar.gz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SOURCE_SUM:
        sys.exit(f"{archive.name}: not the pinned archive")
    return archive


def save(path, data):
    """Puts a file in place whole."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def card(picture, centre, head, path):
    """The picture as a card has it: the head about three quarters of its height. `head`: crown to chin, in pixels."""
    height = head / 0.74
    width = height * CARD[0] / CARD[1]
    left, top = centre[0] - width / 2, centre[1] - height * 0.48
    small = picture.crop((round(left), round(top), round(left + width), round(top + height)))
    small = small.resize(CARD, Image.Resampling.LANCZOS).convert("L")
    part = path.with_name("part.jp2")
    small.save(part, "JPEG2000", quality_mode="rates", quality_layers=[CARD[0] * CARD[1] / CARD_BYTES], irreversible=True)
    os.replace(part, path)


def continued(picture, margin):
    """The picture with its edges drawn out on all sides, so that the film has no frame in it."""
    width, height = picture.size
    wide = Image.new("RGB", (width + 2 * margin, height + 2 * margin))
    edges = [((0, 0, 1, height), (margin, height), (0, margin)), ((width - 1, 0, width, height), (margin, height), (margin + width, margin))]
    for box, size, place in edges:
        wide.paste(picture.crop(box).resize(size), place)
    wide.paste(picture, (margin, margin))
    wide.paste(wide.crop((0, margin, wide.width, margin + 1)).resize((wide.width, margin)), (0, 0))
    wide.paste(wide.crop((0, margin + height - 1, wide.width, margin + height)).resize((wide.width, margin)), (0, margin + height))
    blurred = wide.filter(ImageFilter.GaussianBlur(margin / 40))
    blurred.paste(picture, (margin, margin))
    return blurred


def film(picture, centre, head, path):
    """Somebody who stands before the camera: sways, comes a little nearer, under a light that changes a little."""
    margin = max(picture.size)
    picture = continued(picture, margin)
    centre = (centre[0] + margin, centre[1] + margin)
    noise = random.Random(1)
    grains = [Image.frombytes("L", FILM, noise.randbytes(FILM[0] * FILM[1])).convert("RGB") for _ in range(4)]
    frames = PER_SECOND * SECONDS
    part = path.with_name("part.avi")
    ffmpeg = ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{FILM[0]}x{FILM[1]}"]
    ffmpeg += ["-r", str(PER_SECOND), "-i", "-", "-c:v", "mjpeg", "-q:v", "4", "-fflags", "+bitexact", str(part)]
    with subprocess.Popen(ffmpeg, stdin=subprocess.PIPE) as process:
        for at in range(frames):
            turn = 2 * math.pi * at / frames
            # So many pixels of the portrait are one of the film's: the head is about half of the film's height.
            scale = head / (FILM[1] * (0.50 + 0.04 * math.sin(turn)))
            x = centre[0] + head * 0.06 * math.sin(2 * turn)
            y = centre[1] + head * 0.03 * math.cos(turn)
            tilt = math.radians(3 * math.sin(turn + 1))
            cos, sin = scale * math.cos(tilt), scale * math.sin(tilt)
            middle = (FILM[0] / 2, FILM[1] * 0.45)
            matrix = (
                cos, -sin, x - cos * middle[0] + sin * middle[1],
                sin, cos, y - sin * middle[0] - cos * middle[1],
            )  # fmt: skip
            frame = picture.transform(FILM, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
            frame = ImageEnhance.Brightness(frame).enhance(0.95 + 0.08 * math.sin(turn + 2))
            frame = Image.blend(frame, grains[at % len(grains)], 0.03)
            process.stdin.write(frame.tobytes())
        process.stdin.close()
    if process.returncode != 0:
        sys.exit(f"ffmpeg could not write {path.name}")
    os.replace(part, path)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(download(pathlib.Path(folder))) as archive:
        for name, member in SOURCE_PICTURES.items():
            save(out / name, archive.extractfile(f"face_recognition-1.3.0/tests/test_images/{member}").read())
    wheel = importlib.metadata.distribution(WHEEL)
    for name, file in WHEEL_PICTURES.items():
        save(out / name, pathlib.Path(wheel.locate_file(file)).read_bytes())

    # The middle of each head and its height from crown to chin, in pixels.
    heads = {
        "one-a.jpg": ((496, 226), 383),
        "one-b.jpg": ((332, 408), 480),
        "two.jpg": ((558, 349), 522),
        "three.png": ((225, 100), 169),
    }
    picture = {name: Image.open(out / name).convert("RGB") for name in heads}
    for made, name, write in [
        ("hanako-card.jp2", "three.png", card),
        ("hanako.avi", "three.png", film),
        ("one-card.jp2", "one-a.jpg", card),
        ("one.avi", "one-b.jpg", film),
        ("other.avi", "two.jpg", film),
    ]:
        write(picture[name], *heads[name], out / made)
    for path in sorted(out.iterdir()):
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
