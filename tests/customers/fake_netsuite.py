"""A client that answers SuiteQL from rows in memory, as far as the sync's own questions go."""

import re
from collections.abc import Iterator, Sequence

from netsuite.errors import NetsuiteError

STAMP = "2026-05-04 10:00:00"


def refused(detail: str) -> NetsuiteError:
    return NetsuiteError(detail, kind="refused", code="INVALID_PARAMETER", permanent=True, http_status=400)


class FakeNetsuite:
    """`tables[name]` are rows; `hidden` columns are refused by name; `requests` are the statements seen."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict]] = {"employee": [], "customer": [], "transaction": [], "deletedrecord": []}
        self.hidden: set[str] = set()
        self.star_refused = False
        self.blind_to_dates = False
        self.requests: list[str] = []

    def add(self, table: str, **row: object) -> dict:
        record = {"modified_iso": STAMP} | {key: str(value) for key, value in row.items() if value is not None}
        self.tables[table].append(record)
        return record

    def employee(self, id: int, **row: object) -> dict:
        return self.add("employee", **{"id": id, "firstname": "Dana", "lastname": "Reyes", "isinactive": "F"} | row)

    def customer(self, id: int, **row: object) -> dict:
        return self.add("customer", **{"id": id, "entityid": f"C{id}", "companyname": f"Customer {id}"} | row)

    def invoice(self, id: int, entity: int, total: str = "100.00", **row: object) -> dict:
        facts = {"type": "CustInvc", "status": "A", "foreignamountunpaid": total, "trandate_iso": "2026-03-01"}
        return self.document(id, entity, total, **facts | {"duedate_iso": "2026-03-31"} | row)

    def document(self, id: int, entity: int, total: str, **row: object) -> dict:
        facts = {"tranid": f"T{id}", "trandate_iso": "2026-03-01", "currency_name": "USD", "exchangerate": 1}
        return self.add("transaction", **{"id": id, "entity": entity, "foreigntotal": total} | facts | row)

    def suiteql_page(self, q: str, params: Sequence[object] = (), *, offset: int = 0) -> dict:
        self.requests.append(q)
        table = re.search(r" FROM (\w+)", q).group(1)
        if table not in self.tables:
            raise refused(f"Invalid search query. Search error occurred: Record '{table}' was not found.")
        self._refuse_hidden(q, table)
        key = "recordid" if table == "deletedrecord" else "id"
        rows = sorted(self.tables[table], key=lambda row: (row["modified_iso"], int(row[key])))
        return {"items": list(self._answer(q, params, rows, key))}

    def _refuse_hidden(self, q: str, table: str) -> None:
        if self.star_refused and f"{table}.*" in q:
            raise refused("Invalid search query.")
        selected = q.split(" FROM ")[0]
        for column in self.hidden:
            if re.search(rf"\b{column}\b", selected):
                raise refused(f"Search error occurred: Unknown identifier '{column}'. Available identifiers are: {{…}}")

    def _answer(self, q: str, params: Sequence[object], rows: list[dict], key: str) -> Iterator[dict]:
        if "COUNT(*)" in q:
            yield {"N": str(sum(row["modified_iso"] >= params[0] for row in rows))}
        elif " IN (?" in q:
            yield from (self._seen(row) for row in rows if int(row[key]) in params)
        elif "foreignamountunpaid <> 0" in q:
            rows = sorted(rows, key=lambda row: int(row[key]))
            owed = [row for row in rows if float(row.get("foreignamountunpaid", 0)) and int(row[key]) > params[0]]
            yield from (self._seen(row) for row in owed)
        elif not self.blind_to_dates:
            after = (params[0], params[2])
            yield from (self._seen(row) for row in rows if (row["modified_iso"], int(row[key])) > after)

    def _seen(self, row: dict) -> dict:
        return {"links": []} | {name.upper(): value for name, value in row.items() if name not in self.hidden}
