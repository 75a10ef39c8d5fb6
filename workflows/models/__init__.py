"""The kernel's tables: contracts and runs, proposals, drafts, decisions, switches."""

from workflows.models.audit import AuditSeal, AutoDecision, ReflexionEntry
from workflows.models.console import Heartbeat, IdempotentRequest
from workflows.models.mail import EmailAttempt, EmailVersion, OutboundEmail
from workflows.models.proposals import ProposedAction
from workflows.models.runs import VerifyResult, WorkflowDefinition, WorkflowRun, WorkflowStep
from workflows.models.switches import KillSwitch, SwitchEvent

__all__ = [
    "AuditSeal",
    "AutoDecision",
    "EmailAttempt",
    "EmailVersion",
    "Heartbeat",
    "IdempotentRequest",
    "KillSwitch",
    "OutboundEmail",
    "ProposedAction",
    "ReflexionEntry",
    "SwitchEvent",
    "VerifyResult",
    "WorkflowDefinition",
    "WorkflowRun",
    "WorkflowStep",
]
