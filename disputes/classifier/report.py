"""The figures of `classifier_report`."""

from typing import Any

from disputes.classifier import corpus, evaluation
from disputes.classifier.evaluation import Judged, Progress, label_of
from disputes.classifier.features import read
from disputes.classifier.model import learn


def report(*, by_industry: bool = False, progress: Progress = lambda words: None) -> dict[str, Any]:
    """`cross_validated` over the corpus, and `held_out` (None without such mails): see `evaluation.figures`."""
    examples, held_out = corpus.load(), corpus.held_out()
    progress(f"Reading {len(examples) + len(held_out):,} mails")
    readings, labels = [read(example.mail) for example in examples], [label_of(example) for example in examples]
    grouped = evaluation.groups(examples, by_industry=by_industry)
    raw = Judged(labels, evaluation.cross_validate(readings, labels, grouped, progress))
    scales = evaluation.scales(raw)
    known = Judged(labels, [evaluation.rescaled(one, *scales) for one in raw.scores])
    found: dict[str, Any] = {
        "kept_together": "industry" if by_industry else "author",
        "cross_validated": evaluation.figures(known),
        "held_out": None,
    }
    if held_out:
        model = learn(readings, labels)
        model.dispute_scale, model.reason_scale = scales
        scores = model.scores(model.rows([read(example.mail) for example in held_out]))
        found["held_out"] = evaluation.figures(Judged([label_of(example) for example in held_out], scores))
    return found
