"""One claimed push, from the first read to its settlement.

Read, compare, write, read back. `applied` needs a 2xx and the desired values read back; anything that
leaves a doubt ends as uncertain, and the next claim reads first. Where a write is safe to repeat and its answer
says what is held, a first attempt is that one call.
"""

import logging
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.conf import settings
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from netsuite import channels
from netsuite.claims import (
    POISON_LIMIT,
    Errand,
    close_attempt,
    close_late,
    notify,
    open_attempt,
    reschedule,
    settle,
    still_held,
)
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.models import Channel, Push, PushAttempt, PushStatus
from netsuite.transport import Answer, Transport
from netsuite.values import agrees, comparable

log = logging.getLogger(__name__)

Outcome = PushAttempt.Outcome


class Delivery:
    """The delivery of one claimed push by one worker."""

    def __init__(self, errand: Errand, transport: Transport, *, by: str, tell: Callable[[Push], None] = notify) -> None:
        self.tell, self.errand, self.push, self.attempt = tell, errand, errand.push, errand.attempt
        self.transport, self.by = transport, by
        self.deadline = Deadline(settings.NETSUITE_TIMEOUT_SECONDS)
        self.writing = self.written = False

    def run(self) -> None:
        """Deliver and settle. Re-raises an unexpected error of ours after the row has been put off."""
        try:
            self._deliver()
        except NetsuiteError as error:
            self._settle_error(error)
        except Exception:
            self._settle_crash()
            raise

    def _deliver(self) -> None:
        if self.transport.proves_writes and self.attempt.kind == PushAttempt.Kind.WRITE:
            self._write_and_prove(None)
            return
        found = self._read()
        if self._is_there(found):
            verifying = self.attempt.kind == PushAttempt.Kind.VERIFY
            self._confirm(found, Outcome.APPLIED if verifying else Outcome.ALREADY)
        elif self._has_drifted(found):
            self._settle_drift(found)
        else:
            self._write_and_prove(found)

    def _write_and_prove(self, found: Answer | None) -> None:
        self._begin_write_attempt()
        if (found or not self._just_claimed()) and not self._may_still_write(found):
            return
        self.writing = True
        answer = self.transport.write(self.push, str(self.attempt.request_id), self.deadline)
        self.written = True
        proof = answer if self.transport.proves_writes else self._read()
        if self._is_there(proof):
            self._confirm(proof, Outcome.APPLIED, write=answer)
        else:
            self._settle_not_taken(answer, proof)

    def _just_claimed(self) -> bool:
        """Nothing can have happened since: no read was waited for, and the process did not stand still."""
        return monotonic() - self.errand.claimed_at < 1

    def _may_still_write(self, found: Answer | None) -> bool:
        seen = {"prior": found.values} if found and self.push.prior is None else {}
        if not still_held(self.push, **seen):
            close_late(self.attempt, "wrote nothing")
            return False
        if Channel.named(self.push.channel).is_closed(timezone.now()):
            self._put_back(Outcome.LATE_REFUSED, "channel_closed", "The channel was closed before the write.")
            return False
        return True

    def _read(self) -> Answer:
        return self.transport.read(self.push, str(self.attempt.request_id), self.deadline)

    def _is_there(self, found: Answer) -> bool:
        return found.values is not None and agrees(self.transport.wanted(self.push.body), found.values)

    def _has_drifted(self, found: Answer) -> bool:
        """Somebody else changed it: neither what we want, nor what we believed, nor what we sent before."""
        if self.push.expected is None:
            return False
        values = found.values or {}
        return not any(agrees(self.transport.wanted(belief), values) for belief in beliefs_about(self.push))

    def _begin_write_attempt(self) -> None:
        """A read-back that found nothing is closed as such; the write gets an attempt of its own."""
        if self.attempt.kind == PushAttempt.Kind.VERIFY:
            close_attempt(self.attempt, Outcome.RETRY, error_code="not_there", error_detail="Not there: written again.")
            self.attempt = open_attempt(self.push, self.by)

    # --- settlements -----------------------------------------------------------------------------

    def _confirm(self, proof: Answer, outcome: str, write: Answer | None = None) -> None:
        status = write.http_status if write else proof.http_status
        evidence = {
            "read_back": proof.values,
            "http_status": status,
            "request_id": str(self.attempt.request_id),
            "outcome": str(outcome),
        }
        facts = {"http_status": status, "evidence": evidence}
        done: dict[str, Any] = {"applied_at": timezone.now(), "evidence": evidence, "next_attempt_at": None}
        done |= {"last_error_code": "", "last_error_detail": ""}
        settle(self.push, self.attempt, "confirm", outcome, facts=facts, tell=self.tell, **done)
        if self.errand.channel.throttle_count:
            channels.calm_down(self.push.channel)

    def _settle_error(self, error: NetsuiteError) -> None:
        unproven = self.written or (self.writing and error.outcome_unknown)
        self._warn_the_others(error)
        if error.kind in {"throttle", "auth"} and not unproven:
            outcome = Outcome.THROTTLED if error.kind == "throttle" else Outcome.AUTH
            self._put_back(outcome, error.code, error.detail, error.http_status)
            return
        if unproven:
            verb, changes = reschedule(self.push)
            verb, outcome = ("doubt" if verb == "postpone" else verb), Outcome.UNCERTAIN
        elif error.permanent or self._came_back(error):
            verb, changes, outcome = "fail", {}, Outcome.REFUSED
        else:
            (verb, changes), outcome = reschedule(self.push), Outcome.RETRY
        self._settle_failure(verb, outcome, error.code or error.kind, error.detail, error.http_status, **changes)

    def _warn_the_others(self, error: NetsuiteError) -> None:
        if error.kind == "throttle":
            channels.back_off(self.push.channel, error.retry_after)
        elif error.kind == "auth":
            channels.pause(self.push.channel, error.detail)

    def _came_back(self, error: NetsuiteError) -> bool:
        seen = self.push.attempts.filter(cycle=self.push.cycle, error_code=error.code)
        return error.retry_once and seen.exists()

    def _settle_drift(self, found: Answer) -> None:
        detail = f"NetSuite holds {found.values}; expected {self.push.expected}. Nothing was written."
        evidence = {"found": found.values, "expected": self.push.expected}
        self._settle_failure("fail", Outcome.DRIFT, "drift", detail, found.http_status, evidence=evidence)

    def _settle_not_taken(self, write: Answer, proof: Answer) -> None:
        """2xx, and yet the old value: tried again in this cycle, then it needs a person."""
        verb, changes = reschedule(self.push)
        verb = "fail" if verb == "wait" else verb
        detail = f"Answered {write.http_status}, but {proof.values} was read back."
        code, evidence = "read_back_mismatch", {"found": proof.values}
        self._settle_failure(verb, Outcome.RETRY, code, detail, write.http_status, evidence=evidence, **changes)

    def _settle_crash(self) -> None:
        poison = self.push.poison_count + 1
        verb, changes = reschedule(self.push)
        code, detail = "crashed", traceback.format_exc(limit=-3)
        if poison >= POISON_LIMIT:
            verb, changes, code = "fail", {}, "poison"
        self._settle_failure(verb, Outcome.CRASHED, code, detail, poison_count=poison, **changes)

    def _put_back(self, outcome: str, code: str, detail: str, http_status: int | None = None) -> None:
        """Not an attempt: the count goes back, and a doubt about an earlier write stays a doubt."""
        verifying = self.attempt.kind == PushAttempt.Kind.VERIFY
        verb, counted = "doubt" if verifying else "put_back", self.push.attempts_in_cycle - 1
        again: dict[str, Any] = {"attempts_in_cycle": counted, "next_attempt_at": None}
        self._settle_failure(verb, outcome, code, detail, http_status, None, **again)

    def _settle_failure(
        self,
        verb: str,
        outcome: str,
        code: str,
        detail: str,
        http_status: int | None = None,
        evidence: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        facts = {"error_code": code, "error_detail": detail, "http_status": http_status, "evidence": evidence}
        seen = {"last_error_code": code, "last_error_detail": detail}
        settle(self.push, self.attempt, verb, outcome, reason=code, facts=facts, tell=self.tell, **seen, **changes)


def beliefs_about(push: Push) -> list[dict[str, Any]]:
    """The values that may be there without anybody else's doing.

    A generation that was replaced before it left still knew what was there; one that was tried may have landed.
    """
    earlier = Push.objects.of_key(push.key).filter(generation__lt=push.generation)
    last_applied = earlier.filter(status=PushStatus.APPLIED).aggregate(last=Max("generation"))["last"] or 0
    tried = Exists(PushAttempt.objects.filter(push=OuterRef("pk"), kind=PushAttempt.Kind.WRITE))
    replaced = earlier.filter(generation__gt=last_applied).annotate(tried=tried)
    beliefs: list[dict[str, Any] | None] = []
    for older in replaced:
        beliefs += [older.expected, older.body if older.tried else None]
    return [push.expected or {}, *(belief for belief in beliefs if belief and comparable(belief))]
