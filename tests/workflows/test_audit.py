"""The audit chain: every decision sealed to all before it, so that a later change shows."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import ProtectedError
from django.utils import timezone

from tests.factories.customers import CustomerFactory
from workflows import audit
from workflows.audit import GENESIS, Head
from workflows.models import AuditSeal, AutoDecision
from workflows.tasks import seal

pytestmark = pytest.mark.django_db


def decide(reason: str = "94 days late", by: object = "mike", **fields: object) -> AutoDecision:
    audit.record("service_hold", by=by, reason=reason, entity_ref="test", **fields)
    return AutoDecision.objects.latest("pk")


@pytest.fixture
def chain() -> list[AutoDecision]:
    """Three sealed decisions."""
    decisions = [decide(reason) for reason in ("first", "second", "third")]
    audit.seal()
    return decisions


def test_a_decision_keeps_who_and_on_what(mike):
    customer = CustomerFactory()
    decision = decide(by=mike, customer=customer, evidence={"ar_balance": "48210.40"}, after={"entitystatus": "hold"})
    stored = AutoDecision.objects.get(pk=decision.pk)
    assert (stored.by, stored.user, stored.customer) == ("mike", mike, customer)
    assert (stored.evidence, stored.after) == ({"ar_balance": "48210.40"}, {"entitystatus": "hold"})


def test_a_part_of_the_system_has_a_label_and_no_user():
    assert (decide(by="schedule:aging_tick").by, AutoDecision.objects.get().user) == ("schedule:aging_tick", None)


def test_decisions_are_sealed_when_their_transaction_is_through(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        decide()
    assert AuditSeal.objects.get().decision == AutoDecision.objects.get()


def test_many_decisions_in_a_second_are_sealed_together(django_capture_on_commit_callbacks):
    for reason in ("first", "second", "third"):
        with django_capture_on_commit_callbacks(execute=True):
            decide(reason)
    assert AuditSeal.objects.count() == 1
    audit.forget_pause()
    with django_capture_on_commit_callbacks(execute=True):
        decide("fourth")
    assert (AuditSeal.objects.count(), audit.verify()) == (4, [])


def test_what_was_decided_last_is_sealed_on_schedule(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        decide("first")
        decide("second")
    decide("third")
    assert (seal(), AuditSeal.objects.count()) == (1, 3)


def test_an_empty_chain_starts_at_nothing():
    assert (audit.verify(), audit.head()) == ([], Head(0, GENESIS))


def test_each_link_follows_the_one_before(chain):
    links = list(AuditSeal.objects.order_by("seq"))
    assert [link.seq for link in links] == [1, 2, 3]
    assert [link.prev_hash for link in links] == [GENESIS, links[0].hash, links[1].hash]


def test_a_second_sealing_adds_nothing(chain):
    assert (audit.seal(), AuditSeal.objects.count()) == (0, 3)


def test_an_untouched_chain_verifies(chain):
    assert audit.verify() == []


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "never said"},
        {"by": "owner"},
        {"evidence": {"ar_balance": "1.00"}},
        {"after": {"verdict": "declined"}},
        {"at": timezone.now() - timedelta(days=400)},
        {"solo": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_decision_is_named(chain, change):
    AutoDecision.objects.filter(pk=chain[1].pk).update(**change)
    assert audit.verify() == [f"Decision {chain[1].pk} was changed after it was sealed (link 2)."]


def test_a_link_taken_out_is_named(chain):
    AuditSeal.objects.filter(seq=2).delete()
    assert audit.verify() == ["Link 3 does not follow link 1: one is missing or was moved."]


def test_a_sealed_decision_cannot_be_deleted(chain):
    with pytest.raises(ProtectedError):
        chain[0].delete()


def test_an_exported_head_holds(chain):
    exported = audit.head()
    decide("fourth")
    audit.seal()
    assert audit.verify(exported) == []


def test_a_chain_cut_before_the_exported_head_is_noticed(chain):
    exported = audit.head()
    AuditSeal.objects.filter(seq=3).delete()
    assert "The chain ends at link 2, before the exported head 3." in audit.verify(exported)


def test_a_chain_rewritten_from_the_start_is_noticed(chain):
    exported = audit.head()
    AuditSeal.objects.all().delete()
    AutoDecision.objects.filter(pk=chain[0].pk).update(reason="rewritten")
    audit.seal()
    assert audit.verify() == []
    assert audit.verify(exported) == ["Link 3 is not the exported head: the chain was rewritten."]


def test_a_decision_left_unsealed_by_a_crash_is_noticed(time_machine):
    decision = decide()
    assert audit.verify() == []
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    assert audit.verify() == [f"Decision {decision.pk} was never sealed."]


def test_and_sealed_by_the_schedule(time_machine):
    decide()
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    audit.seal()
    assert audit.verify() == []


# --- the command --------------------------------------------------------------------------------------


def verify_audit(*flags: str) -> tuple[int, str]:
    """Exit code and last line."""
    out, code = StringIO(), 0
    try:
        call_command("verify_audit", *flags, stdout=out)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    return code, out.getvalue().splitlines()[-1]


def test_the_command_prints_the_head(chain):
    head = audit.head()
    assert verify_audit() == (0, f"3 decisions sealed. Head 3:{head.hash}")


def test_the_command_names_what_is_broken(chain):
    AutoDecision.objects.filter(pk=chain[2].pk).update(reason="changed")
    code, line = verify_audit("--json")
    assert (code, json.loads(line)["problems"]) == (
        1,
        [f"Decision {chain[2].pk} was changed after it was sealed (link 3)."],
    )


def test_the_command_takes_the_head_it_printed(chain):
    head = audit.head()
    assert verify_audit("--since", f"{head.seq}:{head.hash}", "--json")[0] == 0
    assert verify_audit("--since", f"{head.seq}:{'0' * 64}")[0] == 1


def test_the_command_refuses_a_head_it_never_printed(chain):
    with pytest.raises(CommandError, match="SEQ:HASH"):
        verify_audit("--since", "3")
