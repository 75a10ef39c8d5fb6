"""Every recurring job, in one table."""

from dataclasses import dataclass

from django_q.models import Schedule


@dataclass(frozen=True)
class Job:
    """A dotted task that runs every so many minutes."""

    name: str
    task: str
    why: str
    minutes: int


JOBS = (
    Job("canary", "workflows.tasks.canary", "shows the watchdog that the cluster is alive", minutes=1),
    Job("send mail", "workflows.tasks.send_due", "mails whose undo window is over", minutes=1),
    Job("drain pushes", "netsuite.tasks.drain_now", "pushes whose retry has come", minutes=1),
    Job("drainer", "netsuite.tasks.drain_waiting", "pushes whose attempts were used up", minutes=15),
    Job("sync", "customers.tasks.sync_now", "what changed in NetSuite", minutes=15),
    Job("drift", "holds.tasks.check_drift", "NetSuite changed by hand", minutes=15),
    Job("apply waiting", "workflows.tasks.apply_waiting", "approved while applying was off", minutes=1),
    Job("seal audit", "workflows.tasks.seal", "decisions not sealed right after their commit", minutes=1),
    # The task itself asks for 06:00 on a weekday in the business time zone, so daylight saving needs no new row.
    Job("aging tick", "holds.tasks.aging_tick_when_due", "weekdays 06:00 business time", minutes=15),
    Job("overrides", "holds.tasks.void_expired_overrides", "approvals at the till whose minutes are over", minutes=1),
    Job("limit extensions", "holds.tasks.end_limit_extensions", "limits whose last higher day has passed", minutes=60),
    Job("deferrals", "workflows.tasks.bring_back_due", "deferred proposals whose day has come", minutes=60),
    Job("polish answers", "disputes.tasks.polish_answers", "drafts that a bell did not reach", minutes=5),
    Job(
        "finish credits", "disputes.tasks.finish_credits", "memos whose worker died after NetSuite took them", minutes=5
    ),
    Job("verify", "workflows.tasks.verify_due", "the checks the contracts asked for", minutes=15),
    Job("parked orders", "orders.tasks.catch_up", "orders on hold, when a signal was lost", minutes=15),
    Job("provisioning", "orders.tasks.provision_waiting", "licence changes that may go now", minutes=1),
    Job("billing", "orders.tasks.bill_due", "billing periods that have begun", minutes=60),
    Job("figures", "anomalies.tasks.count_today", "the day's figures, and alerts once a day is over", minutes=15),
    Job("missing figures", "anomalies.tasks.fill_gaps", "days that were missed", minutes=15),
    Job("alert mails", "anomalies.tasks.send_notices", "new alerts to the people of their roles", minutes=5),
    Job("mailbox", "disputes.tasks.fetch_mail", "new mail in the mailbox", minutes=1),
    Job("sort mail", "disputes.tasks.triage_waiting", "mail that nobody sorted yet", minutes=1),
    Job(
        "learn corrections",
        "disputes.tasks.learn_waiting",
        "corrections that the classifier has not learned",
        minutes=2,
    ),
    Job("clean up", "workflows.tasks.forget_old_answers", "answers to repeated requests after a week", minutes=24 * 60),
)


def sync_schedules() -> None:
    """Write the table into django-q2; a job that left the table is removed."""
    for job in JOBS:
        Schedule.objects.update_or_create(
            name=job.name,
            defaults={"func": job.task, "schedule_type": Schedule.MINUTES, "minutes": job.minutes},
        )
    Schedule.objects.exclude(name__in=[job.name for job in JOBS]).delete()
