"""Every shipped file is well formed, labelled by the rules, and no mail is another with swapped words."""

import json
from collections import Counter
from pathlib import Path

import pytest

from disputes.classifier import corpus
from disputes.classifier.corpus import BadCorpus, Example, near_duplicates
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS
from tests.disputes.classifier.conftest import SHIPPED

HELD_OUT = [example for mails in corpus.held_out().values() for example in mails]
GOOD = {
    "id": "t-1", "language": "en", "author": "a", "industry": "steel", "thread": "t-1", "subject": "Price",
    "text": "Too high", "classification": "invoice_dispute", "reason": "pricing", "sub_reason": "",
}  # fmt: skip


def write(folder: Path, *lines: dict[str, object]) -> Path:
    (folder / "some.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return folder


def test_every_class_reason_and_sub_reason_is_there():
    assert {example.classification for example in SHIPPED} == set(dict(CLASSES))
    assert {example.reason for example in SHIPPED} - {""} == set(dict(REASONS))
    assert {example.sub_reason for example in SHIPPED} - {""} == set(dict(SUB_REASONS))


def test_every_language_has_disputes_and_others():
    kinds = Counter((example.language, example.classification == "invoice_dispute") for example in SHIPPED)
    assert min(kinds[language, is_dispute] for language in ("en", "de", "fr", "es") for is_dispute in (0, 1)) >= 10


def test_no_mail_is_another_with_swapped_words():
    assert near_duplicates([*SHIPPED, *HELD_OUT]) == []


def test_an_id_stands_once_over_all_files():
    ids = [example.id for example in [*SHIPPED, *HELD_OUT]]
    assert len(ids) == len(set(ids))


def test_who_wrote_a_held_out_set_wrote_nothing_that_is_trained_on():
    assert {example.author for example in SHIPPED} & {example.author for example in HELD_OUT} == set()


def test_a_good_line_is_read(tmp_path):
    assert corpus.load(write(tmp_path, GOOD)) == [Example(**GOOD)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classification": "complaint"}, "unknown class 'complaint'"),
        ({"language": "it"}, "unknown language 'it'"),
        ({"reason": ""}, "a dispute has one of the five reasons"),
        ({"classification": "order"}, "a dispute has one of the five reasons"),
        ({"sub_reason": "tax"}, "only the reason other has a sub-reason"),
        ({"subject": " ", "text": ""}, "both empty"),
        ({"author": ""}, "are filled"),
        ({"text": 5}, "every field is a text"),
        ({"extra": "x"}, "the fields are"),
    ],
)
def test_a_bad_line_is_refused_by_file_and_number(tmp_path, change, words):
    with pytest.raises(BadCorpus, match=r"some\.jsonl, line 2: ") as refusal:
        corpus.load(write(tmp_path, GOOD, GOOD | {"id": "t-2"} | change))
    assert words in str(refusal.value)


def test_an_id_stands_once(tmp_path):
    with pytest.raises(BadCorpus, match="t-1 is there twice"):
        corpus.load(write(tmp_path, GOOD, GOOD))


def test_a_template_with_swapped_words_is_found():
    text = "please send us a credit note for the ten cartons that were missing from the delivery of {} March"
    first, second = (Example(**GOOD | {"id": str(day), "text": text.format(day)}) for day in (3, 4))
    assert near_duplicates([first, second]) == [("3", "4")]
