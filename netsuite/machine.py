"""The one way a row changes state: a conditional UPDATE, with its transition row in the same transaction.

A model declares its verbs with django-fsm's `@transition`; `move` reads them and never calls them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from django_fsm import FSMField, FSMMeta
from simple_history.models import HistoricalChanges

from netsuite import writing
from netsuite.errors import Refusal


class TransitionQuerySet(models.QuerySet["Transition"]):
    def for_row(self, row: models.Model) -> Self:
        return self.filter(machine=machine_name(type(row)), row_id=row.pk).order_by("id")


class Transition(models.Model):
    """One change of state of one row, written with the change itself. `at` is UTC."""

    machine = models.CharField(max_length=50)
    row_id = models.BigIntegerField()
    verb = models.CharField(max_length=50)
    source = models.CharField(max_length=50, blank=True)
    target = models.CharField(max_length=50)
    by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    run_id = models.CharField(max_length=64, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = TransitionQuerySet.as_manager()

    class Meta:
        db_table = "state_transitions"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["machine", "row_id", "id"], name="transition_of_row")]

    def __str__(self) -> str:
        return f"{self.machine} {self.row_id}: {self.source or 'new'} → {self.target} by {self.by}"


class StatefulModel(models.Model):
    """A row with a protected `status`; `refresh_from_db` may read it again, nothing else may set it."""

    class Meta:
        abstract = True

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        names = list(fields) if fields is not None else self._loaded_field_names()
        protected = {name: self.__dict__.pop(name) for name in names if name == "status" and name in self.__dict__}
        try:
            super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        finally:
            for name, value in protected.items():
                self.__dict__.setdefault(name, value)

    def _loaded_field_names(self) -> list[str]:
        deferred = self.get_deferred_fields()
        return [field.attname for field in self._meta.concrete_fields if field.attname not in deferred]


class LostRace(Refusal):
    """Somebody else changed the row first; `row` is how it stands now."""

    code = "lost_race"
    status = 409

    def __init__(self, row: models.Model | None, detail: str = "", **extra: Any) -> None:
        self.row = row
        now = getattr(row, "status", "gone")
        super().__init__(detail or f"Already {now}.", current_status=now, **extra)


class ConditionNotMet(Refusal):
    """The verb's named condition does not hold for this row."""

    code = "condition_not_met"
    status = 422


def all_machines() -> list[type[models.Model]]:
    """Every model with a state machine, found through the app registry."""
    return [
        model
        for model in apps.get_models()
        if not issubclass(model, HistoricalChanges)
        and any(isinstance(field, FSMField) for field in model._meta.concrete_fields)
    ]


def states_of(model: type[models.Model]) -> dict[str, str]:
    """The machine's states with their titles, the first state first as declared."""
    field = model._meta.get_field("status")
    assert isinstance(field, FSMField)
    return dict(field.flatchoices)


def machine_name(model: type[models.Model]) -> str:
    """`push`, `servicehold`…: Django's own model name."""
    return model._meta.model_name or ""


def verb_of(model: type[models.Model], verb: str) -> FSMMeta:
    """The declared transitions of one verb. Raises LookupError for an unknown one: that is a programming error."""
    try:
        return getattr(model, verb)._django_fsm
    except AttributeError:
        raise LookupError(f"{model.__name__} has no transition {verb!r}") from None


