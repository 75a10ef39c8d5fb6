"""Statements that the server keeps prepared, and the ordinary ones around them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from netsuite.machine import Transition
from netsuite.models import Push
from netsuite.prepared import one_trip, prepared
from netsuite.questions import Question, ask
from netsuite.writing import Line, add, together

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SQL = "SELECT %s::int + 1"


def value(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def kept(sql) -> int:
    return value("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [sql])


@pytest.mark.postgresql_only
def test_a_statement_asked_twice_is_kept_by_the_server():
    with prepared():
        assert [value(SQL, [number]) for number in (1, 2, 3)] == [2, 3, 4]
    assert kept("SELECT $1::int + 1") == 1


@pytest.mark.postgresql_only
def test_what_is_asked_outside_is_not_kept():
    with prepared(), prepared():
        pass
    for number in (1, 2, 3):
        value("SELECT %s::int + 2", [number])
    assert kept("SELECT $1::int + 2") == 0


@pytest.mark.postgresql_only
def test_behind_a_pooler_that_forgets_nothing_is_kept(settings):
    settings.PREPARED_STATEMENTS = False
    with prepared():
        for number in (1, 2, 3):
            value("SELECT %s::int + 3", [number])
    assert kept("SELECT $1::int + 3") == 0


@pytest.mark.postgresql_only
def test_after_an_error_inside_the_ordinary_cursor_is_back():
    ordinary = connection.connection.cursor_factory
    with pytest.raises(ZeroDivisionError), prepared():
        raise ZeroDivisionError
    assert connection.connection.cursor_factory is ordinary


@pytest.mark.postgresql_only
def test_names_and_percent_signs_are_understood():
    with prepared():
        assert value("SELECT '5 %%' || %(word)s || %(word)s", {"word": "x"}) == "5 %xx"
        assert value("SELECT '5 %'", None) == "5 %"


@pytest.fixture(params=[True, False])
def prepared_or_not(request, settings):
    settings.PREPARED_STATEMENTS = request.param


def test_several_questions_are_answered_in_their_order(prepared_or_not):
    row = Transition.objects.create(machine="push", row_id=7, verb="create", target="queued", by="mike")
    found = ask([Question(_verbs, (), row.pk), Question(_verbs, (), row.pk + 1), Question(_people, (), row.pk)])
    assert found == [["create"], [], ["mike"]]


def _verbs(keys):
    return Transition.objects.filter(pk__in=keys).values_list("verb", flat=True)


def _people(keys):
    return Transition.objects.filter(pk__in=keys).values_list("by", flat=True)


def test_rows_of_several_tables_are_written_at_the_end_together(prepared_or_not):
    with CaptureQueriesContext(connection) as captured, together():
        add([Line(Transition, {"machine": "push", "row_id": 7, "verb": "create", "target": "queued", "by": "mike"})])
        add([Push(key="customer:1", record_type="customer", record_id="1", operation="patch", body={}, generation=1)])
    assert Transition.objects.get(row_id=7).source == ""
    assert Push.objects.get(key="customer:1").status == "queued"
    written = [query["sql"] for query in captured.captured_queries if "INSERT" in query["sql"]]
    assert len(written) == {"sqlite": 2, "postgresql": 1}[connection.vendor]


def test_an_error_in_a_trip_is_one_of_the_database():
    from django.db import DataError, OperationalError, ProgrammingError, transaction

    with pytest.raises((DataError, OperationalError, ProgrammingError)), transaction.atomic(), one_trip():
        value("SELECT nothing FROM nowhere", [])
