"""Orders out of a file: each through the gate, all or none."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from netsuite.models import Push
from orders.actions.imports import import_orders
from orders.models import Order
from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory, over_limit
from workflows.access import NotAllowed

pytestmark = pytest.mark.django_db
HEAD = "order,customer,item,quantity,price,discount,po,memo,terms\n"


@pytest.fixture(autouse=True)
def catalog() -> None:
    ProductFactory(sku="OL-5000")
    ProductFactory(sku="RC-2000", price="31.20")
    CustomerFactory(netsuite_id="107", entity_id="HD", name="Harbor Deli")
    over_limit(netsuite_id="108", name="Northside Grocers")


def rows(*lines: str) -> str:
    return HEAD + "\n".join(lines)


GOOD = rows("A1,107,OL-5000,2,,,PO-7,,", "A1,107,RC-2000,1,30,10,PO-7,,", "A2,HD,rc-2000,1,,,,,paid now")


def test_rows_of_one_order_become_one_order(integrator):
    imported = import_orders(text=GOOD, by=integrator)
    totals = [(str(o.total), o.tender, o.po_number, o.source) for o in Order.objects.order_by("pk")]
    assert (imported.ok, imported.rows, len(imported.submitted)) == (True, 3, 2)
    assert totals == [("104.00", "on_account", "PO-7", "import"), ("31.20", "paid_now", "", "import")]


def test_each_passes_the_gate_and_is_pushed(integrator):
    import_orders(text=GOOD, by=integrator)
    assert set(Order.objects.values_list("status", "push__record_type")) == {("submitted", "salesOrder")}


def test_a_customer_on_hold_has_their_order_parked(integrator):
    imported = import_orders(text=rows("A1,107,OL-5000,1,,,,,", "A2,108,OL-5000,1,,,,,"), by=integrator)
    parked = Order.objects.get(status="held")
    assert (imported.held, parked.owner_name, parked.hold_reason) == ([parked], "Accounts receivable", "Imported as A2")


def test_one_bad_row_and_nothing_is_imported(integrator):
    imported = import_orders(text=rows("A1,107,OL-5000,1,,,,,", "A2,107,XX-1,1,,,,,"), by=integrator)
    assert [(e.row, e.column, e.detail) for e in imported.errors] == [(3, "item", "No item XX-1.")]
    assert (Order.objects.count(), Push.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",107,OL-5000,1,,,,,", "order"),
        ("A1,999,OL-5000,1,,,,,", "customer"),
        ("A1,107,,1,,,,,", "item"),
        ("A1,107,OL-5000,,,,,,", "quantity"),
        ("A1,107,OL-5000,0,,,,,", "quantity"),
        ("A1,107,OL-5000,NaN,,,,,", "quantity"),
        ("A1,107,OL-5000,1e99,,,,,", "quantity"),
        ("A1,107,OL-5000,1.2345,,,,,", "quantity"),
        ("A1,107,OL-5000,1,-1,,,,", "price"),
        ("A1,107,OL-5000,1,,101,,,", "discount"),
        ("A1,107,OL-5000,1,,,,,barter", "terms"),
        ("A1,107,OL-5000,1,,,,,,extra", ""),
        (f"A1,107,OL-5000,1,,,{'x' * 65},,", "po"),
    ],
)
def test_each_kind_of_bad_row_is_named(integrator, row, column):
    imported = import_orders(text=rows(row), by=integrator)
    assert ([(e.row, e.column) for e in imported.errors], Order.objects.count()) == ([(2, column)], 0)


def test_rows_of_one_order_agree(integrator):
    imported = import_orders(text=rows("A1,107,OL-5000,1,,,P1,,", "A1,107,RC-2000,1,,,P2,,"), by=integrator)
    assert [(e.row, e.column) for e in imported.errors] == [(3, "order")]


@pytest.mark.parametrize(
    "text", ["", "order,item\nA1,OL-5000", HEAD, HEAD.replace("memo", "colour") + "A,107,OL-5000,1"]
)
def test_a_file_of_another_shape_is_refused(integrator, text):
    imported = import_orders(text=text, by=integrator)
    assert (imported.ok, {e.row for e in imported.errors}) == (False, {1})


def test_nul_characters_are_refused(integrator):
    assert not import_orders(text=rows("A\x001,107,OL-5000,1,,,,,"), by=integrator).ok


def test_the_same_file_twice_makes_no_second_order(integrator):
    import_orders(text=GOOD, by=integrator)
    again = import_orders(text=GOOD, by=integrator)
    first = Order.objects.order_by("pk").first()
    assert (again.errors[0].detail, Order.objects.count()) == (f"Imported already as {first.number}.", 2)


def test_a_preview_judges_and_keeps_nothing(integrator):
    imported = import_orders(text=rows("A2,108,OL-5000,1,,,,,"), by=integrator, dry_run=True)
    assert (len(imported.held), imported.held[0].notice) == (1, "Waits: Over the credit limit.")
    assert (Order.objects.count(), Push.objects.count()) == (0, 0)


def test_the_wrong_role_imports_nothing(cashier):
    with pytest.raises(NotAllowed):
        import_orders(text=GOOD, by=cashier)


# --- the command ---------------------------------------------------------------------------------------


def run(path: Path, text: str, *flags: str) -> tuple[int, str]:
    file, out, code = path / "orders.csv", StringIO(), 0
    file.write_text(text)
    try:
        call_command("import_orders", str(file), "--user", "integrator", *flags, stdout=out)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    return code, out.getvalue()


def last(said: str) -> dict[str, Any]:
    return json.loads(said.splitlines()[-1])


def test_the_command_imports(integrator, tmp_path):
    code, said = run(tmp_path, GOOD, "--json")
    assert (code, last(said)["submitted"], Order.objects.count()) == (0, 2, 2)


def test_the_command_previews(integrator, tmp_path):
    code, said = run(tmp_path, GOOD, "--dry-run", "--json")
    assert (code, last(said)["imported"], Order.objects.count()) == (0, False, 0)
    assert "2 would be submitted, 0 on hold" in said


def test_the_command_names_bad_rows_and_exits_with_one(integrator, tmp_path):
    code, said = run(tmp_path, rows("A2,107,XX-1,1,,,,,"))
    assert (code, said.splitlines()) == (1, ["row 2, item: No item XX-1.", "Nothing was imported."])


def test_the_command_without_its_file(integrator, tmp_path):
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("import_orders", str(tmp_path / "none.csv"), "--user", "integrator")


def test_the_command_for_nobody(db, tmp_path):
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("import_orders", str(tmp_path / "none.csv"), "--user", "nobody")
