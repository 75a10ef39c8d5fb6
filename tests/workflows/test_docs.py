"""The drawn machines are those of the code."""

from django.core.management import call_command


def test_states_page_is_current():
    call_command("draw_machines", "--check")
