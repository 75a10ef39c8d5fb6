"""What schemathesis makes of the API's own schema: well-formed and ill-formed requests, and a check of each answer."""

from collections.abc import Callable
from typing import Any

import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.specs.openapi import checks

from tests.config.world import World

# Whether well-formed input is taken is left out: a rule of the house may say no to it, with 400 too.
CHECKS: list[Any] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


def load_schema() -> Any:
    return schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))


def operations(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def each_case(operation: Any, examples: int, send: Callable[[Case, bool], None]) -> None:
    """`send(case, real)` for well-formed and for ill-formed requests, the same ones in every run.

    `real` asks for rows that exist, because made-up keys find none.
    """
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        strategy = operation.as_strategy(generation_mode=mode, feedback=NO_FEEDBACK)
        real = st.booleans() if mode is GenerationMode.POSITIVE else st.just(False)
        try:
            _limits(examples)(given(case=strategy, real=real)(send))()
        except Unsatisfiable:
            # An operation without parameters and body cannot be asked wrongly.
            assert mode is GenerationMode.NEGATIVE, operation.label


def _limits(examples: int) -> Any:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def use_rows(case: Case, world: World) -> None:
    """Puts keys, customers, items and versions of `world` where the case made up its own."""
    key, row = _target(case.operation.path, world)
    for name in case.path_parameters or {}:
        case.path_parameters[name] = _line_of(world) if name == "line" else key
    if isinstance(case.body, dict):
        product = world.parked.lines.get().product
        known = {"customer": world.harbor.netsuite_id, "product": product.sku, "version": getattr(row, "version", 1)}
        case.body.update({name: value for name, value in known.items() if name in case.body})


def _line_of(world: World) -> int:
    """A line may be gone by now."""
    return next(iter(world.order.lines.values_list("pk", flat=True)), 0)


def _target(path: str, world: World) -> tuple[Any, Any]:
    """The key in the address and the row behind it."""
    collection, verb = path.removeprefix("/api/v1/").split("/")[0], path.rstrip("/").rsplit("/", 1)[-1]
    order = {"release": world.parked, "take-back": world.parked, "reopen": world.cancelled}.get(verb, world.order)
    rows: dict[str, tuple[Any, Any]] = {
        "customers": (world.northside.netsuite_id, None),
        "inbound-emails": (str(world.inbound.email_uuid), None),
        "runs": (str(world.hold.run.run_id), None),
        "subscriptions": (world.change.subscription_id, None),
        "kill-switches": ("email_send", None),
        "metrics": ("dso", None),
        "cards": ("aging-buckets", None),
    }
    plain = {
        "alerts": world.alert,
        "disputes": world.dispute,
        "emails": world.email,
        "license-changes": world.change,
        "ns-pushes": world.push,
        "orders": order,
        "pauses": world.pause,
        "products": world.parked.lines.get().product,
        "proposals": world.proposal,
        "service-holds": world.hold,
    }
    return (
        rows.get(collection) or (plain[collection].pk, plain[collection])
        if collection in {*rows, *plain}
        else (0, None)
    )
