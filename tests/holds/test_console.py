"""Holds, pauses and the customer's page in the console."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from customers.clock import business_today
from customers.models import Customer
from disputes.models import Dispute
from holds.actions import pauses
from holds.customer_page import timeline
from holds.models import Pause
from tests.factories.customers import EmployeeFactory, PaymentFactory
from tests.factories.holds import held, owing, proposed
from workflows.models import ReflexionEntry


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def customer_page(customer: Customer, verb: str = "change") -> str:
    return reverse(f"admin:customers_customer_{verb}", args=[customer.pk])


def pause_page(pause: Pause, verb: str = "change") -> str:
    return reverse(f"admin:holds_pause_{verb}", args=[pause.pk])


def in_days(days: int) -> date:
    return business_today() + timedelta(days=days)


def plan_of(*parts: tuple[str, str], reason: str = "Agreed with Maria") -> dict[str, Any]:
    return {"due": [due for due, _ in parts], "amount": [amount for _, amount in parts], "reason": reason}


class TestCustomerPage:
    def test_figures(self, client: Client, mike: Any) -> None:
        customer = owing(credit_limit=Decimal("40000.00"))
        figures = signed_in(client, mike).get(customer_page(customer)).context["figures"]
        assert [(one.name, one.value) for one in figures] == [
            ("AR balance", "$48,210.40"),
            ("Days overdue", "94"),
            ("Open orders", "$0.00"),
            ("Limit used", "120.5 %"),
        ]

    def test_offers_a_hold_to_propose(self, client: Client, mike: Any) -> None:
        customer = owing()
        html = signed_in(client, mike).get(customer_page(customer)).content.decode()
        assert reverse("holds:propose", args=[customer.netsuite_id]) in html

    def test_offers_the_open_proposal_instead(self, client: Client, mike: Any) -> None:
        customer = owing()
        proposal = proposed(customer)
        answer = signed_in(client, mike).get(customer_page(customer))
        assert answer.context["proposed"] == proposal
        assert reverse("holds:propose", args=[customer.netsuite_id]) not in answer.content.decode()

    def test_offers_the_lift_of_a_hold(self, client: Client, mike: Any) -> None:
        hold = held(owing(), mike)
        html = signed_in(client, mike).get(customer_page(hold.customer)).content.decode()
        assert reverse("holds:lift", args=[hold.pk]) in html

    def test_a_finance_person_gets_no_buttons(self, client: Client, owner: Any) -> None:
        html = signed_in(client, owner).get(customer_page(owing())).content.decode()
        assert ("Payment plan…" in html, "Propose hold…" in html, "Open dispute…" in html) == (False, False, False)

    def test_health_counts_notes_of_the_last_sixty_days(self, client: Client, mike: Any) -> None:
        customer = owing(days=5)
        ReflexionEntry.objects.create(workflow_type="x", customer=customer, tags="", narrative="Broke a promise")
        signals = dict(signed_in(client, mike).get(customer_page(customer)).context["signals"])
        assert signals["Notes on friction in 60 days"].points == pytest.approx(3.0)


class TestTimeline:
    def test_tells_what_happened_newest_first(self, mike: Any) -> None:
        hold = held(owing(), mike)
        pauses.grant_grace(customer=hold.customer, reason="Holiday", by=mike)
        told = [event.what for event in timeline(hold.customer, upto=50)]
        assert told[0] == "Grace period agreed"
        assert told[-1] == "Service hold proposed"
        assert {"Put on hold", "Mail drafted", "Note"} <= set(told)

    def test_pages_hold_twenty_events_each_and_no_event_twice(self, client: Client, mike: Any) -> None:
        customer = owing()
        ReflexionEntry.objects.bulk_create(
            ReflexionEntry(workflow_type="x", customer=customer, tags="", narrative=f"Note {n}") for n in range(45)
        )
        signed_in(client, mike)
        shown = [client.get(customer_page(customer), {"turn": n}).context["events"] for n in (1, 2, 3)]
        assert [len(one) for one in shown] == [20, 20, 5]
        assert len({event.detail for page in shown for event in page}) == 45

    def test_another_customers_events_are_not_told(self, mike: Any) -> None:
        held(owing("Other"), mike)
        assert timeline(owing("Mine"), upto=50) == []


class TestPlan:
    def test_agree(self, client: Client, clerk: Any) -> None:
        customer = owing()
        wish = plan_of((in_days(7).isoformat(), "20,000.00"), (in_days(30).isoformat(), "28210.40"), ("", ""))
        assert signed_in(client, clerk).post(customer_page(customer, "plan"), wish).status_code == 302
        plan = Pause.objects.get()
        assert [(part.due, part.amount) for part in plan.instalments.all()] == [
            (in_days(7), Decimal("20000.00")),
            (in_days(30), Decimal("28210.40")),
        ]

    @pytest.mark.parametrize(
        ("due", "amount", "code"),
        [
            ("", "100", "invalid_date"),
            ("2026-02-31", "100", "invalid_date"),
            ("2020-01-01", "100", "invalid_date"),
            ("2099-01-01", "many", "invalid_amount"),
            ("2099-01-01", "NaN", "invalid_amount"),
            ("2099-01-01", "1.005", "invalid_amount"),
            ("2099-01-01", "1e99", "invalid_amount"),
            ("2099-01-01", "-5", "invalid_amount"),
        ],
    )
    def test_a_wrong_instalment_comes_back_with_what_was_typed(
        self, client: Client, clerk: Any, due: str, amount: str, code: str
    ) -> None:
        customer = owing()
        answer = signed_in(client, clerk).post(customer_page(customer, "plan"), plan_of((due, amount)))
        assert (answer.status_code, answer.context["refusal"].code, Pause.objects.count()) == (400, code, 0)
        assert (answer.context["opened"], answer.context["plan_rows"]) == ("plan", [(due, amount)])
        assert "Agreed with Maria" in answer.content.decode()

    def test_no_instalment_at_all(self, client: Client, clerk: Any) -> None:
        answer = signed_in(client, clerk).post(customer_page(owing(), "plan"), plan_of(("", "")))
        assert (answer.status_code, answer.context["refusal"].code) == (400, "no_instalments")

    def test_without_a_reason(self, client: Client, clerk: Any) -> None:
        wish = plan_of((in_days(7).isoformat(), "100"), reason=" ")
        answer = signed_in(client, clerk).post(customer_page(owing(), "plan"), wish)
        assert (answer.status_code, Pause.objects.count()) == (400, 0)

    def test_a_rep_may_not(self, client: Client, rep: Any) -> None:
        customer = owing(sales_rep=EmployeeFactory(user=rep))
        wish = plan_of((in_days(7).isoformat(), "100"))
        answer = signed_in(client, rep).post(customer_page(customer, "plan"), wish)
        assert (answer.status_code, Pause.objects.count()) == (403, 0)

    def test_a_foreign_rep_finds_no_such_customer(self, client: Client, rep: Any) -> None:
        assert signed_in(client, rep).post(customer_page(owing(), "plan"), {}).status_code == 404


class TestGrace:
    def test_two_weeks_by_default(self, client: Client, clerk: Any) -> None:
        signed_in(client, clerk).post(customer_page(owing(), "grace"), {"reason": "Holiday"})
        assert Pause.objects.get().ends == in_days(14)

    def test_until_a_day(self, client: Client, clerk: Any) -> None:
        wish = {"reason": "Holiday", "until": in_days(3).isoformat()}
        signed_in(client, clerk).post(customer_page(owing(), "grace"), wish)
        assert Pause.objects.get().ends == in_days(3)

    @pytest.mark.parametrize("until", ["soon", "2020-01-01", "2999-01-01"])
    def test_a_wrong_day(self, client: Client, clerk: Any, until: str) -> None:
        answer = signed_in(client, clerk).post(customer_page(owing(), "grace"), {"reason": "Holiday", "until": until})
        assert (answer.status_code, answer.context["opened"], Pause.objects.count()) == (400, "grace", 0)


class TestDispute:
    def test_open_by_phone(self, client: Client, clerk: Any) -> None:
        customer = owing()
        ref = customer.transactions.get().tranid
        wish = {"invoice_ref": ref, "reason": "pricing", "reason_text": "Wrong price", "amount": ""}
        signed_in(client, clerk).post(customer_page(customer, "dispute"), wish)
        made = Dispute.objects.get()
        assert (made.invoice_ref, made.amount, made.reason) == (ref, Decimal("48210.40"), "pricing")

    def test_another_customers_invoice_is_refused(self, client: Client, clerk: Any) -> None:
        ref = owing("Other").transactions.get().tranid
        wish = {"invoice_ref": ref, "reason": "pricing", "reason_text": "Wrong price"}
        answer = signed_in(client, clerk).post(customer_page(owing("Mine"), "dispute"), wish)
        assert (answer.status_code, Dispute.objects.count()) == (400, 0)


class TestPausePage:
    def plan(self, mike: Any, paid: str = "") -> Pause:
        customer = owing()
        plan = pauses.agree_plan(
            customer=customer,
            instalments=[(in_days(0), Decimal("100.00")), (in_days(9), Decimal("50.00"))],
            reason="Agreed",
            by=mike,
        )
        if paid:
            PaymentFactory(customer=customer, issued=business_today(), total=Decimal(paid))
        return plan

    def test_each_instalment_has_its_state(self, client: Client, mike: Any) -> None:
        answer = signed_in(client, mike).get(pause_page(self.plan(mike, paid="100.00")))
        assert [state for _part, state in answer.context["instalments"]] == ["paid", "due"]

    def test_end_early(self, client: Client, mike: Any) -> None:
        plan = self.plan(mike)
        signed_in(client, mike).post(pause_page(plan, "end"), {"reason": "Paid by card"})
        assert Pause.objects.get().end_reason == "Paid by card"

    def test_ending_twice_is_refused(self, client: Client, mike: Any) -> None:
        plan = self.plan(mike)
        signed_in(client, mike).post(pause_page(plan, "end"), {"reason": "first"})
        answer = client.post(pause_page(plan, "end"), {"reason": "second"})
        assert (answer.status_code, Pause.objects.get().end_reason) == (409, "first")

    def test_ending_needs_a_reason(self, client: Client, mike: Any) -> None:
        answer = signed_in(client, mike).post(pause_page(self.plan(mike), "end"), {"reason": ""})
        assert (answer.status_code, Pause.objects.get().ended_at) == (400, None)

    def test_the_committee_may_not_end_it(self, client: Client, committee: Any, mike: Any) -> None:
        answer = signed_in(client, committee).post(pause_page(self.plan(mike), "end"), {"reason": "x"})
        assert (answer.status_code, Pause.objects.get().ended_at) == (403, None)


class TestLists:
    def test_holds_of_a_rep_are_those_of_their_customers(self, client: Client, rep: Any, mike: Any) -> None:
        mine = held(owing("Mine", sales_rep=EmployeeFactory(user=rep)), mike)
        other = held(owing("Other"), mike)
        listed = signed_in(client, rep).get(reverse("admin:holds_servicehold_changelist")).context["cl"].result_list
        assert [row.pk for row in listed] == [mine.pk]
        assert client.get(reverse("admin:holds_servicehold_change", args=[other.pk])).status_code == 404

    def test_the_hold_shows_its_mails(self, client: Client, mike: Any) -> None:
        hold = held(owing(), mike)
        answer = signed_in(client, mike).get(reverse("admin:holds_servicehold_change", args=[hold.pk]))
        assert {mail.kind for mail in answer.context["emails"]} == {"customer_notice", "rep_note"}

    def test_running_pauses(self, client: Client, mike: Any) -> None:
        running = pauses.grant_grace(customer=owing("A"), reason="x", by=mike)
        over = pauses.grant_grace(customer=owing("B"), reason="x", by=mike)
        pauses.end(pause=over, reason="y", by=mike)
        address = reverse("admin:holds_pause_changelist")
        signed_in(client, mike)
        by_state = {
            state: [row.pk for row in client.get(address, {"state": state}).context["cl"].result_list]
            for state in ("running", "over")
        }
        assert by_state == {"running": [running.pk], "over": [over.pk]}

    @pytest.mark.parametrize("name", ["holds_servicehold", "holds_pause"])
    def test_nobody_adds_edits_or_deletes(self, client: Client, mike: Any, name: str) -> None:
        hold = held(owing(), mike)
        row = hold if name == "holds_servicehold" else pauses.grant_grace(customer=hold.customer, reason="x", by=mike)
        signed_in(client, get_user_model().objects.create_superuser("boss", password="x"))
        answers = [
            client.get(reverse(f"admin:{name}_add")),
            client.post(reverse(f"admin:{name}_change", args=[row.pk]), {"reason": "forged"}),
            client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}),
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 403]
