import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer, Transaction
from customers.receivables_table import HEADERS

pytestmark = pytest.mark.django_db
HEADER = "Customer number,Customer name,Invoice number,Invoice date,Due date,Currency,Amount"
ROW = "0077,Acme,1,2026-01-01,2026-01-31,USD,100.00"


@pytest.fixture
def export(tmp_path):
    """Writes an export from its lines and returns its path."""

    def write(*lines, header=HEADER, encoding="utf-8", newline="\n"):
        path = tmp_path / "export.csv"
        path.write_bytes(newline.join([header, *lines, ""]).encode(encoding))
        return path

    return write


def load(path, *options):
    out = StringIO()
    call_command("load_receivables", str(path), "--to", "hub", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(path, *options):
    """What the command says about a file it does not load, as JSON."""
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("load_receivables", str(path), "--to", "hub", "--json", *options, stdout=out, stderr=StringIO())
    assert not Customer.objects.exists()
    return json.loads(out.getvalue().splitlines()[-1])


def only_error(path, *options):
    [error] = refused(path, *options)["first_errors"]
    return error["line"], error["field"], f"{error['problem']} {error['remedy']}"


def numbers():
    return sorted(Transaction.objects.values_list("tranid", flat=True))


def test_a_clean_file_is_loaded_with_its_summary(export):
    assert "Loaded 1 documents of 1 customers." in load(export(ROW))
    acme = Customer.objects.get()
    assert (acme.entity_id, acme.name, str(acme.ar_balance)) == ("77", "Acme", "100.00")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_usual_encoding_is_read(export, encoding):
    load(export("77,Café Zoë,1,2026-01-01,2026-01-31,USD,1", encoding=encoding))
    assert Customer.objects.get().name == "Café Zoë"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(export, delimiter):
    rows = [f"{n},Acme,{n},2026-01-01,2026-01-31,USD,1".replace(",", delimiter) for n in range(1, 4)]
    load(export(*rows, header=HEADER.replace(",", delimiter)))
    assert numbers() == ["1", "2", "3"]


def test_decimal_commas_in_a_semicolon_file(export):
    load(export("77;Acme;1;31.1.2026;28.2.2026;EUR;1.234,50", header=HEADER.replace(",", ";")), "--rate", "EUR=2")
    invoice = Transaction.objects.get()
    assert (str(invoice.total_foreign), str(invoice.total), invoice.currency) == ("1234.50", "2469.00", "EUR")


def test_quoted_names_blank_lines_and_windows_line_ends(export):
    load(export('77,"Acme, ""the"" store",1,2026-01-01,2026-01-31,USD,"1,000.50"', "", ",,,,,,", newline="\r\n"))
    assert (Customer.objects.get().name, numbers()) == ('Acme, "the" store', ["1"])


def test_leading_zeros_make_no_second_customer_and_the_most_frequent_name_wins(export):
    rows = [("0077", "Acme inc"), ("77", "Acme"), ("077", "Acme")]
    load(export(*(f"{key},{name},{n},2026-01-01,2026-01-31,USD,1" for n, (key, name) in enumerate(rows, 1))))
    assert list(Customer.objects.values_list("entity_id", "name")) == [("77", "Acme")]


def test_unknown_headers_can_be_named(export):
    path = export(ROW, header="Kunde,Name,Beleg,Datum,Faellig,Waehrung,Betrag")
    assert "No column found for customer, issued, due, amount" in refused(path)["error"]
    load(path, "--columns", "customer=Kunde,document=Beleg,issued=Datum,due=Faellig,currency=Waehrung,amount=Betrag")
    assert numbers() == ["1"]


def test_a_named_column_that_is_not_there_is_said(export):
    assert "no column 'Nope'; the file has: Customer number" in refused(export(ROW), "--columns", "due=Nope")["error"]


def test_one_bad_row_keeps_everything_out(export):
    line, field, text = only_error(export(ROW, "77,Acme,2,2026-01-01,2026-01-31,USD,n/a"))
    assert (line, field, text) == (3, "amount", "amount 'n/a' is no number. Write it as 1234.56.")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("77,Acme,2,2026-01-01,2026-01-31,USD,", "amount"),
        ("77,Acme,2,,2026-01-31,USD,1", "issued"),
        ("77,Acme,2,2026-01-01,,USD,1", "due"),
        ("77,Acme,2,2026-01-01,2026-02-30,USD,1", "due"),
        (",Acme,2,2026-01-01,2026-01-31,USD,1", "customer"),
        ("77,Acme,2,2026-01-01,2026-01-31,CAD,1", "currency"),
        ("77,Acme,2,2026-01-01,2026-01-31,USD,1,more", "columns"),
        ("77,Acme,1,2026-01-01,2026-01-31,USD,100.01", "document"),
    ],
)
def test_each_kind_of_bad_row_is_named_with_its_line(export, row, field):
    assert only_error(export(ROW, row))[:2] == (3, field)


def test_the_first_twenty_errors_are_shown_and_all_are_counted(export):
    answer = refused(export(*(f"77,Acme,{n},2026-01-01,2026-01-31,USD," for n in range(30))))
    assert (answer["errors"], len(answer["first_errors"]), answer["errors_by_field"]) == (30, 20, {"amount": 30})


def test_a_line_number_counts_lines_not_rows(export):
    error = only_error(export('77,"two\nlines",1,2026-01-01,2026-01-31,USD,1', "77,Acme,2,2026-01-01,x,USD,1"))
    assert error[:2] == (4, "due")


def test_an_identical_row_again_is_one_document(export):
    load(export(ROW, ROW))
    assert numbers() == ["1"]


