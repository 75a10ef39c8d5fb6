"""What the pages of bands say."""

from decimal import Decimal

from django import template

from anomalies.cards.words import limits_of as in_words
from anomalies.definitions import METRICS
from anomalies.models import CardBand

register = template.Library()


@register.filter
def limits_of(band: CardBand) -> str:
    """`Performing up to 60.0 %, needs attention above 85.0 %.`"""
    return in_words(band)


@register.filter
def metric_title(band: CardBand) -> str:
    return METRICS[band.metric].title if band.metric in METRICS else band.metric


@register.filter
def plainly(limit: Decimal) -> str:
    """`0.85` of 0.850000."""
    return f"{limit.normalize():f}"
