from django.apps import AppConfig


class HoldsConfig(AppConfig):
    name = "holds"

    def ready(self) -> None:
        """Declare the contracts, listen to pushes, and name the fields that hold PINs."""
        from customers.pins import FIELDS
        from holds.actions import limits
        from holds.actions.drift import DRIFT, push_settled
        from holds.contract import HOLD, LIFT
        from holds.evidence import HOLD_WORDING, LIFT_WORDING, about
        from holds.hold_review import HOLD_REVIEW, REVIEW_WORDING
        from holds.pins import fields_in_use
        from netsuite.outbox import ON_OUTCOME
        from workflows.contracts import register, register_handler
        from workflows.evidence import register_source, register_wording

        register(HOLD)
        register(LIFT)
        register_handler(DRIFT)
        register_handler(HOLD_REVIEW)
        register_handler(limits.LIMIT_EXTENSION)
        register_wording(HOLD_REVIEW.action_type, REVIEW_WORDING)
        register_source(about)
        register_wording(f"workflow_{HOLD.workflow_type}", HOLD_WORDING)
        register_wording(f"workflow_{LIFT.workflow_type}", LIFT_WORDING)
        FIELDS.append(fields_in_use)
        ON_OUTCOME.append(push_settled)
        ON_OUTCOME.append(limits.push_settled)
