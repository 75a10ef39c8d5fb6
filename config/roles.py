"""Roles as groups: one table, written by every `migrate`."""

from django.contrib.auth.models import Group, Permission

SEE = (
    *("customers.view_customer", "customers.view_transaction", "customers.view_employee"),
    *("workflows.view_proposedaction", "workflows.view_outboundemail", "workflows.view_workflowrun"),
    *("holds.view_servicehold", "holds.view_pause", "disputes.view_dispute"),
    "disputes.view_inboundemail",
    "anomalies.view_card",
)
SEE_ALL = (
    *SEE,
    *("customers.view_every_customer", "workflows.view_autodecision", "workflows.view_reflexionentry"),
    *("netsuite.view_push", "workflows.view_killswitch", "workflows.view_workflowdefinition"),
    "holds.view_holdblock",
    *("holds.view_override", "holds.view_pinlog", "holds.view_pinbudget", "holds.view_limitextension"),
    *("anomalies.view_alert", "anomalies.view_alertrule", "anomalies.view_dailymetric"),
    "anomalies.view_cardband",
)
DECIDE = ("workflows.decide_proposedaction", "workflows.decide_high_risk")
MAIL = ("disputes.add_inboundemail", "disputes.triage_inboundemail")
LIMITS = ("holds.add_limitextension", "holds.change_limitextension")
RULES = ("anomalies.change_alertrule", "anomalies.change_cardband")
PAUSES = ("holds.add_pause", "holds.change_pause")
DISPUTES = ("disputes.add_dispute", "disputes.resolve_dispute", "disputes.propose_credit")
ANSWERS = ("disputes.view_responsetemplate", "disputes.change_responsetemplate")
SEE_ORDERS = ("orders.view_order", "orders.view_product", "orders.view_release")
TAKE_ORDERS = (*SEE_ORDERS, "orders.add_order", "orders.change_order", "orders.submit_order", "orders.cancel_order")
RELEASE_ORDERS = ("orders.release_order", "orders.change_release")
CATALOG = ("orders.add_product", "orders.change_product", "orders.view_salestax", "orders.change_salestax")
SEE_SUBSCRIPTIONS = (
    *("orders.view_subscription", "orders.view_licensechange", "orders.view_billingcontract", "orders.view_invoice"),
)
SEE_PROVISIONING = (
    *SEE_SUBSCRIPTIONS,
    *("orders.view_provider", "orders.view_provideraccount", "orders.view_provisioningsettings"),
)
SELL_SUBSCRIPTIONS = (*SEE_SUBSCRIPTIONS, "orders.add_subscription", "orders.change_subscription")
# The account's credit hold: whoever sees the payment arrive sets it to No.
HOLD_PROVISIONING = (*SEE_PROVISIONING, "orders.provision_licensechange", "customers.change_customer")
PROVIDERS = ("orders.add_provider", "orders.change_provider")
BILLING = ("orders.change_provisioningsettings", "orders.change_billingcontract")

ROLES: dict[str, tuple[str, ...]] = {
    "AR manager": (
        *SEE_ALL,
        *DECIDE,
        *PAUSES,
        *(*LIMITS, *RULES, "anomalies.handle_alert"),
        *DISPUTES,
        *ANSWERS,
        *MAIL,
        *("holds.propose_servicehold", "holds.lift_servicehold", "workflows.send_outboundemail"),
        *("workflows.flip_killswitch", "workflows.change_workflowdefinition", "workflows.verify_audit"),
        *("netsuite.retry_push", "holds.change_holdblock", "holds.decide_override", "holds.reset_pin"),
        *(*TAKE_ORDERS, *RELEASE_ORDERS, *CATALOG, "orders.view_every_order", "orders.import_orders"),
        *(*SELL_SUBSCRIPTIONS, *HOLD_PROVISIONING, *PROVIDERS, *BILLING),
    ),
    "AR clerk": (
        *SEE_ALL,
        *MAIL,
        *(*SEE_ORDERS, "orders.view_every_order", *HOLD_PROVISIONING, "orders.change_subscription"),
        *(*PAUSES, "holds.add_limitextension", "anomalies.handle_alert"),
        *("disputes.add_dispute", "disputes.propose_credit", "disputes.view_responsetemplate"),
        *("holds.propose_servicehold", "workflows.decide_proposedaction"),
    ),
    "Credit committee": (
        *(*SEE_ALL, *DECIDE, "holds.propose_servicehold", *LIMITS, "anomalies.handle_alert"),
        *(*SEE_ORDERS, *RELEASE_ORDERS, "orders.view_every_order", *SEE_PROVISIONING),
    ),
    "Finance": (
        *SEE_ALL,
        *DECIDE,
        *RULES,
        "anomalies.handle_alert",
        "workflows.verify_audit",
        *SEE_ORDERS,
        "orders.view_every_order",
        *(*SEE_PROVISIONING, *BILLING),
    ),
    "Sales rep": (*SEE, "holds.propose_servicehold", *TAKE_ORDERS, *SELL_SUBSCRIPTIONS),
    "Cashier": ("customers.view_customer", "holds.check_servicehold", *TAKE_ORDERS),
    "Till manager": (
        *("customers.view_customer", "customers.view_every_customer", "customers.view_transaction"),
        *("holds.check_servicehold", "holds.view_servicehold", "holds.view_override", "holds.decide_override"),
        *("holds.view_pinlog", "holds.view_pinbudget"),
        *TAKE_ORDERS,
    ),
    "Integrator": (
        *(
            *SEE_ALL,
            "holds.propose_servicehold",
            "disputes.add_dispute",
            "disputes.add_inboundemail",
            "netsuite.retry_push",
        ),
        *(*TAKE_ORDERS, "orders.view_every_order", "orders.import_orders"),
        *(*SELL_SUBSCRIPTIONS, *HOLD_PROVISIONING),
    ),
    "Operator": (
        *SEE_ALL,
        *("netsuite.retry_push", "workflows.flip_killswitch", "workflows.verify_audit"),
        *("auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group"),
        *("otp_totp.view_totpdevice", "otp_totp.add_totpdevice", "otp_totp.change_totpdevice"),
        *("otp_totp.delete_totpdevice",),
    ),
}


def permission(name: str) -> Permission:
    """`app.codename` as a row. Raises Permission.DoesNotExist for a misspelt one."""
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def sync_roles() -> None:
    """Give each role exactly its permissions."""
    for name, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(permission(each) for each in permissions)
