"""The console's signs: 16 × 16 outlines that take the colour of the text beside them."""

_PATHS = {
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.6V8l2.4 1.6"/>',
    "check": '<path d="M3 8.5l3.2 3.2L13 4.8"/>',
    "cross": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "turn": '<path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.4v2.9h-2.9"/>',
    "later": '<path d="M3.5 3.5L8 8l-4.5 4.5M8.5 3.5L13 8l-4.5 4.5"/>',
    "swap": '<path d="M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3"/>',
    "bars": '<path d="M5.2 3.2v9.6M10.8 3.2v9.6" stroke-width="2.6"/>',
    "question": '<path d="M5.4 5.8a2.6 2.6 0 1 1 3.7 2.3c-.7.4-1.1.8-1.1 1.7M8 12.2v.4"/>',
    "differs": '<path d="M3 6h10M3 10h10M11 3L5 13"/>',
    "mail": '<rect x="2" y="3.5" width="12" height="9" rx="1"/><path d="M2.5 4.5L8 9l5.5-4.5"/>',
    "warning": '<path d="M8 2.2L14.6 13.6H1.4z"/><path d="M8 6.4v3.2M8 11.4v.4"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.2v3.8M8 5v.3"/>',
    "dash": '<path d="M3.5 8h9"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "person": '<circle cx="8" cy="5.5" r="2.7"/><path d="M2.8 13.6c.6-2.6 2.6-4 5.2-4s4.6 1.4 5.2 4"/>',
    "erase": '<path d="M5.5 3.5H14v9H5.5L1.8 8zM7.6 6l4 4M11.6 6l-4 4"/>',
}


def svg(name: str, classes: str = "i") -> str:
    """The sign as inline SVG, hidden from screen readers: the word beside it speaks. KeyError for an unknown name."""
    return (
        f'<svg class="{classes}" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor"'
        f' stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_PATHS[name]}</svg>'
    )
