from django.apps import AppConfig


class HoldsConfig(AppConfig):
    name = "holds"

    def ready(self) -> None:
        """Declare the contracts and listen to pushes."""
        from holds.actions.drift import DRIFT, push_settled
        from holds.contract import HOLD, LIFT
        from netsuite.outbox import ON_OUTCOME
        from workflows.contracts import register, register_handler

        register(HOLD)
        register(LIFT)
        register_handler(DRIFT)
        ON_OUTCOME.append(push_settled)
