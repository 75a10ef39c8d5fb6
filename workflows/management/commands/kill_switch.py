"""Flip a kill switch from the command line."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from netsuite.errors import Refusal
from workflows.actions.switches import SWITCHES, flip
from workflows.models import KillSwitch


class Command(BaseCommand):
    help = "Set a kill switch to off, armed (only logs) or on (24 h). In force within five seconds, audited."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(SWITCHES))
        parser.add_argument("state", choices=[state for state, _title in KillSwitch.STATES])
        parser.add_argument("--reason", required=True, help="Goes into the audit.")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            switch = flip(
                name=options["name"], state=options["state"], by="command:kill_switch", reason=options["reason"]
            )
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        until = switch.expires_at.isoformat() if switch.expires_at else None
        if options["json"]:
            self.stdout.write(json.dumps({"name": switch.name, "state": switch.state, "expires_at": until}))
        else:
            self.stdout.write(f"{switch.title}: {switch.get_state_display()}" + (f" until {until}" if until else ""))
