from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"

    def ready(self) -> None:
        """Listen to pushes: their outcome belongs to a run."""
        from netsuite.outbox import ON_OUTCOME
        from workflows import reauth  # noqa: F401  stamps each sign-in
        from workflows.actions.runs import push_settled

        ON_OUTCOME.append(push_settled)
