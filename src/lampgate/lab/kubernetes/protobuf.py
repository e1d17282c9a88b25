"""Request bodies in Kubernetes' protobuf form, which kubectl's typed commands (``create configmap``, ``auth can-i``)
send without asking. Answers are always JSON.

Reads the kinds in `_MESSAGES` and only their fields listed there. A body with anything else in it is refused: leaving
a field out would store something other than what was asked for. Field numbers are those of the ``generated.proto``
files in k8s.io/api and k8s.io/apimachinery; the encoding is the protocol buffers wire format.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.status import Object

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\x00"
_VARINT, _LENGTH_DELIMITED = 0, 2


def _text(value: bytes | int) -> Any:
    return value.decode() if isinstance(value, bytes) else ""


def _data(value: bytes | int) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else ""


def _number(value: bytes | int) -> Any:
    return value


def _truth(value: bytes | int) -> Any:
    return bool(value)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field becomes a member of the JSON object.

    :ivar keep_zero: Go has a pointer here, so a zero on the wire was meant.
    """

    name: str
    read: Callable[[bytes | int], Any]
    repeated: bool = False
    map: bool = False
    keep_zero: bool = False


def _message(name: str) -> Callable[[bytes | int], Any]:
    return lambda value: _decode(name, value if isinstance(value, bytes) else b"")


def _nothing(_: bytes | int) -> Any:
    """A status: the server's own to write."""
    return None


_METADATA: Final = _Field("metadata", _message("ObjectMeta"))
_STATUS: Final = _Field("status", _nothing)

_MESSAGES: Final[dict[str, dict[int, _Field]]] = {
    "ObjectMeta": {
        1: _Field("name", _text),
        2: _Field("generateName", _text),
        3: _Field("namespace", _text),
        8: _Field("creationTimestamp", _nothing),
        11: _Field("labels", _text, map=True),
        12: _Field("annotations", _text, map=True),
        14: _Field("finalizers", _text, repeated=True),
    },
    "SelfSubjectReview": {1: _METADATA, 2: _STATUS},
    "SelfSubjectAccessReview": {1: _METADATA, 2: _Field("spec", _message("SelfSubjectAccessReviewSpec")), 3: _STATUS},
    "SelfSubjectAccessReviewSpec": {
        1: _Field("resourceAttributes", _message("ResourceAttributes")),
        2: _Field("nonResourceAttributes", _message("NonResourceAttributes")),
    },
    "ResourceAttributes": {
        number: _Field(name, _text)
        for number, name in enumerate(
            ("namespace", "verb", "group", "version", "resource", "subresource", "name"), start=1
        )
    },
    "NonResourceAttributes": {1: _Field("path", _text), 2: _Field("verb", _text)},
    "SelfSubjectRulesReview": {1: _METADATA, 2: _Field("spec", _message("SelfSubjectRulesReviewSpec")), 3: _STATUS},
    "SelfSubjectRulesReviewSpec": {1: _Field("namespace", _text)},
    "ConfigMap": {
        1: _METADATA,
        2: _Field("data", _text, map=True),
        3: _Field("binaryData", _data, map=True),
        4: _Field("immutable", _truth, keep_zero=True),
    },
    "Secret": {
        1: _METADATA,
        2: _Field("data", _data, map=True),
        3: _Field("type", _text),
        4: _Field("stringData", _text, map=True),
        5: _Field("immutable", _truth, keep_zero=True),
    },
    "Namespace": {1: _METADATA, 2: _Field("spec", _nothing), 3: _STATUS},
    "ServiceAccount": {1: _METADATA, 4: _Field("automountServiceAccountToken", _truth, keep_zero=True)},
    "Deployment": {1: _METADATA, 2: _Field("spec", _message("DeploymentSpec")), 3: _STATUS},
    "DeploymentSpec": {
        1: _Field("replicas", _number, keep_zero=True),
        2: _Field("selector", _message("LabelSelector")),
        3: _Field("template", _message("PodTemplateSpec")),
        4: _Field("strategy", _message("DeploymentStrategy")),
    },
    "DeploymentStrategy": {1: _Field("type", _text)},
    "LabelSelector": {1: _Field("matchLabels", _text, map=True)},
    "PodTemplateSpec": {1: _METADATA, 2: _Field("spec", _message("PodSpec"))},
    "PodSpec": {
        2: _Field("containers", _message("Container"), repeated=True),
        3: _Field("restartPolicy", _text),
        8: _Field("serviceAccountName", _text),
    },
    "Container": {
        1: _Field("name", _text),
        2: _Field("image", _text),
        3: _Field("command", _text, repeated=True),
        4: _Field("args", _text, repeated=True),
        6: _Field("ports", _message("ContainerPort"), repeated=True),
        7: _Field("env", _message("EnvVar"), repeated=True),
        8: _Field("resources", _message("ResourceRequirements")),
    },
    "ContainerPort": {1: _Field("name", _text), 3: _Field("containerPort", _number), 4: _Field("protocol", _text)},
    "EnvVar": {1: _Field("name", _text), 2: _Field("value", _text)},
    "ResourceRequirements": {},
}


def decode(body: bytes) -> Object:
    """The object in a body, as its JSON form.

    :raises StatusError: 400 on what is no such body, 415 on a kind or field that is not read here.
    """
    if not body.startswith(_MAGIC):
        raise status.bad_request("the body of the request is not Kubernetes protobuf")
    try:
        unknown = dict(_fields(body[len(_MAGIC) :]))
        type_meta = dict(_fields(_bytes(unknown[1])))
        api_version, kind = _bytes(type_meta[1]).decode(), _bytes(type_meta[2]).decode()
        if kind not in _MESSAGES:
            raise _unreadable(f"a {kind}")
        return {"apiVersion": api_version, "kind": kind, **_decode(kind, _bytes(unknown.get(2, b"")))}
    except (KeyError, ValueError, IndexError) as error:
        raise status.bad_request("the body of the request is not Kubernetes protobuf") from error


def _decode(message: str, content: bytes) -> Object:
    known, result = _MESSAGES[message], Object()
    for number, value in _fields(content):
        field = known.get(number)
        if field is None:
            if value:
                raise _unreadable(f"field {number} of {message}")
        elif field.map:
            entry = dict(_fields(_bytes(value)))
            result.setdefault(field.name, {})[_text(entry.get(1, b""))] = field.read(entry.get(2, b""))
        elif field.repeated:
            result.setdefault(field.name, []).append(field.read(value))
        else:
            read = field.read(value)
            if read or field.keep_zero:
                result[field.name] = read
    return result


def _fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message by number."""
    position = 0
    while position < len(content):
        tag, position = _varint(content, position)
        number, wire_type = tag >> 3, tag & 7
        value, position = _varint(content, position)
        if wire_type == _VARINT:
            yield number, value
        elif wire_type == _LENGTH_DELIMITED:
            if position + value > len(content):
                raise ValueError("a field reaches beyond its message")
            yield number, content[position : position + value]
            position += value
        else:
            raise ValueError("a wire type that Kubernetes does not use")


def _varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError("a number that is too long")


def _bytes(value: bytes | int) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message was expected")
    return value


def _unreadable(what: str) -> status.StatusError:
    return status.StatusError(
        415,
        "UnsupportedMediaType",
        f"the lab does not read {what} in protobuf; send JSON (kubectl does for kubectl create -f and kubectl apply)",
    )
