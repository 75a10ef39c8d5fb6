"""The facts of the provisioning rule, read for many changes at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from customers.clock import business_today
from customers.models import Customer
from orders.models import LicenseChange, Provider, ProviderAccount, ProvisioningSettings, Subscription
from orders.models.subscriptions import LicenseChangeQuerySet
from orders.provisioning.rules import UNSETTLED, Facts, Verdict, verdict

WITH_SUBSCRIPTION = ("subscription__customer", "subscription__provider", "subscription__product")


@dataclass(frozen=True)
class Step:
    """A change that is not carried out: what may keep others waiting."""

    pk: int
    sequence: int
    status: str
    effective_on: date
    is_first: bool


@dataclass
class Situation:
    """What stands around some changes. `carried_out` keeps it true while they are worked off one after the other."""

    switch: bool
    today: date
    steps: dict[int, list[Step]] = field(default_factory=dict)
    accounts: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def around(cls, changes: Sequence[LicenseChange], *, switch: bool, today: date) -> "Situation":
        """Three queries at most, however many `changes`; read them with WITH_SUBSCRIPTION."""
        subscriptions = [change.subscription for change in changes]
        concerned = {each.pk for each in subscriptions} | {each.parent_id for each in subscriptions if each.parent_id}
        return cls(switch, today, _steps(concerned), _open_accounts(subscriptions))

    def facts(self, change: LicenseChange) -> Facts:
        subscription = change.subscription
        customer, provider = subscription.customer, subscription.provider
        mine = self.steps.get(change.subscription_id, [])
        needs_account = provider.kind == Provider.AUTOMATIC
        return Facts(
            switch=self.switch,
            account_hold=customer.credit_hold,
            service_hold=customer.entitystatus == Customer.HOLD,
            status=change.status,
            provider=provider.kind,
            effective_on=change.effective_on,
            today=self.today,
            asked=change.push_id is not None or change.asked_at is not None,
            account_open=not needs_account or (customer.pk, provider.pk) in self.accounts,
            earlier=tuple(step.status for step in mine if step.sequence < change.sequence),
            parent=self._parent(change),
        )

    def verdict(self, change: LicenseChange) -> Verdict:
        return verdict(self.facts(change))

    def carried_out(self, change: LicenseChange) -> None:
        mine = self.steps.get(change.subscription_id, [])
        self.steps[change.subscription_id] = [step for step in mine if step.pk != change.pk]

    def _parent(self, change: LicenseChange) -> tuple[str, ...] | None:
        """A linked one follows each change its parent was asked for before; others need the parent to exist."""
        subscription = change.subscription
        if subscription.parent_id is None:
            return None
        theirs = self.steps.get(subscription.parent_id, [])
        if subscription.provider.kind == Provider.LINKED:
            before = [s for s in theirs if s.pk < change.pk and s.effective_on <= change.effective_on]
            return tuple(step.status for step in before)
        return tuple(step.status for step in theirs if step.is_first)


def switch_is_on() -> bool:
    """The global switch "Enable credit hold" as stored now."""
    return bool(ProvisioningSettings.objects.filter(pk=1).values_list("enable_credit_hold", flat=True).first())


def judge(changes: Sequence[LicenseChange], *, today: date | None = None) -> dict[int, Verdict]:
    """Why each of these waits, by its id; for screens and the API. Read them with WITH_SUBSCRIPTION."""
    situation = Situation.around(changes, switch=switch_is_on(), today=today or business_today())
    return {change.pk: situation.verdict(change) for change in changes}


def verdict_on(change: LicenseChange, *, today: date | None = None) -> Verdict:
    """One change, read afresh."""
    fresh = LicenseChange.objects.select_related(*WITH_SUBSCRIPTION).get(pk=change.pk)
    return judge([fresh], today=today)[fresh.pk]


def not_held(changes: LicenseChangeQuerySet, *, switch: bool) -> LicenseChangeQuerySet:
    """Without those that only their customer's hold keeps waiting: the database passes over them at once."""
    if not switch:
        return changes
    free = changes.filter(subscription__customer__credit_hold=False)
    return free.exclude(subscription__customer__entitystatus=Customer.HOLD)


def _steps(subscriptions: Collection[int]) -> dict[int, list[Step]]:
    open_changes = LicenseChange.objects.filter(subscription__in=subscriptions, status__in=UNSETTLED).order_by("pk")
    fields = ("subscription_id", "pk", "sequence", "status", "effective_on", "kind")
    found: dict[int, list[Step]] = {}
    for owner, pk, sequence, status, effective_on, kind in open_changes.values_list(*fields):
        found.setdefault(owner, []).append(Step(pk, sequence, status, effective_on, kind == "new"))
    return found


def _open_accounts(subscriptions: Collection[Subscription]) -> set[tuple[int, int]]:
    automatic = [each for each in subscriptions if each.provider.kind == Provider.AUTOMATIC]
    if not automatic:
        return set()
    accounts = ProviderAccount.objects.exclude(opened_at=None).filter(
        customer__in={each.customer_id for each in automatic}, provider__in={each.provider_id for each in automatic}
    )
    return set(accounts.values_list("customer_id", "provider_id"))
