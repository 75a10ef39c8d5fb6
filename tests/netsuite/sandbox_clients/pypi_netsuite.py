"""The PyPI client `netsuite` against a sandbox. Runs outside the project: its import name is our app's.

Arguments: base URL. Prints one JSON object. Run with `python -P`, so that its own folder shadows nothing.
"""

import asyncio
import json
import os
import sys

# The client speaks httpx; its signing library takes httpx2 where it finds it, and the two do not mix.
sys.modules["httpx2"] = None  # type: ignore[assignment]

from netsuite import Config, NetSuiteRestApi, TokenAuth  # noqa: E402
from netsuite.exceptions import NetsuiteAPIRequestError  # noqa: E402

BASE_URL = sys.argv[1]


class LocalRestApi(NetSuiteRestApi):
    def _make_url(self, subpath: str) -> str:
        return f"{BASE_URL}/services/rest{subpath}"


def api(secret: str = "") -> LocalRestApi:
    auth = TokenAuth(
        consumer_key=os.environ["NETSUITE_CONSUMER_KEY"],
        consumer_secret=os.environ["NETSUITE_CONSUMER_SECRET"],
        token_id=os.environ["NETSUITE_TOKEN_ID"],
        token_secret=secret or os.environ["NETSUITE_TOKEN_SECRET"],
    )
    return LocalRestApi(Config(account=os.environ["NETSUITE_ACCOUNT"], auth=auth))


async def refusal(call) -> int:
    try:
        await call
    except NetsuiteAPIRequestError as error:
        return error.status_code
    return 0


async def main() -> None:
    client = api()
    found = {
        "patched": await client.patch("/record/v1/customer/107", json={"creditHoldOverride": {"id": "ON"}}),
        "customer": await client.get("/record/v1/customer/107"),
        "suiteql": await client.suiteql("SELECT id, companyname FROM customer ORDER BY id", limit=1, offset=1),
        "schema": await client.jsonschema("customer"),
        "openapi": await client.openapi(["customer", "invoice"]),
        "created": await client.post("/record/v1/invoice", json={"entity": {"id": "107"}, "total": 12.5}),
        "unknown_name": await refusal(client.patch("/record/v1/customer/107", json={"credit_hold": True})),
        "wrong_secret": await refusal(api(secret="wrong").get("/record/v1/customer/107")),
    }
    print(json.dumps(found))


asyncio.run(main())
