"""Recurring work in the console, to read (the table in `config.schedules` decides what runs), and second factors."""

from typing import Any

import django_q.admin  # noqa: F401  it registers itself on import, and is taken out again here
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django_otp.plugins.otp_totp.admin import TOTPDeviceAdmin
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from config.schedules import JOBS
from netsuite.console import SeeOnly

for model in (Failure, OrmQ, Schedule, Success, TOTPDevice):
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


@admin.register(TOTPDevice)
class SecondFactorAdmin(TOTPDeviceAdmin):
    """The two pages that show a secret are 404 for a device that is not there."""

    def config_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._require(request, pk)
        return super().config_view(request, pk)

    def qrcode_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._require(request, pk)
        return super().qrcode_view(request, pk)

    def _require(self, request: HttpRequest, pk: int) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        get_object_or_404(TOTPDevice, pk=pk)
