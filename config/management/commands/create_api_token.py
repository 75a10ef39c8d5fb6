"""Make an API token; it is shown once and stored as a hash."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken


class Command(BaseCommand):
    help = "Create an API token for a user. It is printed once, stored hashed, expires, and can be revoked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="User name.")
        parser.add_argument("--days", type=int, default=90, help="Valid for so many days (default 90).")
        parser.add_argument("--revoke", action="store_true", help="Revoke all tokens of the user instead.")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{options['user']}”.")
        if options["revoke"]:
            revoked = AuthToken.objects.filter(user=user).delete()[0]
            self.stdout.write(json.dumps({"revoked": revoked}) if options["json"] else f"{revoked} tokens revoked.")
            return
        if not 1 <= options["days"] <= 366:
            raise CommandError("A token is valid for 1 to 366 days.")
        row, token = AuthToken.objects.create(user=user, expiry=timedelta(days=options["days"]))
        facts = {"user": user.get_username(), "token": token, "expires_at": row.expiry.isoformat()}
        self.stdout.write(json.dumps(facts) if options["json"] else f"Token {token}\nExpires {facts['expires_at']}")
