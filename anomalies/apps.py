from django.apps import AppConfig


class AnomaliesConfig(AppConfig):
    name = "anomalies"

    def ready(self) -> None:
        """Declare what the proposals of an alert do, and listen to their pushes."""
        from anomalies import handlers
        from anomalies.health_scores import items_ordered
        from customers.health import ITEMS_ORDERED
        from netsuite.outbox import ON_OUTCOME
        from workflows.contracts import register_handler
        from workflows.evidence import register_source

        register_handler(handlers.GRACE_PERIOD)
        register_handler(handlers.PRIORITY_CALL)
        register_handler(handlers.RELEASE_ORDER)
        register_source(handlers.about)
        ON_OUTCOME.append(handlers.push_settled)
        ITEMS_ORDERED.append(items_ordered)
