from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HoldgateConfig(AppConfig):
    name = "config"
    verbose_name = "Holdgate"

    def ready(self) -> None:
        """Note sign-ins; after every migrate: roles, contracts, switches and schedules as the code declares them."""
        from config import checks  # noqa: F401  registers the system checks
        from workflows import reauth  # noqa: F401  listens to sign-ins

        post_migrate.connect(seed, dispatch_uid="holdgate.seed")


def seed(sender: AppConfig, **kwargs: Any) -> None:
    """Runs once a migrate, after the last app."""
    from django.apps import apps
    from django.contrib.auth.management import create_permissions

    from anomalies.default_bands import sync_bands
    from anomalies.default_rules import sync_rules
    from config.roles import sync_roles
    from config.schedules import sync_schedules
    from disputes.texts import seed_templates
    from holds.blocks import sync_blocks
    from workflows.definitions import sync_definitions, sync_switches

    # Django sends the signal only for apps that have models.
    if sender.name != [app.name for app in apps.get_app_configs() if app.models_module][-1]:
        return
    # Django makes the last app's permissions only after this receiver.
    create_permissions(sender, verbosity=0)
    sync_definitions()
    sync_switches()
    sync_roles()
    sync_blocks()
    sync_rules()
    sync_bands()
    sync_schedules()
    seed_templates()
