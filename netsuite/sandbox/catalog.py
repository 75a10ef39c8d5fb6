"""The metadata catalog: which record types there are and which fields they have."""

from typing import Any

from . import errors, lists
from .fields import RECORD_TYPES, Field, RecordType, record_type
from .http import REST, Answer, Request, json_answer
from .store import Store

REFERENCE = {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}}
SHAPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "ref": REFERENCE,
    "status": REFERENCE,
    "letter": REFERENCE,
    "sublist": {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}},
}


def answer(request: Request, name: str | None, store: Store, *, hidden: frozenset[str]) -> Answer:
    """A JSON schema, an OpenAPI document or the list of types, by Accept. Raises ApiError 404."""
    if request.method != "GET":
        raise errors.method_not_allowed()
    accept = request.headers.get("Accept", "")
    if "swagger" in accept:
        chosen = [name] if name else list(filter(None, request.params.get("select", "").split(",")))
        types = [record_type(n) for n in chosen] or list(RECORD_TYPES.values())
        return _typed(200, _openapi(types, store, hidden), "application/swagger+json")
    if name is None:
        return json_answer(200, _listing(request), kind="collection")
    record = record_type(name)
    if "schema+json" in accept:
        return _typed(200, schema(record, store, hidden), "application/schema+json")
    return json_answer(200, {"name": record.name, "links": _links(request, record)}, kind="singular")


def _typed(status: int, body: dict[str, Any], content_type: str) -> Answer:
    found = json_answer(status, body)
    found.content_type = content_type
    return found


def schema(record: RecordType, store: Store, hidden: frozenset[str]) -> dict[str, Any]:
    properties = {f.name: _shape(f) for f in record.fields.values() if f.column not in hidden}
    for name in sorted(store.custom_fields):
        if name.startswith(record.prefix):
            properties[name] = {"title": name, "type": "string", "x-ns-custom-field": True, "nullable": True}
    properties["links"] = {"type": "array", "items": {"type": "object"}, "readOnly": True}
    return {"$schema": "http://json-schema.org/draft-06/hyper-schema#", "type": "object", "properties": properties}


def _shape(field: Field) -> dict[str, Any]:
    if field.kind == "enum":
        values = {"type": "string", "enum": list(lists.HOLD_OVERRIDES)}
        shape: dict[str, Any] = {"type": "object", "properties": {"id": values, "refName": {"type": "string"}}}
    else:
        shape = SHAPES[field.kind]
    return {"title": field.name, **shape, **({"readOnly": True} if field.computed else {"nullable": True})}


def _listing(request: Request) -> dict[str, Any]:
    items = [{"name": record.name, "links": _links(request, record)} for record in RECORD_TYPES.values()]
    return {"links": [], "items": items}


def _links(request: Request, record: RecordType) -> list[dict[str, str]]:
    href = f"{request.base_url}{REST}/record/v1/metadata-catalog/{record.name}"
    return [
        {"rel": "canonical", "href": href, "mediaType": "application/json"},
        {"rel": "describes", "href": f"{request.base_url}{REST}/record/v1/{record.name}"},
        {"rel": "alternate", "href": href, "mediaType": "application/swagger+json"},
        {"rel": "alternate", "href": href, "mediaType": "application/schema+json"},
    ]


def _openapi(types: list[RecordType], store: Store, hidden: frozenset[str]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for record in types:
        paths[f"/{record.name}"] = {"get": _operation(record, "list"), "post": _operation(record, "create")}
        paths[f"/{record.name}/{{id}}"] = {verb: _operation(record, verb) for verb in ("get", "patch", "put", "delete")}
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "paths": paths,
        "components": {"schemas": {record.name: schema(record, store, hidden) for record in types}},
    }


def _operation(record: RecordType, verb: str) -> dict[str, Any]:
    return {"operationId": f"{verb}-{record.name}", "responses": {"default": {"description": record.name}}}
