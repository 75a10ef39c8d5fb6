"""Workers die while they provision: every change has one effect at the provider, and none is lost."""

import time
from collections import Counter
from functools import partial
from typing import Any

from bench.chaos.stage import Found, Stage

SETTINGS = {"NETSUITE_TIMEOUT_SECONDS": "1", "PUSH_LEASE_SECONDS": "2", "PUSH_BACKOFF_SECONDS": "0,0,0",
            "PUSH_DRAIN_SECONDS": "2"}  # fmt: skip
# So slow that the kills find work, and one call in eight goes wrong.
FAULTS: dict[str, Any] = {
    "latency": {"min": 0.05, "max": 0.3},
    "server_error": {"rate": 0.04},
    "drop_connection": {"rate": 0.04, "when": "after"},
    "bad_gateway": {"rate": 0.04, "when": "after"},
}


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from orders.models import LicenseChange
    from orders.providers.endpoint.process import start_endpoint

    kills, changes = stage.many(12, 100), stage.many(60, 500)
    with start_endpoint(stage.folder / "held.sqlite3", stage.folder / "provider.jsonl") as endpoint:
        endpoint.seed(11)
        endpoint.fault(**FAULTS)
        keys = _provision(stage, endpoint, kills, changes)
        effects, calls = Counter(endpoint.effects()), endpoint.requests()
    provisioned = LicenseChange.objects.filter(status="provisioned").count()
    broken = promises.broken(
        lambda: promises.no_errors_of_ours(stage, "drainers"), lambda: promises.invariants_hold(stage)
    )
    twice = sum(effects[key] > 1 for key in keys)
    lost = sum(effects[key] == 0 for key in keys)
    if twice or lost or provisioned != changes:
        broken.append(f"{twice} twice, {lost} lost, {provisioned} of {changes} provisioned")
    if unknown := _unannounced(calls, keys):
        broken.append(f"{unknown} calls without an attempt")
    cut = promises.attempts_cut()
    seen = f"{provisioned} provisioned, {twice} twice, {lost} lost, {cut} cut in a call and finished"
    return Found(f"{kills} kills during {changes} provisionings", seen, broken, {"changes": changes, "cut": cut})


def _provision(stage: Stage, endpoint: Any, kills: int, count: int) -> set[str]:
    from django.utils import timezone

    from bench.chaos import promises
    from bench.chaos.processes import draining
    from netsuite.models import Push
    from orders.actions import provisioning
    from orders.models import ProviderAccount
    from orders.provisioning import answers
    from tests.factories import providers

    cloud = providers.automatic(f"{endpoint.base_url}/cloud", "cloud", slots=5, timeout_seconds=1)
    made = providers.changes(count, cloud)
    customer = made[0].subscription.customer
    ProviderAccount.objects.create(customer=customer, provider=cloud, opened_at=timezone.now())
    with draining(stage) as crew:
        while provisioning.advance(by="mike").asked:
            pass
        for number in range(kills):
            stage.wait_for(partial(_calling_since, timezone.now()), "nobody calls")
            time.sleep(stage.chance.uniform(0, 0.05))
            if not Push.objects.open().exists():
                stage.say(f"all is done after {number} kills")
                break
            crew.kill_one(stage.chance)
            if (number + 1) % 20 == 0:
                stage.say(f"{number + 1} kills, {Push.objects.filter(status='applied').count()} of {count} done")
        stage.wait_for(promises.nothing_on_its_way, "pushes are still open")
    answers.catch_up()
    return {str(change.key) for change in made}


def _calling_since(moment: Any) -> bool:
    """Somebody alive is in the middle of a call, begun after the last kill; or all is done."""
    from netsuite.models import Push, PushAttempt

    calls = PushAttempt.objects.filter(finished_at=None, started_at__gt=moment)
    return calls.exists() or not Push.objects.open().exists()


def _unannounced(calls: list[dict[str, Any]], keys: set[str]) -> int:
    from netsuite.models import PushAttempt

    sent = {line["request_id"] for line in calls if line["path"].rpartition("/")[2] in keys}
    return len(sent - {str(each) for each in PushAttempt.objects.values_list("request_id", flat=True)})
