"""The demo in two stages around the first sync: the NetSuite account and the logins, then Holdgate's past."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.checks import DEMO_LOGINS
from config.demo import account, endpoint, figures, logins, mails, past, sandbox, staff, subscriptions, till
from customers.clock import business_today
from customers.models import Customer
from customers.sync import sync
from holds.actions.drift import check_drift
from holds.models import Pause, ServiceHold
from netsuite.client import Client

CHANGED_IN_NETSUITE = "rookhaven"


class Command(BaseCommand):
    help = (
        "Fill the NetSuite sandbox with an invented business of 14 months and make the demo logins; after the first "
        "sync, --after-sync adds the past: decided holds, plans, disputes. Passwords and PINs are shown once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after-sync", action="store_true", help="the second stage: Holdgate's own past")
        parser.add_argument("--move-endpoint", action="store_true", help="its provisioning endpoint moved")
        parser.add_argument("--force", action="store_true", help="also beside customers that are there already")
        parser.add_argument("--seed", type=int, default=account.SEED, help="another business (default %(default)s)")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The demo is for a machine of your own; production has no demo data.")
        if not settings.NETSUITE_BASE_URL:
            raise CommandError("NETSUITE_BASE_URL names no sandbox: start it with netsuite_sandbox, or use make run.")
        try:
            if options["move_endpoint"]:
                return subscriptions.follow(endpoint.known_port() or 0)
            counts = self._after_sync() if options["after_sync"] else self._load(options)
        except sandbox.NoSandbox as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps(counts))

    def _load(self, options: dict[str, Any]) -> dict[str, int]:
        if Customer.objects.exists() and not options["force"]:
            raise CommandError("There are customers already. --force adds the demo beside them.")
        pins = staff.new_pins()
        built = account.build(business_today(), pins=pins, seed=options["seed"])
        counts = sandbox.load(built, settings.NETSUITE_BASE_URL)
        self.stdout.write(", ".join(f"{count:,} {kind}" for kind, count in counts.items()) + " in the sandbox")
        self._show_once(logins.create(), pins)
        return counts

    def _show_once(self, password: str, pins: dict[str, str]) -> None:
        names = dict(staff.MANAGERS)
        lines = [
            "",
            f"  Demo logins   {', '.join(DEMO_LOGINS)}",
            f"  Password      {password}   (the same for all)",
            f"  Manager PINs  {', '.join(f'{names[key]} {pin}' for key, pin in pins.items())}",
            "  Shown this once; only hashes are kept.",
            "",
        ]
        self.stdout.write("\n".join(lines))

    def _after_sync(self) -> dict[str, int]:
        if not Customer.objects.exists():
            raise CommandError("No customers yet: run sync_netsuite first.")
        if ServiceHold.objects.exists() or Pause.objects.exists():
            raise CommandError("There is a past already; a new DATA_DIR starts afresh.")
        rep = logins.link_rep()
        told = past.relive(business_today())
        taken = till.open_shop(business_today())
        port = endpoint.known_port()
        sold = subscriptions.sell(business_today(), port) if port else 0
        opened = figures.watch(business_today())
        came = mails.bring(business_today())
        self._somebody_changes_netsuite()
        self.stdout.write(f"{told} events of the past, {taken + sold} orders, {opened} alerts, {came} mails")
        self.stdout.write(f"rep is {rep.name}, with {rep.customers.count()} customers")
        return {"events": told, "orders": taken + sold, "alerts": opened, "mails": came, "drift": check_drift()}

    def _somebody_changes_netsuite(self) -> None:
        row = {"externalid": account.external_id(CHANGED_IN_NETSUITE), "creditholdoverride": "AUTO"}
        sandbox.change_by_hand(settings.NETSUITE_BASE_URL, customers=[row])
        summary = sync(client=Client.from_settings(), today=business_today())
        if not summary.ok:
            raise CommandError("; ".join(f"{name}: {error}" for name, error in summary.errors.items()))
