"""Sorts with the version in use; the language model goes first when one is configured."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from scipy.sparse import csr_matrix

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
    if not mails:
        return []
    readings = [read(mail) for mail in mails]
    rows = model.rows(readings)
    found = zip(mails, readings, rows, model.scores(rows), strict=True)
    embedded = [replace(_classified(model, *each, band), model_version=version) for each in found]
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


def _classified(
    model: Model, mail: MailText, reading: Reading, row: csr_matrix, scores: Scores, band: Band
) -> Classified:
    kind, why = scores.classification, _why_unsure(reading, scores, band)
    is_dispute = kind == DISPUTE
    return Classified(
        classification=kind,
        score=round(scores.classes[kind], 4),
        scores=_rounded(scores.classes),
        reason=scores.reason if is_dispute else "",
        sub_reason=scores.sub_reason if is_dispute and scores.reason == "other" else "",
        reason_score=round(scores.reasons[scores.reason], 4) if is_dispute else 0.0,
        reason_scores=_rounded(scores.reasons),
        words=evidence.deciding_words(model, reading, row, scores),
        language=mail.language or reading.language,
        features={"by": "embedded", "found": _found(reading)},
        unsure=bool(why),
        unsure_reason=why,
    )


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores.items()}


def _found(reading: Reading) -> dict[str, float]:
    """The strongest signals, for the decision's record."""
    strongest = sorted(reading.signals.items(), key=lambda pair: -pair[1])[:MOST_FEATURES]
    return {name: round(value, 3) for name, value in strongest}


def _why_unsure(reading: Reading, scores: Scores, band: Band) -> str:
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
        said = opinion(mail)
    except Unavailable as problem:
        return replace(embedded, features=embedded.features | {"language_model": f"Not used: {problem.detail}"})
    why = _why_unsure_of(said, embedded, band)
    return replace(
        embedded,
        classification=said.classification,
        score=said.score,
        scores=said.scores,
        reason=said.reason,
        sub_reason=said.sub_reason,
        reason_score=said.score if said.reason else 0.0,
        reason_scores={said.reason: said.score} if said.reason else {},
        model_version=said.model[:64],
        features=embedded.features | {"by": "language model", "embedded": _in_short(embedded)},
        unsure=bool(why),
        unsure_reason=why,
    )


def _in_short(answer: Classified) -> dict[str, object]:
    return {"classification": answer.classification, "score": answer.score, "version": answer.model_version}


def _why_unsure_of(said: Opinion, embedded: Classified, band: Band) -> str:
    if (said.classification == DISPUTE) != (embedded.classification == DISPUTE):
        return "The language model and the embedded classifier disagree whether it is a dispute."
    dispute = said.scores[DISPUTE]
    if band.low <= dispute < band.high:
        return f"The language model is not sure: a dispute with score {dispute:.2f}."
    return ""
