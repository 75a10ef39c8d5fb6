"""The version in use sorts: score, reason, deciding words, the unsure band; the file is checked before it is loaded."""

import subprocess
import sys

import pytest

from disputes.classifier import Band, MailText, classify, classify_many, sorting, storage
from disputes.models import ClassifierVersion

pytestmark = pytest.mark.django_db

SHORT = MailText(
    "Invoice 20394",
    "Hello,\nYou billed 100 cartons but we received only 80. Please send a credit note for the missing cartons.",
)


@pytest.fixture(autouse=True)
def fresh(few_mails, monkeypatch):
    monkeypatch.setattr(sorting, "_loaded", {})


def test_a_dispute_has_score_reason_version_and_language():
    answer = classify(SHORT)
    assert (answer.classification, answer.reason, answer.language) == ("invoice_dispute", "qty", "en")
    assert answer.score == answer.scores["invoice_dispute"]
    assert answer.reason_score == answer.reason_scores["qty"]
    assert answer.model_version == ClassifierVersion.objects.get(active=True).version
    assert answer.features["by"] == "embedded"


def test_what_is_no_dispute_has_no_reason():
    answer = classify(MailText("Automatic reply", "I am out of the office until Monday with limited access to email."))
    assert (answer.classification, answer.reason, answer.sub_reason, answer.reason_score) == ("auto_reply", "", "", 0)


def test_the_deciding_words_stand_where_they_say():
    found = classify(SHORT).words
    words = {SHORT.text[start:end] for start, end, _ in found}
    assert {"billed", "cartons"} <= words
    assert "Hello" not in words
    assert max(weight for _, _, weight in found) == 1
    assert found == sorted(found)


def test_inside_the_band_a_person_looks():
    score = classify(SHORT).scores["invoice_dispute"]
    assert classify(SHORT, band=Band(low=score - 0.1, high=score + 0.1)).unsure
    assert not classify(SHORT, band=Band(low=score - 0.2, high=score - 0.1)).unsure


def test_the_band_says_why():
    answer = classify(SHORT, band=Band(low=0.0, high=1.01))
    assert answer.unsure_reason.startswith(f"A dispute with score {answer.score:.2f}: a person looks between 0.00")


def test_the_band_comes_from_the_contracts_thresholds():
    assert Band.of({"unsure_from": 0.3, "unsure_to": "0.8", "other": 1}) == Band(low=0.3, high=0.8)
    assert Band.of({}) == Band()


def test_without_words_a_person_looks():
    assert classify(MailText("", "12345 678.90")).unsure_reason == "There are no words in it."


def test_a_language_never_learned_goes_to_a_person():
    text = "Olemme saaneet vain kahdeksan laatikkoa kymmenestä joten pyydämme teitä korjaamaan laskun summan pikaisesti"
    assert classify(MailText("", text)).unsure


def test_answers_come_in_the_order_given():
    mails = [SHORT, MailText("", "Please find our purchase order attached"), SHORT]
    one, two, three = classify_many(mails)
    assert one == three != two
    assert classify(mails[1]) == two


def test_no_mails_no_answers():
    assert classify_many([]) == []


def test_the_first_mail_trains_and_the_second_does_not():
    classify(SHORT)
    classify(SHORT)
    assert ClassifierVersion.objects.count() == 1


def test_another_file_is_never_loaded(caplog):
    version = classify(SHORT).model_version
    storage.path_of(version).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(storage.NotOurFile):
        storage.load(version, ClassifierVersion.objects.get(version=version).sha256)


def test_a_lost_file_is_learned_again(caplog):
    version = classify(SHORT).model_version
    storage.path_of(version).unlink()
    sorting._loaded.clear()
    assert classify(SHORT).model_version == version
    assert "cannot be read" in caplog.text


def test_a_version_of_other_code_is_learned_again():
    ClassifierVersion.objects.create(version="0123abcd-4567ef01", active=True, sha256="0" * 64)
    assert classify(SHORT).classification == "invoice_dispute"
    assert ClassifierVersion.objects.get(active=True).version != "0123abcd-4567ef01"


def test_the_web_process_loads_no_scikit_learn():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup();"
        "import config.urls, config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns;"
        "import disputes.tasks, disputes.actions.learning, disputes.classifier;"
        "print([name for name in ('sklearn', 'scipy', 'numpy', 'joblib', 'openai') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
