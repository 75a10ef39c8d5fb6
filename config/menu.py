"""The console's menu: what each person may open, with how much waits there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from unfold.dataclasses import SearchResult

from anomalies.models import Alert
from customers.models import Customer
from disputes.models import Dispute, InboundEmail
from holds.models import Override, Pause, ServiceHold
from holds.pins import blocks_of
from netsuite.models import Push, PushStatus
from orders.models import LicenseChange, Order, Subscription
from orders.subscription_lists import shown_by
from workflows.counts import capped, counts
from workflows.models import OutboundEmail, ProposedAction

FOUND = 20
THEMES = [("light", "light_mode", "Light"), ("dark", "dark_mode", "Dark"), ("auto", "computer", "System")]


@dataclass(frozen=True)
class Entry:
    """One line: its page, who may see it (by right, or `also_for`), and the rows that wait there."""

    title: str
    page: str
    permission: str = ""
    waiting: Callable[[Any], QuerySet] | None = None
    also_for: Callable[[Any], object] | None = None


def _pauses(user: Any) -> QuerySet:
    return _of_own(Pause.objects.filter(ended_at=None), user)


def _disputes(user: Any) -> QuerySet:
    return _of_own(Dispute.objects.open(), user)


def _of_own(rows: QuerySet, user: Any) -> QuerySet:
    """For whoever sees every customer without asking for them: 100,000 keys in a list cost a fifth of a second."""
    if user.has_perm("customers.view_every_customer"):
        return rows
    return rows.filter(customer__in=Customer.objects.for_rep(user))


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Work",
        (
            Entry("Waiting for you", "admin:index"),
            Entry("Dashboard", "dashboard", "anomalies.view_dailymetric"),
            Entry(
                "Proposals",
                "admin:workflows_proposedaction_changelist",
                "workflows.view_proposedaction",
                lambda user: ProposedAction.objects.awaiting_decision().visible_to(user),
            ),
            Entry(
                "Mail drafts",
                "admin:workflows_outboundemail_changelist",
                "workflows.view_outboundemail",
                lambda user: OutboundEmail.objects.to_polish().visible_to(user),
            ),
            Entry(
                "Triage",
                "admin:disputes_inboundemail_changelist",
                "disputes.view_inboundemail",
                lambda user: InboundEmail.objects.unsure().visible_to(user),
            ),
            Entry("Disputes", "admin:disputes_dispute_changelist", "disputes.view_dispute", _disputes),
            Entry(
                "Alerts",
                "admin:anomalies_alert_changelist",
                "anomalies.view_alert",
                lambda user: Alert.objects.awake(timezone.now()).visible_to(user),
            ),
            Entry("Cards", "cards", "anomalies.view_card"),
            Entry(
                "Overrides",
                "admin:holds_override_changelist",
                "holds.view_override",
                lambda user: Override.objects.asked(),
                also_for=blocks_of,
            ),
            Entry(
                "Orders on hold",
                "admin:orders_order_changelist",
                "orders.view_order",
                lambda user: Order.objects.on_hold().visible_to(user),
            ),
        ),
    ),
    (
        "Customers",
        (
            Entry("Customers", "admin:customers_customer_changelist", "customers.view_customer"),
            Entry(
                "Holds",
                "admin:holds_servicehold_changelist",
                "holds.view_servicehold",
                lambda user: ServiceHold.objects.active().visible_to(user),
            ),
            Entry("Pauses", "admin:holds_pause_changelist", "holds.view_pause", _pauses),
            Entry("Till", "order_new", "orders.submit_order"),
            Entry("Catalog", "admin:orders_product_changelist", "orders.view_product"),
            Entry("Sales taxes", "admin:orders_salestax_changelist", "orders.view_salestax"),
        ),
    ),
    (
        "Subscriptions",
        (
            Entry("Subscriptions", "admin:orders_subscription_changelist", "orders.view_subscription"),
            Entry(
                "Licence changes",
                "admin:orders_licensechange_changelist",
                "orders.view_licensechange",
                lambda user: shown_by("mine", LicenseChange.objects.visible_to(user)),
            ),
            Entry("Invoices", "admin:orders_invoice_changelist", "orders.view_invoice"),
            Entry("Billing contracts", "admin:orders_billingcontract_changelist", "orders.view_billingcontract"),
            Entry("Provisioning", "admin:orders_provisioningsettings_changelist", "orders.view_provisioningsettings"),
        ),
    ),
    (
        "NetSuite",
        (
            Entry(
                "Push queue",
                "admin:netsuite_push_changelist",
                "netsuite.view_push",
                lambda user: Push.objects.exclude(status__in=[PushStatus.APPLIED, PushStatus.SUPERSEDED]),
            ),
        ),
    ),
    (
        "Control",
        (
            Entry("Classifier", "admin:disputes_classifierversion_changelist", "disputes.triage_inboundemail"),
            Entry("Alert rules", "admin:anomalies_alertrule_changelist", "anomalies.view_alertrule"),
            Entry("Card bands", "admin:anomalies_cardband_changelist", "anomalies.view_cardband"),
            Entry("What-if", "what_if:line", "anomalies.view_alert"),
            Entry("Hold blocks", "admin:holds_holdblock_changelist", "holds.view_holdblock"),
            Entry("Managers at the till", "admin:holds_pinbudget_changelist", "holds.view_pinbudget"),
            Entry("PIN log", "admin:holds_pinlog_changelist", "holds.view_pinlog"),
            Entry("Contracts", "admin:workflows_workflowdefinition_changelist", "workflows.view_workflowdefinition"),
            Entry("Answers", "admin:disputes_responsetemplate_changelist", "disputes.view_responsetemplate"),
            Entry("Runs", "admin:workflows_workflowrun_changelist", "workflows.view_workflowrun"),
            Entry("Audit", "admin:workflows_autodecision_changelist", "workflows.view_autodecision"),
            Entry("Kill switches", "admin:workflows_killswitch_changelist", "workflows.view_killswitch"),
            Entry("Schedules", "admin:django_q_schedule_changelist", "workflows.view_killswitch"),
            Entry("People", "admin:auth_user_changelist", "auth.view_user"),
            Entry("Second factors", "admin:otp_totp_totpdevice_changelist", "otp_totp.view_totpdevice"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups that hold anything for this person."""
    shown = [(title, [entry for entry in entries if _is_open_to(entry, request.user)]) for title, entries in MENU]
    badges = _badges([entry for _title, entries in shown for entry in entries], request.user)
    groups = [
        {"title": title, "items": [_item(entry, request, badges.get(entry.title)) for entry in entries]}
        for title, entries in shown
    ]
    return [group for group in groups if group["items"]]


