"""Kill switches: stop a kind of effect within seconds."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords


class KillSwitch(models.Model):
    """Off, armed (logs what it would stop) or on (stops it, for 24 h unless renewed)."""

    STATES = [("off", "Off"), ("armed", "Armed"), ("on", "On")]

    name = models.SlugField(max_length=40, primary_key=True)
    title = models.CharField(max_length=80)
    effect = models.CharField(max_length=200, help_text="What it stops, for people.")
    state = models.CharField(max_length=10, choices=STATES, default="off")
    expires_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    history = HistoricalRecords(table_name="kill_switch_history")

    class Meta:
        db_table = "kill_switches"
        ordering = ["name"]
        permissions = [("flip_killswitch", "Can flip kill switches")]

    def __str__(self) -> str:
        return self.title

    def state_at(self, now: datetime) -> str:
        """Off once the time is over, else as set."""
        return "off" if self.expires_at and self.expires_at <= now else self.state


class SwitchEvent(models.Model):
    """What a switch stopped, or would have stopped while armed."""

    switch = models.ForeignKey(KillSwitch, on_delete=models.PROTECT, related_name="events")
    stopped = models.BooleanField(help_text="False while armed: it went ahead.")
    what = models.CharField(max_length=250)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "kill_switch_log"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.what
