"""Filling a text: fixed placeholders, nothing that could run."""

import pytest

from holds.drafts import PLACEHOLDERS
from holds.texts import HOLD_TEXTS, LIFT_TEXTS
from workflows.drafting import UnknownPlaceholder, check, fill, one_line, placeholders


def test_placeholders_are_replaced():
    assert fill("Dear {contact}, {ar_balance} is open.", {"contact": "Maria", "ar_balance": "$48,210.40"}) == (
        "Dear Maria, $48,210.40 is open."
    )


def test_a_line_whose_placeholders_are_all_empty_is_left_out():
    text = "First\nThe {set_apart} that you dispute is set apart.\nLast"
    assert fill(text, {"set_apart": ""}) == "First\nLast"


def test_a_line_with_one_filled_placeholder_stays():
    assert fill("{rep} calls {contact}", {"rep": "", "contact": "Maria"}) == "calls Maria"


def test_a_gap_left_by_a_line_is_closed():
    assert fill("First\n\n{rep}\n\nLast", {"rep": ""}) == "First\n\nLast"


def test_an_unknown_placeholder_is_refused_with_those_that_are_known():
    with pytest.raises(UnknownPlaceholder, match=r"Unknown placeholder \{balance\}. Known: \{contact\}, \{rep\}"):
        check("{balance}", {"rep", "contact"})


@pytest.mark.parametrize(
    "text", ["{contact.__class__}", "{0}", "{contact!r}", "{contact:>9}", "{{contact}}", "%(contact)s"]
)
def test_nothing_but_a_plain_name_is_a_placeholder(text):
    assert "Maria" not in fill(text.replace("{{contact}}", "{ contact }"), {"contact": "Maria"})


def test_a_value_is_not_filled_again():
    assert fill("{contact}", {"contact": "{ar_balance}", "ar_balance": "$1.00"}) == "{ar_balance}"


def test_a_subject_is_one_line_of_at_most_250():
    assert one_line(" Orders\r\n on\thold ") == "Orders on hold"
    assert len(one_line("x" * 300)) == 250


@pytest.mark.parametrize("texts", [HOLD_TEXTS, LIFT_TEXTS])
def test_our_own_texts_name_only_what_is_filled(texts):
    named = {name for text in texts.values() for part in text.values() for name in placeholders(part)}
    assert named - PLACEHOLDERS == set()
