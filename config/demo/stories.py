"""The customers whose situation the demo tells: what they owe today, in days before today.

Amounts are in the customer's currency. Everybody else stays below the line of the aging tick.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bill:
    """An invoice due `due` days ago; paid `paid` days ago, or open with `parts` paid of it: (days ago, amount)."""

    amount: float
    due: int
    paid: int | None = None
    parts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class OpenOrder:
    amount: float
    ships_in: int


@dataclass(frozen=True)
class Story:
    """`limit`: amount, "unlimited" or None (none set). `cad`: billed in Canadian dollars."""

    key: str
    name: str
    contact: str
    rep: str
    tier: str
    limit: float | str | None
    bills: tuple[Bill, ...]
    orders: tuple[OpenOrder, ...] = ()
    email: bool = True
    cad: bool = False
    override: str = "AUTO"

    @property
    def oldest(self) -> int:
        """Days since the due date of the first invoice told here."""
        return max(bill.due for bill in self.bills)


STORIES = (
    # Crossing today: what waits for Mike on Monday.
    Story(
        *("harrowgate", "Harrowgate Provisions", "Celia Marchetti", "dana", "Key", 60_000),
        bills=(
            *(Bill(21_900, 362, 281), Bill(12_300, 338, 281), Bill(18_750, 236, 162), Bill(9_480, 222, 162)),
            *(Bill(31_240, 97), Bill(22_180.5, 74), Bill(18_420, 41), Bill(12_960.75, 12)),
        ),
        orders=(OpenOrder(14_350, 1), OpenOrder(8_900, 9)),
    ),
    Story(
        *("ironbridge", "Ironbridge Building Supply", "Victor Kessler", "marcus", "Key", "unlimited"),
        bills=(Bill(68_500, 131), Bill(44_200, 104), Bill(29_875, 68), Bill(15_980, -6)),
        orders=(OpenOrder(52_400, 4),),
    ),
    Story(
        *("glasswater", "Glasswater Pool & Spa", "Joan Sandoval", "", "Core", 40_000),
        bills=(Bill(17_860, 79), Bill(9_140, 48), Bill(4_210, 3)),
    ),
    Story(
        *("tansyfield", "Tansyfield Ski Lodges", "Gus Underhill", "dana", "Core", 25_000),
        bills=(Bill(12_480, 66), Bill(3_950, 30)),
        email=False,
    ),
    Story(
        *("wagonford", "Wagonford Farm & Feed", "Ruth Abernathy", "priya", "Core", None),
        bills=(Bill(10_140, 60),),
        orders=(OpenOrder(3_200, 2),),
    ),
    Story(
        *("copperbrook", "Copperbrook Restaurant Supply", "Omar Castellan", "marcus", "Key", 75_000),
        bills=(Bill(26_300, 88), Bill(14_900, 63), Bill(11_200, 20)),
        orders=(OpenOrder(6_750, 2),),
    ),
    Story(
        *("moonharbor", "Moonharbor Hospitality", "Nadia Rosenthal", "dana", "Core", 30_000),
        bills=(Bill(13_600, 215, 138), Bill(5_200, 191, 138), Bill(16_240, 71), Bill(8_830, 45), Bill(2_400, 5)),
    ),
    Story(
        *("redwharf", "Redwharf Cold Storage", "Theo Pellegrin", "priya", "Core", 50_000),
        bills=(Bill(24_600, 92, parts=((32, 6_000.0),)), Bill(10_350, 58), Bill(7_700, 24)),
    ),
    Story(
        *("quillanbay", "Quillanbay Markets", "Edith Okonjo", "amelie", "Core", 35_000),
        bills=(Bill(21_700, 77), Bill(6_450, 33)),
        cad=True,
    ),
    Story(
        *("oldferry", "Oldferry Catering", "Samir Barlow", "marcus", "Core", 20_000),
        bills=(Bill(15_390, 83), Bill(5_610, 52)),
        override="OFF",
    ),
    Story(
        *("larkmeadow", "Larkmeadow Garden Centers", "Paula Fairweather", "priya", "Core", 28_000),
        bills=(Bill(11_980, 64), Bill(7_125, 36)),
        orders=(OpenOrder(9_640, 1),),
    ),
    # Left alone by the tick, each for its own reason.
    Story(
        *("stonebarrow", "Stonebarrow Paint & Tile", "Kofi Lindqvist", "marcus", "Core", 45_000),
        bills=(Bill(19_400, 69), Bill(5_300, 27)),
    ),
    Story(
        *("fennelgate", "Fennelgate Kitchens", "Lena Yarborough", "dana", "Core", 40_000),
        bills=(Bill(24_000, 101, parts=((18, 6_000.0), (4, 6_000.0))), Bill(4_800, 39)),
    ),
    Story(
        *("wrenfield", "Wrenfield Bakery Group", "Yusuf Hargreave", "priya", "Core", 30_000),
        bills=(Bill(14_700, 73), Bill(3_900, 42)),
    ),
    Story(
        *("cravenmoor", "Cravenmoor Facility Services", "Wanda Quigley", "marcus", "Core", 55_000),
        bills=(Bill(28_400, 84), Bill(12_050, 55)),
        orders=(OpenOrder(7_300, 6),),
    ),
    Story(
        *("saltcreek", "Saltcreek Outfitters", "Ines Thackeray", "dana", "Core", 25_000),
        bills=(Bill(16_900, 93), Bill(8_150, 62)),
    ),
    Story(
        *("rookhaven", "Rookhaven Home Center", "Jamal Delacroix", "priya", "Core", 32_000),
        bills=(Bill(13_250, 74), Bill(6_600, 31)),
    ),
    Story(
        *("pinecastle", "Pinecastle Deli Company", "Rosa Gallowglass", "marcus", "Core", 22_000),
        bills=(Bill(11_870, 81), Bill(4_330, 40)),
    ),
    Story(
        *("hazelcombe", "Hazelcombe Food Service", "Liam Vasquez", "dana", "Key", 65_000),
        bills=(Bill(33_700, 78), Bill(16_420, 47), Bill(8_310, 9)),
        orders=(OpenOrder(11_900, 3),),
    ),
    # Below the line, yet its sales rep worries.
    Story(
        *("thornapple", "Thornapple Co-op", "Tess Inglewood", "dana", "Core", 18_000),
        bills=(Bill(9_280, 51), Bill(5_940, 22)),
        orders=(OpenOrder(4_100, 5),),
    ),
)
