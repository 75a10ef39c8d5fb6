"""Which of the four languages a mail is in, told by its small words."""

from collections.abc import Iterable

from disputes.classifier.reading import Token

_SMALL_WORDS = {
    "en": "the and of to is are was were we you your our for in on at this that with have has not please be it as by "
    "from will would could can been i my me but they if any there no don't didn't hi hello dear regards thanks",
    "de": "der die das und ist sind war wir sie ihr ihre ihnen unser unsere fur in auf an dies diese mit haben hat "
    "nicht bitte es als von wird werden konnen noch nur auch im am zu den dem des ein eine einen ich uns bei aber "
    "wurde wurden fuer sehr geehrte guten hallo danke vom zur zum",
    "fr": "le la les et est sont etait nous vous votre notre vos nos pour dans sur a ce cette avec avons avez ne pas "
    "merci il elle que qui par sera des du de un une au aux en mais je mon bonjour cordialement cet ont ete "
    "l' d' n' qu' c' s' j'",
    "es": "el la los las y es son era nosotros usted su sus nuestro nuestra para en este esta con hemos han no por "
    "favor se que del de un una al pero les nos lo le yo mi buenos dias hola saludos gracias como ha sido fue desde "
    "muy",
}
_SETS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_SAY_MUCH = frozenset(["not", "no", "don't", "didn't", "nicht", "nur", "ne", "pas", "no", "por"])
_ENOUGH = 0.05
_LONG = 12


def shares(tokens: Iterable[Token]) -> dict[str, float]:
    """For each language the share of words that are its small words."""
    words = [token.name for token in tokens if token.is_word]
    return {language: sum(w in known for w in words) / max(len(words), 1) for language, known in _SETS.items()}


def is_small(word: str) -> bool:
    """A word that says nothing by itself, such as "the" or "und"; a "not" is none of them."""
    return word not in _SAY_MUCH and any(word in known for known in _SETS.values())


def detect(tokens: list[Token]) -> str:
    """`en`, `de`, `fr` or `es`; empty when nothing or two languages stand out equally."""
    best, second = sorted(shares(tokens).items(), key=lambda pair: -pair[1])[:2]
    return best[0] if best[1] >= _ENOUGH and best[1] > second[1] else ""


def is_foreign(tokens: list[Token]) -> bool:
    """A text long enough to tell, in none of the four languages."""
    words = sum(token.is_word for token in tokens)
    return words >= _LONG and max(shares(tokens).values()) < 2 * _ENOUGH
