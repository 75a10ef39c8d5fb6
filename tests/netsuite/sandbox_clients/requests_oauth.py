"""requests-oauthlib against a sandbox, with both logins. Arguments: base URL. Prints one JSON object."""

import json
import os
import sys
import time

import jwt
import requests
from requests_oauthlib import OAuth1

BASE_URL = sys.argv[1]
CUSTOMER = f"{BASE_URL}/services/rest/record/v1/customer/107"
TOKEN_URL = f"{BASE_URL}/services/rest/auth/oauth2/v1/token"


def signed() -> OAuth1:
    return OAuth1(
        os.environ["NETSUITE_CONSUMER_KEY"],
        os.environ["NETSUITE_CONSUMER_SECRET"],
        os.environ["NETSUITE_TOKEN_ID"],
        os.environ["NETSUITE_TOKEN_SECRET"],
        signature_method="HMAC-SHA256",
        realm=os.environ["NETSUITE_ACCOUNT"],
    )


def bearer() -> str:
    now = int(time.time())
    with open(os.environ["NETSUITE_PRIVATE_KEY_FILE"]) as key:
        assertion = jwt.encode(
            {
                "iss": os.environ["NETSUITE_CLIENT_ID"],
                "scope": ["rest_webservices"],
                "aud": TOKEN_URL,
                "iat": now,
                "exp": now + 300,
            },
            key.read(),
            algorithm="ES256",
            headers={"kid": os.environ["NETSUITE_CERTIFICATE_ID"]},
        )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return requests.post(TOKEN_URL, data=form, timeout=10).json()["access_token"]


with requests.Session() as session:
    query = {"q": "SELECT companyname FROM customer WHERE id = ?", "params": [107]}
    suiteql = f"{BASE_URL}/services/rest/query/v1/suiteql"
    prefer = {"Prefer": "transient"}
    token = {"Authorization": f"Bearer {bearer()}"}
    found = {
        "tba_get": session.get(CUSTOMER, params={"fields": "companyName,email"}, auth=signed(), timeout=10).json(),
        "tba_patch": session.patch(CUSTOMER, json={"phone": "1"}, auth=signed(), timeout=10).status_code,
        "tba_suiteql": session.post(suiteql, json=query, headers=prefer, auth=signed(), timeout=10).json(),
        "oauth2_get": session.get(CUSTOMER, headers=token, timeout=10).json()["companyName"],
        "oauth2_wrong": session.get(CUSTOMER, headers={"Authorization": "Bearer x"}, timeout=10).status_code,
    }
print(json.dumps(found))
