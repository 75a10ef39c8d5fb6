from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "disputes"

    def ready(self) -> None:
        """Declare the contract and what its proposals do, and listen to pushes."""
        from disputes.actions import credit_memos, decisions
        from disputes.contract import DISPUTE
        from disputes.triage.contract import TRIAGE_CONTRACT
        from netsuite.outbox import ON_OUTCOME
        from workflows.contracts import register, register_handler

        register(DISPUTE)
        register(TRIAGE_CONTRACT)
        for handler in (decisions.ROUTING, decisions.REP_TASK, credit_memos.CREDIT_MEMO, credit_memos.SECOND):
            register_handler(handler)
        ON_OUTCOME.append(credit_memos.push_settled)