def _badges(entries: Iterable[Entry], user: Any) -> dict[str, str]:
    """How much waits behind each entry that counts. One query for all of them."""
    waiting = {entry.title: entry.waiting(user) for entry in entries if entry.waiting}
    return {title: capped(found) if found else "" for title, found in counts(user, waiting).items()}


def _is_open_to(entry: Entry, user: Any) -> bool:
    may = not entry.permission or user.has_perm(entry.permission)
    return bool(_address(entry.page)) and (may or bool(entry.also_for and entry.also_for(user)))


def _item(entry: Entry, request: HttpRequest, badge: str | None) -> dict[str, Any]:
    address = _address(entry.page)
    is_here = request.path == address if entry.page == "admin:index" else request.path.startswith(address)
    return {
        "title": entry.title,
        "link": address,
        "active": is_here,
        "badge": badge,
    }


def _address(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


def environment(request: HttpRequest) -> list[str] | None:
    """A mark in the header of a system that is not the real one."""
    return ["Development", "warning"] if settings.DEVELOPMENT else None


def extras(request: HttpRequest) -> dict[str, Any]:
    """What the chrome shows beside the menu."""
    user = request.user
    role = user.groups.values_list("name", flat=True).first() if user.is_authenticated else ""
    return {"menu_role": role or "", "theme_choices": THEMES}


def find(request: HttpRequest, words: str) -> list[SearchResult]:
    """Customers, and subscriptions by number, for the search field; a sales rep finds their own."""
    if not request.user.has_perm("customers.view_customer"):
        return []
    found = Customer.objects.for_rep(request.user).search(words)[:FOUND]
    return [*_subscriptions(request.user, words), *(_result(customer) for customer in found if _page(customer))]


def _subscriptions(user: Any, words: str) -> list[SearchResult]:
    number = words.replace("\x00", "").strip()
    if not number.upper().startswith("SUB-") or not user.has_perm("orders.view_subscription"):
        return []
    rows = Subscription.objects.visible_to(user).filter(number__istartswith=number).order_by("-pk")
    return [
        SearchResult(
            title=str(row),
            description=f"Subscription of {row.customer}",
            link=reverse("admin:orders_subscription_change", args=[row.pk]),
            icon="autorenew",
        )
        for row in rows.select_related("customer", "product")[:FOUND]
    ]


def _result(customer: Customer) -> SearchResult:
    held = " · on hold" if customer.entitystatus == Customer.HOLD else ""
    return SearchResult(
        title=str(customer), description=f"Customer {customer.netsuite_id}{held}", link=_page(customer), icon="person"
    )


def _page(customer: Customer) -> str:
    try:
        return reverse("admin:customers_customer_change", args=[customer.pk])
    except NoReverseMatch:
        return ""
