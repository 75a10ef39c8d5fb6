"""Whether and how what was sold is provisioned: the global switch, the providers, accounts opened there."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Customer
from netsuite.models import Push
from netsuite.secrets import decrypt, encrypt


class ProvisioningSettings(models.Model):
    """The one row of settings. While `enable_credit_hold` is on, an account whose credit hold is Yes waits."""

    enable_credit_hold = models.BooleanField("enable credit hold", default=False)
    reason = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords(
        table_name="provisioning_settings_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "provisioning_settings"
        verbose_name_plural = "provisioning settings"
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(name="one_row_of_provisioning_settings", condition=Q(id=1))]

    def __str__(self) -> str:
        return "Provisioning"

    @classmethod
    def current(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]


class Provider(models.Model):
    """Who provisions a subscription, and how.

    `automatic` calls `url` with requests signed by `secret`; `manual` asks the team by mail and a person confirms;
    `nothing` has nothing to do; `linked` follows the parent subscription.
    """

    AUTOMATIC, MANUAL, NOTHING, LINKED = "automatic", "manual", "nothing", "linked"
    KINDS = [
        (AUTOMATIC, "Automatic"),
        (MANUAL, "Manual"),
        (NOTHING, "Do nothing"),
        (LINKED, "Linked subscription"),
    ]

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=9, choices=KINDS)
    url = models.URLField("endpoint", max_length=300, blank=True, help_text="https, on a host that is allowed.")
    stored_secret = models.TextField(blank=True, editable=False, help_text="Encrypted; read it through `secret`.")
    team_email = models.EmailField("team's mail", blank=True)
    slots = models.PositiveSmallIntegerField("calls at a time", default=5)
    timeout_seconds = models.PositiveSmallIntegerField("seconds to answer", default=30)
    is_active = models.BooleanField("in use", default=True)

    history = HistoricalRecords(
        table_name="providers_history",
        excluded_fields=["stored_secret"],
        history_change_reason_field=models.TextField(null=True),
    )

    class Meta:
        db_table = "providers"
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="provider_kind", condition=Q(kind__in=["automatic", "manual", "nothing", "linked"])
            ),
            models.CheckConstraint(name="automatic_provider_has_endpoint", condition=~Q(kind="automatic") | ~Q(url="")),
            models.CheckConstraint(name="manual_provider_has_a_team", condition=~Q(kind="manual") | ~Q(team_email="")),
            models.CheckConstraint(name="provider_slots", condition=Q(slots__gte=1, slots__lte=50)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """The signing key in clear; empty when there is none."""
        return decrypt(self.stored_secret)

    @secret.setter
    def secret(self, value: str) -> None:
        self.stored_secret = encrypt(value)


class ProviderAccount(models.Model):
    """A customer's account with an automatic provider. It is opened also while provisioning waits."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="provider_accounts")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="accounts")
    push = models.ForeignKey(Push, null=True, blank=True, on_delete=models.PROTECT, related_name="provider_accounts")
    reference = models.CharField(max_length=128, blank=True, help_text="The provider's own number.")
    error = models.TextField(blank=True, help_text="The provider's own words.")
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "provider_accounts"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="one_account_a_customer_and_provider", fields=["customer", "provider"])
        ]

    def __str__(self) -> str:
        return f"{self.customer} at {self.provider}"
