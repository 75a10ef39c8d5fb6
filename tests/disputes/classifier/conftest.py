"""One learned model for the session, and a small corpus for the tests that train."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disputes.classifier import corpus
from disputes.classifier.corpus import Example
from disputes.classifier.evaluation import label_of
from disputes.classifier.features import read
from disputes.classifier.mail import MailText
from disputes.classifier.model import Model, Scores, learn

SHIPPED = corpus.load()


@pytest.fixture(scope="session")
def learned() -> Model:
    return learn([read(example.mail) for example in SHIPPED], [label_of(example) for example in SHIPPED])


@pytest.fixture
def judge(learned: Model) -> Callable[..., Scores]:
    def scores(text: str, subject: str = "") -> Scores:
        return learned.scores(learned.rows([read(MailText(subject, text))]))[0]

    return scores


@pytest.fixture
def few_mails(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> list[Example]:
    """Five of the shipped mails of each class and reason; files go into the test's own folder."""
    by_kind: dict[tuple[str, str], list[Example]] = {}
    for example in SHIPPED:
        by_kind.setdefault((example.classification, example.reason), []).append(example)
    few = [example for mails in by_kind.values() for example in mails[:5]]
    monkeypatch.setattr(corpus, "load", lambda folder=corpus.FOLDER: few if folder == corpus.FOLDER else [])
    settings.DATA_DIR = tmp_path
    return few
