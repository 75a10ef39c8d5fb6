"""The figures of `classifier_report`."""

from typing import Any

from disputes.classifier import corpus, evaluation
from disputes.classifier.corpus import Example
from disputes.classifier.evaluation import Judged, Progress, label_of
from disputes.classifier.features import Reading, read
from disputes.classifier.model import Label, Model, Scale, learn


def report(*, by_industry: bool = False, progress: Progress = lambda words: None) -> dict[str, Any]:
    """`cross_validated` over the corpus, and `held_out` by name of the set: see `evaluation.figures`."""
    examples, held_out = corpus.load(), corpus.held_out()
    progress(f"Reading {len(examples) + sum(map(len, held_out.values())):,} mails")
    readings, labels = [read(example.mail) for example in examples], [label_of(example) for example in examples]
    grouped = evaluation.groups(examples, by_industry=by_industry)
    raw = Judged(labels, evaluation.cross_validate(readings, labels, grouped, progress))
    scales = evaluation.scales(raw)
    known = Judged(labels, [evaluation.rescaled(one, *scales) for one in raw.scores])
    return {
        "kept_together": "industry" if by_industry else "author",
        "cross_validated": evaluation.figures(known),
        "held_out": _held_out(held_out, readings, labels, scales) if held_out else {},
    }


def _held_out(
    sets: dict[str, list[Example]], readings: list[Reading], labels: list[Label], scales: tuple[Scale, Scale]
) -> dict[str, Any]:
    model = learn(readings, labels)
    model.dispute_scale, model.reason_scale = scales
    return {name: _judged(model, mails) for name, mails in sets.items()}


def _judged(model: Model, mails: list[Example]) -> dict[str, Any]:
    scores = model.scores(model.rows([read(example.mail) for example in mails]))
    return evaluation.figures(Judged([label_of(example) for example in mails], scores))
