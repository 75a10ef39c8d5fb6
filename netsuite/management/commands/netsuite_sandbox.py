"""Serve the NetSuite sandbox, or give orders to a running one."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from netsuite.sandbox import cli


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        known = vars(cli.parser().parse_args([]))
        sys.exit(cli.run(argparse.Namespace(**{name: options[name] for name in known})))
