from django.apps import AppConfig
from django.db.backends.signals import connection_created

from customers.search import teach_sqlite


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        connection_created.connect(teach_sqlite)
