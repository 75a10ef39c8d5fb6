"""HTML of mails: its text for reading and sorting, and a harmless version for showing."""

import re
from html.parser import HTMLParser

import nh3

_BLOCKS = {"p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "ul", "ol"}
_HIDDEN = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math"}
_QUOTED = ("gmail_quote", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "divrplyfwdmsg", "appendonsend")
_VOID = {"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source"}
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl"),
    *("dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s"),
    *(
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "col": {"span"},
    "ol": {"start"},
}


def safe_html(html: str) -> str:
    """What may be shown in a sandboxed frame: no scripts, styles, forms, images or anything fetched from elsewhere."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags={"script", "style", "title"},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


class _Text(HTMLParser):
    """Collects the text; what a quoted reply's container holds is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.hidden = 0
        self.quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self.hidden += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        if tag not in _VOID and self.quoted:
            self.quoted += tag in ("div", "blockquote")
        elif tag in ("div", "blockquote") and _is_quote(tag, attrs):
            self.quoted = 1
            self.pieces.append("\n")
        if tag in ("td", "th"):
            self.pieces.append("  ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        if self.quoted and tag in ("div", "blockquote"):
            self.quoted -= 1

    def handle_data(self, data: str) -> None:
        if self.hidden:
            return
        text = re.sub(r"\s+", " ", data)
        self.pieces.append(text if not self.quoted else _as_quote(text))


def _is_quote(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    named = " ".join(value or "" for name, value in attrs if name in ("class", "id", "type")).lower()
    return any(mark in named for mark in _QUOTED) or (tag == "blockquote" and "cite" in named)


def _as_quote(text: str) -> str:
    return f"\n> {text.strip()}\n" if text.strip() else ""


def text_of(html: str) -> str:
    """The HTML as plain text; quoted replies as lines that begin with ">"."""
    reader = _Text()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError, IndexError):
        return re.sub(r"<[^>]{0,2000}>", " ", html)
    text = "".join(reader.pieces).replace("\xa0", " ")
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
