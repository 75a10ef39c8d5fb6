from django.apps import AppConfig


class HoldgateConfig(AppConfig):
    name = "config"
    verbose_name = "Holdgate"