def test_rows_without_a_number_get_the_same_one_every_time(export):
    rows = [
        "77,Acme,,2026-01-01,2026-01-31,USD,5",
        "77,Acme,,2026-01-01,2026-01-31,USD,5",
        "77,Acme,,2026-01-01,2026-01-31,USD,6",
    ]
    load(export(*rows))
    first = numbers()
    load(export(*rows))
    assert (len(first), numbers()) == (3, first)


def held():
    return [list(model.objects.order_by("pk").values()) for model in (Customer, Transaction)]


@pytest.mark.both_databases
def test_the_same_file_again_writes_nothing(export):
    rows = [ROW, "77,Acme,2,2026-01-01,2026-01-31,CAD,(30.00)", "78,Zoë,,2026-01-01,2026-01-31,USD,0.10"]
    load(export(*rows), "--rate", "CAD=0.123456789")
    before = held()
    load(export(*rows), "--rate", "CAD=0.123456789")
    assert held() == before


@pytest.mark.both_databases
def test_a_newer_file_writes_what_changed_and_the_figures_of_those_customers(export):
    load(export(ROW, "78,Zoë,2,2026-01-01,2026-01-31,USD,5"))
    versions = dict(Customer.objects.values_list("entity_id", "figures_version"))
    load(export(ROW, "78,Zoë,2,2026-01-01,2026-01-31,USD,4.50"))
    balances = {row.entity_id: (str(row.ar_balance), row.figures_version) for row in Customer.objects.all()}
    assert balances == {"77": ("100.00", versions["77"]), "78": ("4.50", versions["78"] + 1)}


@pytest.mark.both_databases
def test_a_bad_row_in_a_newer_file_leaves_everything_as_it_is(export):
    load(export(ROW))
    before = held()
    with pytest.raises(CommandError):
        load(export("77,Acme Ltd,1,2026-01-01,2026-01-31,USD,7", "77,Acme,2,2026-01-01,2026-01-31,USD,n/a"))
    assert held() == before


def test_a_file_read_a_second_time_counts_its_rows_and_errors_once(export):
    rows = ["77,Acme,1,31.01.2026,28.02.2026,USD,5,00", "77,Acme,2,31.01.2026,28.02.2026,USD,n/a"]
    rows = [row.replace(",", ";", 6) for row in rows]
    answer = refused(export(*rows, header=HEADER.replace(",", ";")))
    assert (answer["decimal"], answer["rows"], answer["errors"], answer["documents"]) == ("comma", 2, 1, 1)
    assert answer["totals"] == {"USD": "5.00"}


def test_a_repeated_and_an_unlike_number_in_a_file_of_many(export):
    rows = [f"77,Acme,{n},2026-01-01,2026-01-31,USD,1" for n in range(6000)]
    answer = refused(export(*rows, rows[3], "77,Acme,5,2026-01-01,2026-01-31,USD,2"))
    assert (answer["documents"], answer["repeated"], answer["errors_by_field"]) == (6000, 1, {"document": 1})
    assert answer["first_errors"][0]["problem"] == "document 5 stands on line 7 too, with other content."


def test_due_before_issue_is_taken(export):
    load(export("77,Acme,1,2026-01-31,2026-01-01,USD,1"))
    assert Transaction.objects.get().due.isoformat() == "2026-01-01"


def test_a_negative_amount_is_a_credit(export):
    load(export(ROW, "77,Acme,2,2026-01-01,2026-01-31,USD,(30.00)"))
    assert Transaction.objects.get(tranid="2").type == Transaction.CREDIT
    assert str(Customer.objects.get().ar_balance) == "70.00"


def test_a_settled_row_is_closed_and_paid(export):
    load(export(f"{ROW},2026-02-03,Yes", header=f"{HEADER},SettledDate,Disputed"))
    invoice = Transaction.objects.get()
    assert (invoice.closed.isoformat(), str(invoice.unpaid), invoice.status) == ("2026-02-03", "0.00", "B")
    assert invoice.record == {"custbody_disputed": "T"}


def test_a_closed_row_without_its_day_is_an_error(export):
    assert only_error(export(f"{ROW},0", header=f"{HEADER},isOpen"))[1] == "open"


def test_dates_that_read_both_ways_ask_for_the_order(export):
    path = export("77,Acme,1,1/2/2026,3/4/2026,USD,1")
    assert "--dates" in refused(path)["error"]
    load(path, "--dates", "dmy")
    assert Transaction.objects.get().issued.isoformat() == "2026-02-01"


def test_a_dry_run_shows_and_loads_nothing(export):
    shown = load(export(ROW), "--dry-run")
    assert "1 rows, 1 documents" in shown
    assert not Customer.objects.exists()


def test_a_dry_run_of_a_bad_file_fails_too(export):
    assert refused(export("77,Acme,2,2026-01-01,2026-01-31,USD,"), "--dry-run")["errors"] == 1


def test_no_such_file(tmp_path):
    assert "no such file" in refused(tmp_path / "nowhere.csv")["error"]


def test_an_empty_file(export):
    assert "the first line must name the columns" in refused(export(header=""))["error"]


@pytest.mark.parametrize(
    "option", [["--rate", "CAD"], ["--rate", "CAD=-1"], ["--rate", "CAD=NaN"], ["--columns", "due"]]
)
def test_options_that_make_no_sense_are_refused(export, option):
    with pytest.raises(CommandError):
        load(export(ROW), *option)


def test_without_a_sandbox_the_default_target_says_what_to_do(export, settings):
    settings.NETSUITE_BASE_URL = ""
    with pytest.raises(CommandError, match="start the sandbox, or load with --to hub"):
        call_command("load_receivables", str(export(ROW)), stdout=StringIO(), stderr=StringIO())


def test_every_field_is_known_by_its_own_name_but_a_column_called_open_may_be_an_amount():
    assert [field for field, known in HEADERS.items() if field not in known] == ["open"]
