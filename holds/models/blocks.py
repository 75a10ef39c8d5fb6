"""Hold blocks: what a page of the till checks, and what it says."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from customers.models import Employee

DEFAULT_FORMULA = "parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit || 0)"


class HoldBlock(models.Model):
    """The settings of one hold block; each page of the till has its own.

    `mode` "on" holds everybody, "off" nobody; "auto" asks the customer's `hold_field` and, where that
    says AUTO or nothing, the `formula`. A service hold approved by a person holds in every mode.
    """

    ON, OFF, AUTO = "on", "off", "auto"
    MODES = [
        (ON, "On: everybody is on hold"),
        (OFF, "Off: nobody is on hold"),
        (AUTO, "Auto: hold field, then formula"),
    ]
    PAGES = [("order", "Order form"), ("customer", "Customer page"), ("catalog", "Catalog")]
    ALL, ON_ACCOUNT = "all", "on_account"
    TENDERS = [(ALL, "All orders"), (ON_ACCOUNT, "Orders on account only")]
    ENTITY_TYPES = [("employee", "Employee")]

    slug = models.SlugField("name in addresses", unique=True)
    title = models.CharField(max_length=80)
    page = models.CharField(max_length=10, choices=PAGES, unique=True)
    hold_field = models.CharField(
        max_length=64,
        default="creditholdoverride",
        help_text="The field of the NetSuite customer that says ON, OFF or AUTO.",
    )
    mode = models.CharField("hold mode", max_length=4, choices=MODES, default=AUTO)
    formula = models.TextField(
        default=DEFAULT_FORMULA, help_text="True means on hold. JavaScript-style; customer.<field>."
    )
    allow_pin_override = models.BooleanField("allow PIN override", default=True)
    pin_field = models.CharField(
        "PIN code field", max_length=64, default="custentity_brm_pincode", help_text="Where NetSuite keeps the PINs."
    )
    pin_entity_type = models.CharField("PIN entity type", max_length=16, choices=ENTITY_TYPES, default="employee")
    managers_by_role = models.ManyToManyField(
        Group, blank=True, related_name="+", help_text="People in these roles may authorise an override."
    )
    managers_by_name = models.ManyToManyField(
        Employee, blank=True, related_name="+", help_text="These people may authorise an override too."
    )
    show_label = models.BooleanField(default=True)
    label_on_hold = models.CharField(max_length=40, default="On hold")
    label_approved = models.CharField(max_length=40, default="Approved")
    tenders = models.CharField("applies to", max_length=10, choices=TENDERS, default=ON_ACCOUNT)
    override_service_hold = models.BooleanField(
        "a PIN may override a service hold",
        default=False,
        help_text="A service hold is a decision of accounts receivable.",
    )
    default_customer = models.CharField(
        max_length=32, blank=True, help_text="NetSuite id of the customer a new order starts with; usually none."
    )

    history = HistoricalRecords(
        table_name="hold_blocks_history",
        history_change_reason_field=models.TextField(null=True),
        m2m_fields=[managers_by_role, managers_by_name],
    )

    class Meta:
        db_table = "hold_blocks"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="hold_block_mode", condition=Q(mode__in=["on", "off", "auto"])),
            models.CheckConstraint(name="hold_block_tenders", condition=Q(tenders__in=["all", "on_account"])),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def currency(self) -> str:
        return settings.BASE_CURRENCY
