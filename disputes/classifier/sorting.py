"""Sorts with the version in use; the language model goes first when one is configured."""

import logging
from collections.abc import Sequence

from disputes.classifier import evidence, language, storage, versions
from disputes.classifier.features import Reading, read
from disputes.classifier.llm import Opinion, opinion
from disputes.classifier.mail import DISPUTE, Band, Classified, MailText
from disputes.classifier.model import Model, Scores
from disputes.language_model import Unavailable, is_configured
from disputes.models import ClassifierVersion

log = logging.getLogger(__name__)

MOST_FEATURES = 30
_loaded: dict[str, Model] = {}


def sort(mails: Sequence[MailText], band: Band) -> list[Classified]:
    """One answer a mail, in the order given."""
    version, model = in_use()
    readings = [read(mail) for mail in mails]
    embedded = [
        _classified(model, version, mail, reading, scores, band)
        for mail, reading, scores in zip(mails, readings, model.scores(readings), strict=True)
    ]
    if not is_configured():
        return embedded
    return [_second(mail, answer, band) for mail, answer in zip(mails, embedded, strict=True)]


def in_use() -> tuple[str, Model]:
    """The active version, loaded once a process. Trains one when there is none that this code can read."""
    row = ClassifierVersion.objects.filter(active=True).first()
    if row is None or not versions.is_readable(row.version):
        row = _first()
    if row.version not in _loaded:
        _load(row)
    return row.version, _loaded[row.version]


def _load(row: ClassifierVersion) -> None:
    try:
        model = storage.load(row.version, row.sha256)
    except storage.NotOurFile as problem:
        log.warning("%s Training again.", problem)
        row = _first()
        model = storage.load(row.version, row.sha256)
    _loaded.clear()
    _loaded[row.version] = model


def _first() -> ClassifierVersion:
    """A version at once; its figures follow with the next training."""
    from disputes.classifier.training import train

    log.info("No classifier is in use yet: learning from the shipped mails.")
    return train(evaluate=False, progress=log.info)


def _classified(model: Model, version: str, mail: MailText, reading: Reading, scores: Scores, band: Band) -> Classified:
    kind = scores.classification
    is_dispute = kind == DISPUTE
    return Classified(
        classification=kind,
        score=round(scores.classes[kind], 4),
        scores=_rounded(scores.classes),
        reason=scores.reason if is_dispute else "",
        sub_reason=scores.sub_reason if is_dispute and scores.reason == "other" else "",
        reason_score=round(scores.reasons[scores.reason], 4) if is_dispute else 0.0,
        reason_scores=_rounded(scores.reasons),
        words=evidence.deciding_words(model, reading, scores),
        language=mail.language or reading.language,
        model_version=version,
        features={"by": "embedded", "found": _found(reading)},
        **_doubt(mail, reading, scores, band),
    )


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores.items()}


def _found(reading: Reading) -> dict[str, float]:
    """The strongest signals, for the decision's record."""
    strongest = sorted(reading.signals.items(), key=lambda pair: -pair[1])[:MOST_FEATURES]
    return {name: round(value, 3) for name, value in strongest}


def _doubt(mail: MailText, reading: Reading, scores: Scores, band: Band) -> dict[str, object]:
    why = _why_unsure(mail, reading, scores, band)
    return {"unsure": bool(why), "unsure_reason": why}


def _why_unsure(mail: MailText, reading: Reading, scores: Scores, band: Band) -> str:
    dispute = scores.classes[DISPUTE]
    if not any(token.is_word for token in reading.tokens):
        return "There are no words in it."
    if language.is_foreign(reading.tokens):
        return "It is in a language the classifier has not learned."
    if band.low <= dispute < band.high:
        return f"A dispute with score {dispute:.2f}: a person looks between {band.low:.2f} and {band.high:.2f}."
    if scores.classification != DISPUTE and scores.classes[scores.classification] < band.kind:
        return f"Its best class scores {scores.classes[scores.classification]:.2f}, below {band.kind:.2f}."
    return ""


def _second(mail: MailText, embedded: Classified, band: Band) -> Classified:
    """The language model's answer, with the embedded one's words; the embedded answer when it has none."""
    try:
        return _joined(opinion(mail), embedded, band)
    except Unavailable as problem:
        return _with(embedded, features=embedded.features | {"language_model": f"Not used: {problem.detail}"})


def _joined(said: Opinion, embedded: Classified, band: Band) -> Classified:
    dispute = said.score if said.classification == DISPUTE else 1 - max(said.score, 0.5)
    unsure = band.low <= dispute < band.high
    is_dispute = said.classification == DISPUTE
    return _with(
        embedded,
        classification=said.classification,
        score=said.score,
        scores={said.classification: said.score},
        reason=said.reason,
        sub_reason=said.sub_reason,
        reason_score=said.score if is_dispute else 0.0,
        reason_scores={said.reason: said.score} if is_dispute else {},
        model_version=said.model[:64],
        features=embedded.features
        | {"by": "language model", "embedded": {"classification": embedded.classification, "score": embedded.score}},
        unsure=unsure
        or embedded.classification != said.classification
        and DISPUTE in (embedded.classification, said.classification),
        unsure_reason=_disagreement(said, embedded, unsure),
    )


def _disagreement(said: Opinion, embedded: Classified, unsure: bool) -> str:
    if said.classification != embedded.classification and DISPUTE in (said.classification, embedded.classification):
        return "The language model and the embedded classifier disagree whether it is a dispute."
    return f"The language model gives {said.score:.2f}: a person looks." if unsure else ""


def _with(answer: Classified, **changes: object) -> Classified:
    from dataclasses import replace

    return replace(answer, **changes)  # type: ignore[arg-type]
