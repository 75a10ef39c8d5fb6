"""How many rows wait, never counted past the cap: a list of a million opens as fast as one of ten."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import IntegerField, QuerySet, Subquery

CAP = 999


class CappedCount(Subquery):
    """How many rows a sliced queryset has, as a column beside others."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def counts(user: Any, rows: Mapping[str, QuerySet]) -> dict[str, int]:
    """By name how many there are, at most one more than the cap; one query for all of them."""
    counted = {name: CappedCount(each.order_by().values("pk")[: CAP + 1]) for name, each in rows.items()}
    if not counted:
        return {}
    found = User.objects.filter(pk=user.pk).order_by().values_list(*counted.values()).get()
    return {name: number or 0 for name, number in zip(counted, found, strict=True)}


def capped(found: int, cap: int = CAP) -> str:
    """`12`, `999+`."""
    return f"{cap}+" if found > cap else str(found)


def capped_count(rows: QuerySet, cap: int = CAP) -> str:
    """`12`, `999+`, or nothing for none."""
    found = rows.order_by()[: cap + 1].count()
    return capped(found, cap) if found else ""
