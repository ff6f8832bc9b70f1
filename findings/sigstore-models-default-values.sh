#!/usr/bin/env bash
# sigstore-models refuses a bundle's proof of inclusion without the values that protobuf leaves out.
#
# Bundles of Sigstore are protobuf messages as JSON. In that mapping a writer leaves out fields that
# have the default value of their type, which is what protobuf's own library does unless told, and a
# reader takes a field that is not there for that value. For the first entry of a log, which a new
# private Rekor has, the index is 0 and the list of hashes is empty: protobuf writes neither.
# sigstore-models, with which sigstore 4.5.1 reads bundles, asks for both, so that sigstore cannot load
# such a bundle ("failed to load bundle: 1 validation error for Bundle"). rattler, in py-rattler 0.28,
# verifies the same bundle.
#
# Seen with protobuf 6.33.0, sigstore-models 0.0.6:
#     protobuf writes: checkpoint, rootHash, treeSize
#     sigstore-models: hashes: Field required; logIndex: Field required
#     with all fields: logIndex 0, hashes []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: protobuf==6.33.0 sigstore-models==0.0.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from pydantic import ValidationError
from sigstore_models.rekor.v1 import InclusionProof

# sigstore_rekor.proto of sigstore/protobuf-specs, as far as it is about this
FIELD = descriptor_pb2.FieldDescriptorProto
file = descriptor_pb2.FileDescriptorProto(name="x.proto", package="x", syntax="proto3")
checkpoint = file.message_type.add(name="Checkpoint")
checkpoint.field.add(name="envelope", number=1, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
proof = file.message_type.add(name="InclusionProof")
for number, (name, type_, label) in enumerate(
    [
        ("log_index", FIELD.TYPE_INT64, FIELD.LABEL_OPTIONAL),
        ("root_hash", FIELD.TYPE_BYTES, FIELD.LABEL_OPTIONAL),
        ("tree_size", FIELD.TYPE_INT64, FIELD.LABEL_OPTIONAL),
        ("hashes", FIELD.TYPE_BYTES, FIELD.LABEL_REPEATED),
    ],
    1,
):
    proof.field.add(name=name, number=number, type=type_, label=label)
proof.field.add(
    name="checkpoint",
    number=5,
    type=FIELD.TYPE_MESSAGE,
    type_name=".x.Checkpoint",
    label=FIELD.LABEL_OPTIONAL,
)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Proof = message_factory.GetMessageClass(pool.FindMessageTypeByName("x.InclusionProof"))

first = Proof(log_index=0, root_hash=b"r" * 32, tree_size=1, hashes=[], checkpoint={"envelope": "x"})
written = json_format.MessageToJson(first)
assert json_format.Parse(written, Proof()) == first
print("protobuf writes:", ", ".join(sorted(json.loads(written))))
try:
    InclusionProof.from_json(written)
    seen = {}
except ValidationError as error:
    seen = {".".join(map(str, e["loc"])): e["msg"] for e in error.errors()}
print("sigstore-models:", "; ".join(f"{key}: {seen[key]}" for key in sorted(seen)))
whole = {**json.loads(written), "logIndex": "0", "hashes": []}
model = InclusionProof.from_json(json.dumps(whole))
print(f"with all fields: logIndex {model.log_index}, hashes {model.hashes}")
sys.exit(
    {*json.loads(written)} != {"checkpoint", "rootHash", "treeSize"}
    or seen != dict.fromkeys(("hashes", "logIndex"), "Field required")
    or (model.log_index, model.hashes) != (0, [])
)
PY
