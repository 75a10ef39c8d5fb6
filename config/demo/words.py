"""Invented names of firms and people."""

from collections.abc import Iterator
from random import Random

_PLACES = (
    "Alderfork Ashquill Bellmarrow Birchhollow Brackenmoor Brindlewick Calderstone Candlemere Cinderhill "
    "Copperbrook Cravenmoor Dapplewood Drummersford Eastwillow Elderbrook Fallowmere Fennelgate Foxbarrow "
    "Gannetpoint Glasswater Goosemarsh Greyheron Hackberry Harrowgate Hazelcombe Hollowell Ironbridge "
    "Juniperfield Kestrelhead Kingfallow Larkmeadow Linterwood Lowmarsh Mapleshade Marlowick Millrace "
    "Moonharbor Nettlecombe Northlock Oakhurstle Oldferry Ostermere Pebblewick Pinecastle Quarrybank "
    "Quillanbay Ravenmoor Redwharf Rookhaven Saltcreek Sandlewood Sheepgate Silverbirch Sparrowhill "
    "Stonebarrow Swallowtail Tansyfield Thistledown Thornapple Tinderbox Umberfield Valemont Wagonford "
    "Wexmere Whitlowe Wickerby Willowmarsh Windlestraw Wrenfield Yarrowbank"
)
PLACES = _PLACES.split()
TRADES = (
    "Grocers",
    "Provisions",
    "Hardware",
    "Restaurant Supply",
    "Farm & Feed",
    "Garden Centers",
    "Bakery Group",
    "Catering",
    "Building Supply",
    "Paint & Tile",
    "Pet & Farm",
    "Markets",
    "Kitchens",
    "Deli Company",
    "Hospitality",
    "Facility Services",
    "Outfitters",
    "Cold Storage",
    "Food Service",
    "Home Center",
    "Landscaping",
    "Pool & Spa",
    "Ski Lodges",
    "Co-op",
)
SEASONAL_TRADES = ("Landscaping", "Pool & Spa", "Ski Lodges", "Garden Centers")
FORMS = ("", "", "", " Inc.", " LLC", " Bros.", " & Sons")
_FIRST_NAMES = (
    "Ada Amir Beth Carlos Celia Darnell Edith Farah Gus Hana Ines Jamal Joan Kofi Lena Liam Maria Marcus Nadia "
    "Omar Paula Priya Quentin Rosa Ruth Samir Tess Theo Uma Victor Wanda Xavier Yusuf Zoe"
)
FIRST_NAMES = _FIRST_NAMES.split()
_LAST_NAMES = (
    "Abernathy Barlow Castellan Delacroix Eastman Fairweather Gallowglass Hargreave Inglewood Juniper Kessler "
    "Lindqvist Marchetti Nakamura Okonjo Pellegrin Quigley Rosenthal Sandoval Thackeray Underhill Vasquez "
    "Whitcombe Yarborough Zielinski"
)
LAST_NAMES = _LAST_NAMES.split()
_EASY_WORDS = (
    "amber basil cedar clover copper coral delta ember fern flint ginger harbor hazel indigo ivory jasper juniper "
    "kelp lemon lilac linen maple marble meadow olive opal orchid pepper quartz raven russet saffron sage silver "
    "spruce tulip umber velvet walnut willow"
)
EASY_WORDS = _EASY_WORDS.split()


def firms(rng: Random, taken: set[str]) -> Iterator[tuple[str, str]]:
    """(name, trade), each place and trade at most once together, none of `taken`."""
    pairs = [(place, trade) for place in PLACES for trade in TRADES]
    rng.shuffle(pairs)
    for place, trade in pairs:
        if f"{place} {trade}" not in taken:
            yield f"{place} {trade}{rng.choice(FORMS)}", trade


def person(rng: Random) -> str:
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def domain(firm: str) -> str:
    """The firm's address on the Internet, under `.example`."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in firm.lower())
    return "-".join(part for part in letters.split("-") if part) + ".example"
