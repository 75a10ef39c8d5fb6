"""One row of everything the API shows, about a customer of Dana's."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from anomalies.models import Alert
from customers.models import Customer
from disputes.actions import open_dispute
from disputes.models import Dispute, InboundEmail
from holds.actions.pauses import grant_grace
from holds.models import Pause, ServiceHold
from netsuite.models import Push
from orders.actions import orders, provisioning
from orders.models import LicenseChange, Order
from tests.conftest import user_in
from tests.factories.alerts import fired
from tests.factories.holds import held, notice, owing, proposed
from tests.factories.mails import arrived
from tests.factories.orders import draft, parked
from tests.factories.subscriptions import subscribed
from workflows.models import OutboundEmail, ProposedAction


@dataclass(frozen=True)
class World:
    """`northside` is on hold, a hold on `harbor` is proposed; the orders were taken by somebody at a till."""

    northside: Customer
    harbor: Customer
    hold: ServiceHold
    proposal: ProposedAction
    email: OutboundEmail
    pause: Pause
    dispute: Dispute
    push: Push
    inbound: InboundEmail
    order: Order
    parked: Order
    cancelled: Order
    alert: Alert
    change: LicenseChange


def world_of(mike: Any) -> World:
    """Rows of its own each time, but for the alert and the cashier."""
    northside, harbor = owing("Northside Grocers"), owing("Harbor Foods")
    hold = held(northside, mike)
    priya = get_user_model().objects.filter(username="priya").first() or user_in("priya", "Cashier")
    order = draft(priya)
    return World(
        northside=northside,
        harbor=harbor,
        hold=hold,
        proposal=proposed(harbor),
        email=notice(hold),
        pause=grant_grace(customer=northside, reason="Promised on the phone", by=mike),
        dispute=open_dispute(customer=northside, reason_text="Short delivery", amount=Decimal(100), by=mike),
        push=Push.objects.get(record_id=northside.netsuite_id),
        inbound=arrived(northside),
        order=order,
        parked=parked(priya),
        cancelled=orders.cancel(order=draft(priya), by=priya, reason="Changed their mind"),
        alert=Alert.objects.first() or fired(),
        change=asked_by_hand(mike),
    )


def asked_by_hand(mike: Any) -> LicenseChange:
    """A subscription of a customer of another rep, which a team was asked to provision."""
    order = subscribed(mike, "manual")
    provisioning.advance(by="test")
    return LicenseChange.objects.get(subscription__order_line__order=order)
