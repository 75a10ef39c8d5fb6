"""The one place that reads the clock for business dates."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def business_today() -> date:
    """Today's date where the business is (settings.TIME_ZONE_BUSINESS)."""
    return timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
