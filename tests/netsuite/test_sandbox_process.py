"""The sandbox as a process: sockets, other people's clients, the command line, a kill in the middle."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from netsuite.sandbox import credentials
from netsuite.sandbox.process import PROJECT, start_sandbox
from tests.netsuite.sandbox_clients.account import ACME, RECORDS
from tests.netsuite.test_sandbox_auth import signer

pytestmark = pytest.mark.enable_socket
CLIENTS = Path(__file__).parent / "sandbox_clients"
CUSTOMER = f"{RECORDS}/customer/107"
ON = {"creditHoldOverride": {"id": "ON"}}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sandbox")
    with start_sandbox(directory / "store.sqlite3", directory / "requests.log") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.clear_faults()
    running.load(customers=[{**ACME, "creditholdoverride": "AUTO"}, {"id": 108, "companyname": "Beta"}])
    return running


def run_client(sandbox, name, directory):
    """Outside the project and without its path, as a stranger's program would run."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")}
    command = [sys.executable, "-P", str(CLIENTS / name), sandbox.base_url]
    done = subprocess.run(
        command, cwd=directory, env=environment | sandbox.environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_pypi_client_works_unchanged(sandbox, tmp_path):
    found = run_client(sandbox, "pypi_netsuite.py", tmp_path)
    assert found["customer"]["creditHoldOverride"]["id"] == "ON"
    assert (found["suiteql"]["items"][0]["id"], found["suiteql"]["totalResults"]) == ("108", 2)
    assert found["schema"]["properties"]["creditHoldOverride"]["title"] == "creditHoldOverride"
    assert set(found["openapi"]["components"]["schemas"]) == {"customer", "invoice"}
    assert (found["patched"], found["created"]) == (None, None)
    assert (found["unknown_name"], found["wrong_secret"]) == (400, 401)


def test_requests_oauthlib_works_with_both_logins(sandbox, tmp_path):
    found = run_client(sandbox, "requests_oauth.py", tmp_path)
    assert found["tba_get"]["companyName"] == found["oauth2_get"] == "Acme"
    assert found["tba_suiteql"]["items"] == [{"links": [], "companyname": "Acme"}]
    assert (found["tba_patch"], found["oauth2_wrong"]) == (204, 401)


def send(sandbox, method, path, body=None, *, connection=None, timeout=10):
    """A signed request; raises what the socket raises."""
    own = connection or http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
    _, headers, _ = signer().sign(sandbox.base_url + path, http_method=method)
    own.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = own.getresponse()
    return answer.status, answer.read()


def test_a_connection_is_kept_alive(sandbox):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    for method, body, status in (("GET", None, 200), ("PATCH", ON, 204), ("GET", None, 200)):
        assert send(sandbox, method, CUSTOMER, body, connection=connection)[0] == status
    connection.close()


def test_a_dropped_connection_is_cut(sandbox):
    sandbox.fault(drop_connection={"when": "after", "times": 1})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        send(sandbox, "PATCH", CUSTOMER, ON)
    assert sandbox.get("customer", 107)["creditHoldOverride"]["id"] == "ON"


def test_a_client_gives_up_on_a_hanging_write_that_was_applied(sandbox):
    sandbox.fault(apply_then_hang={"seconds": 600, "times": 1})
    with pytest.raises(TimeoutError):
        send(sandbox, "PATCH", CUSTOMER, ON, timeout=0.5)
    assert sandbox.get("customer", 107)["creditHoldOverride"]["id"] == "ON"


def test_a_slow_body_takes_its_time(sandbox):
    sandbox.fault(slow_body={"seconds": 0.5, "times": 1})
    start = time.monotonic()
    assert send(sandbox, "GET", CUSTOMER)[0] == 200
    assert time.monotonic() - start >= 0.5


def test_many_writers_at_once_lose_nothing(sandbox):
    sandbox.preferences(concurrency=50)
    before = len(sandbox.requests())
    threads = [
        threading.Thread(target=send, args=(sandbox, "POST", f"{RECORDS}/customer", {"companyName": f"New {n}"}))
        for n in range(24)
    ]
    count = sandbox.counts()["customer"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = sandbox.requests()[before:]
    assert sandbox.counts()["customer"] == count + 24
    assert len({line["record_id"] for line in lines if line["applied"]}) == 24


def test_a_chunked_body_is_read(sandbox):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    _, headers, _ = signer().sign(sandbox.base_url + CUSTOMER, http_method="PATCH")
    connection.request("PATCH", CUSTOMER, iter([json.dumps(ON).encode()]), headers, encode_chunked=True)
    assert connection.getresponse().status == 204


def test_what_is_no_http_does_not_stop_the_server(sandbox):
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert send(sandbox, "GET", CUSTOMER)[0] == 200


def order(port, *words):
    command = [sys.executable, "-m", "netsuite.sandbox", *words, "--port", str(port)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_faults_are_switched_from_the_command_line(sandbox):
    assert order(sandbox.port, "fault", "server_error", '{"times": 1}')[0] == 0
    assert send(sandbox, "GET", CUSTOMER)[0] == 500
    assert order(sandbox.port, "preference", "grace_days", "30")[0] == 0
    assert order(sandbox.port, "clear") == (0, "{}\n")


def test_the_command_line_says_what_is_wrong(sandbox):
    code, text = order(sandbox.port, "fault", "no_such", "on")
    assert (code, "unknown fault 'no_such'" in text) == (1, True)
    assert order(1, "faults")[0] == 1


def test_the_helper_raises_what_the_sandbox_refuses(sandbox):
    with pytest.raises(ValueError, match="unknown fault"):
        sandbox.fault(no_such=True)
    assert sandbox.get("customer", 999) is None


def test_a_killed_sandbox_has_kept_what_it_acknowledged(tmp_path):
    store, log = tmp_path / "s.sqlite3", tmp_path / "r.log"
    first = start_sandbox(store, log)
    first.load(customers=[ACME])
    assert send(first, "PATCH", CUSTOMER, ON)[0] == 204
    first.process.kill()
    first.stop()
    with start_sandbox(store, log) as second:
        assert second.get("customer", 107)["creditHoldOverride"]["id"] == "ON"
        assert [line["applied"] for line in second.requests()] == [True]


def test_the_demo_settings_stand_beside_the_store(sandbox):
    path = sandbox.store_path.parent / credentials.ENV_NAME
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert lines == sandbox.environment()
    assert Path(lines["NETSUITE_PRIVATE_KEY_FILE"]).exists()


def test_the_package_needs_no_django():
    code = "import sys, netsuite.sandbox.cli; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, timeout=60).returncode == 0
