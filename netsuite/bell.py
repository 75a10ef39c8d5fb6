"""The bell of the task runner: a row of the transaction that has work for it, so it rings when that is through."""

import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task

from netsuite import writing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Rung:
    """Says, as long as the transaction lasts, that this bell was rung in it."""

    task: str

    def __call__(self) -> None:
        """Nothing is left to do after the commit."""


class _Row(ORM):
    """Puts the task among the rows that are written with the transaction."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        return OrmQ.objects

    def enqueue(self, task: str) -> None:
        writing.add([OrmQ(key=self.list_key, payload=task, lock=timezone.now())])


def ring(task: str) -> None:
    """Wake a worker for `task` once the transaction is through; once a transaction, however often it is asked.

    Only a hint: the schedule comes round anyway.
    """
    with writing.in_transaction():
        if _Rung(task) in [waiting[1] for waiting in connection.run_on_commit]:
            return
        transaction.on_commit(_Rung(task))
        try:
            async_task(task, broker=_Row())
        except Exception:
            # The work is safe in its table.
            log.exception("the bell did not ring")
