"""Recurring work in the console, to read: the table in `config.schedules` decides what runs."""

from typing import Any

import django_q.admin  # noqa: F401  it registers itself on import, and is taken out again here
from django.contrib import admin
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from config.schedules import JOBS
from netsuite.console import SeeOnly

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

WHY = {job.name: job.why for job in JOBS}


@admin.register(Schedule)
class ScheduleAdmin(SeeOnly):
    """What runs by itself, how often, and whether its last run went well."""

    list_title = "Schedules"
    empty = "No schedule. `manage.py migrate` writes them."
    heads = (("Job", ""), ("Every", "num"), ("Next run", "num"), ("Last run", ""))
    row_template, page_template = "console/_schedule_row.html", "console/schedule.html"
    list_display = ("name",)
    ordering = ("name",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("workflows.view_killswitch")

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"why": WHY}

    def facts(self, request: HttpRequest, row: Schedule) -> dict[str, Any]:
        tasks = Task.objects.filter(group=row.name).order_by("-started")[:20]
        return {"title": row.name.capitalize(), "why": WHY.get(row.name, ""), "tasks": tasks}
