"""Every state × every verb of every machine, as a table: what the decorators must say, no more and no less."""

import pytest

from netsuite.machine import all_machines, machine_name, verb_of

TABLE: dict[str, dict[str, tuple[set[str], str]]] = {
    "proposedaction": {
        "approve": ({"pending"}, "approved"),
        "reject": ({"pending"}, "rejected"),
        "defer": ({"pending"}, "deferred"),
        "bring_back": ({"deferred"}, "pending"),
        "supersede": ({"pending", "deferred", "approved", "applying"}, "superseded"),
        "start_applying": ({"approved", "failed"}, "applying"),
        "confirm": ({"applying"}, "applied"),
        "fail": ({"applying"}, "failed"),
    },
    "outboundemail": {
        "approve": ({"pending_review"}, "approved"),
        "undo": ({"approved"}, "pending_review"),
        "come_back": ({"approved"}, "pending_review"),
        "start_sending": ({"approved"}, "sending"),
        "postpone": ({"sending"}, "approved"),
        "confirm": ({"sending"}, "sent"),
        "lose_track": ({"sending"}, "uncertain"),
        "fail": ({"sending"}, "failed"),
        "reopen": ({"failed", "uncertain"}, "pending_review"),
        "declare_sent": ({"uncertain"}, "sent"),
        "discard": ({"pending_review", "failed"}, "discarded"),
    },
    "servicehold": {
        "place": ({"proposed"}, "active"),
        "decline": ({"proposed"}, "declined"),
        "lift": ({"active"}, "lifted"),
    },
    "override": {
        "grant": ({"asked"}, "granted"),
        "decline": ({"asked"}, "declined"),
        "use": ({"granted"}, "used"),
        "void": ({"asked", "granted"}, "void"),
    },
    "dispute": {
        "respond": ({"open"}, "responding"),
        "escalate": ({"open", "responding"}, "escalated"),
        "resolve": ({"open", "responding", "escalated"}, "resolved"),
        "withdraw": ({"open", "responding", "escalated"}, "resolved"),
    },
    "alert": {
        "acknowledge": ({"open"}, "acknowledged"),
        "resolve": ({"open", "acknowledged"}, "resolved"),
    },
    "order": {
        "submit": ({"draft", "released"}, "submitted"),
        "hold": ({"draft", "released"}, "held"),
        "release": ({"held"}, "released"),
        "take_back": ({"held", "released"}, "draft"),
        "cancel": ({"draft", "held", "released"}, "cancelled"),
    },
    "licensechange": {
        "provision": ({"awaiting"}, "provisioned"),
        "fail": ({"awaiting"}, "failed"),
        "skip": ({"awaiting"}, "not_applicable"),
        "retry": ({"failed"}, "awaiting"),
    },
    "inboundemail": {
        "doubt": ({"received", "unsure", "sorted"}, "unsure"),
        "route": ({"received", "unsure", "sorted"}, "routed"),
        "sort": ({"received", "unsure", "routed", "sorted"}, "sorted"),
        "quarantine": ({"received", "unsure", "sorted"}, "quarantined"),
        "reopen": ({"quarantined", "routed", "sorted"}, "unsure"),
    },
    "push": {
        "claim": ({"queued", "retrying", "waiting", "uncertain"}, "sending"),
        "take_over": ({"sending"}, "sending"),
        "confirm": ({"sending"}, "applied"),
        "postpone": ({"sending"}, "retrying"),
        "wait": ({"sending"}, "waiting"),
        "doubt": ({"sending"}, "uncertain"),
        "put_back": ({"sending"}, "queued"),
        "fail": ({"sending"}, "failed"),
        "supersede": ({"queued", "retrying", "waiting", "uncertain", "failed", "sending"}, "superseded"),
        "requeue": ({"failed", "waiting", "retrying", "uncertain"}, "queued"),
    },
}
MACHINES = {machine_name(model): model for model in all_machines()}
CELLS = [
    (name, state, verb)
    for name, model in sorted(MACHINES.items())
    for state, _title in model._meta.get_field("status").choices
    for verb in TABLE.get(name, {})
]


def test_every_machine_has_its_table():
    assert set(TABLE) == set(MACHINES)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_verb_stands_in_the_table(name):
    declared = {verb for verb in dir(MACHINES[name]) if hasattr(getattr(MACHINES[name], verb, None), "_django_fsm")}
    assert declared == set(TABLE[name])


@pytest.mark.parametrize(("name", "state", "verb"), CELLS)
def test_state_and_verb(name, state, verb):
    sources, target = TABLE[name][verb]
    meta = verb_of(MACHINES[name], verb)
    expected = target if state in sources else None
    assert (meta.next_state(state) if meta.has_transition(state) else None) == expected