def move(
    row: models.Model,
    *verbs: str,
    by: str,
    reason: str = "",
    run_id: str | None = "",
    where: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Change the row's state by one conditional UPDATE and write its transition, or raise.

    Several verbs are gone through in one UPDATE, each with its transition. Raises LostRace (the row is not in a
    source state any more, or `where` does not hold) and ConditionNotMet. `changes` are written with the state and
    set on `row`.
    """
    with writing.in_transaction():
        states, now = _claim(row, verbs, where or {}, changes)
        steps = zip(verbs, states, states[1:], strict=False)
        writing.add(_transition(row, verb, source, target, by, reason, run_id) for verb, source, target in steps)
        writing.add(writing.history_of(now, "~", reason[:100]))


def move_many(
    rows: Sequence[models.Model], verb: str, *, by: str, reason: str = "", **changes: Any
) -> list[models.Model]:
    """`move` for rows of one state and with the same changes, in as many statements as for one: all or none.

    Returns the rows as they are now, in the same order. Raises LostRace when one of them is not in that state.
    """
    model, source = type(rows[0]), rows[0].status  # type: ignore[attr-defined]
    meta = verb_of(model, verb)
    ids = [row.pk for row in rows]
    with transaction.atomic():
        if not meta.has_transition(source):
            raise LostRace(rows[0])
        for row in rows:
            _check_conditions(row, meta, source)
        target = _target(meta, source)
        claim = model._base_manager.filter(pk__in=ids, status=source)
        if claim.update(status=target, **changes) != len(ids):
            raise LostRace(rows[0])
        fresh = model._base_manager.in_bulk(ids)
        moved = [fresh[pk] for pk in ids]
        writing.add(_transition(row, verb, source, target, by, reason, getattr(row, "run_id", "")) for row in moved)
        for row in moved:
            writing.add(writing.history_of(row, "~", reason[:100]))
    return moved


def born(row: models.Model, *, by: str, reason: str = "", run_id: str | None = "") -> None:
    """Write the first transition of a new row; call it in the transaction that saved the row."""
    born_many([row], by=by, reason=reason, run_id=run_id)


def born_many(rows: Iterable[models.Model], *, by: str, reason: str = "", run_id: str | None = "") -> None:
    """`born` of several rows."""
    writing.add(_transition(row, "create", "", row.status, by, reason, run_id) for row in rows)  # type: ignore[attr-defined]


def _transition(
    row: models.Model, verb: str, source: str, target: str, by: str, reason: str, run_id: str | None
) -> writing.Line:
    values = {
        "machine": machine_name(type(row)),
        "row_id": row.pk,
        "verb": verb,
        "source": source,
        "target": target,
        "by": by,
        "reason": reason,
        "run_id": run_id or None,
    }
    return writing.Line(Transition, values)


def _fresh(row: models.Model) -> models.Model | None:
    return type(row)._base_manager.filter(pk=row.pk).first()


def _claim(
    row: models.Model, verbs: Sequence[str], where: dict[str, Any], changes: dict[str, Any]
) -> tuple[list[str], models.Model]:
    """Write the next state where the row still stands as the caller knows it, else as it stands now.

    Answers the states it went through, and the row as the database has it. Raises LostRace.
    """
    known = row.status  # type: ignore[attr-defined]
    states = _path(row, verbs, known)
    now = _write(row, states, where, changes) if states else None
    if now is None:
        source = type(row)._base_manager.filter(pk=row.pk).values_list("status", flat=True).first()
        states = _path(row, verbs, source) if source not in (None, known) else []
        now = _write(row, states, where, changes) if states else None
    if now is None:
        raise LostRace(_fresh(row))
    _take_over(row, states[-1], changes)
    return states, now


def _path(row: models.Model, verbs: Sequence[str], source: str) -> list[str]:
    """The states that the verbs lead through, `source` first; empty when one does not start where it is reached."""
    states = [source]
    for verb in verbs:
        meta = verb_of(type(row), verb)
        if not meta.has_transition(states[-1]):
            return []
        _check_conditions(row, meta, states[-1])
        states.append(_target(meta, states[-1]))
    return states


def _write(
    row: models.Model, states: Sequence[str], where: dict[str, Any], changes: dict[str, Any]
) -> models.Model | None:
    """The conditional UPDATE from the first to the last state; None when the row does not stand like that."""
    values, where = {"status": states[-1], **changes}, {"status": states[0], **where}
    if writing.is_plain(values) and writing.is_plain(where):
        return writing.change(row, values, where=where)
    claim = type(row)._base_manager.filter(**where, pk=row.pk)
    return _fresh(row) if claim.update(**values) == 1 else None


def _target(meta: FSMMeta, source: str) -> str:
    return str(meta.next_state(source) or source)


def _check_conditions(row: models.Model, meta: FSMMeta, source: str) -> None:
    declared = meta.get_transition(source)
    for condition in declared.conditions if declared else []:
        if not condition(row):
            said = (condition.__doc__ or condition.__name__.replace("_", " ")).strip().splitlines()[0]
            raise ConditionNotMet(said, condition=condition.__name__)


def _take_over(row: models.Model, target: str, changes: dict[str, Any]) -> None:
    """Bring `row` to what the UPDATE wrote; values computed by the database are read back."""
    row.__dict__["status"] = target
    computed = [name for name, value in changes.items() if hasattr(value, "resolve_expression")]
    if computed:
        row.refresh_from_db(fields=computed)
    for name, value in changes.items():
        if name not in computed:
            setattr(row, name, value)
