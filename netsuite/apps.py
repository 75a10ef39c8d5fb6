from django.apps import AppConfig


class NetsuiteConfig(AppConfig):
    name = "netsuite"
    verbose_name = "NetSuite"

    def ready(self) -> None:
        # Checks register themselves on import, and need the models to be loaded.
        from netsuite import checks  # noqa: F401
