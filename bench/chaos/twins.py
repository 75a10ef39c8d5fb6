"""The same request many times at the same moment, under one key: one effect, one answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.chaos.stage import Found, Stage


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.clients import Client
    from bench.chaos.processes import Web, running
    from bench.chaos.world import person, token
    from orders.models import Order
    from tests.factories.customers import CustomerFactory
    from tests.factories.orders import ProductFactory

    twins, keys = stage.many(20, 50), stage.many(20, 200)
    customer, product = CustomerFactory(name="Harbor Deli"), ProductFactory()
    wish: dict[str, Any] = {"customer": customer.netsuite_id, "lines": [{"product": product.sku, "quantity": "2"}]}
    paper = token(person("cashier", "Cashier"))
    answers: Counter[int] = Counter()
    differing = 0
    with running(Web(stage)) as web, ThreadPoolExecutor(twins) as pool:
        web.wait_until_up()
        client = Client([web.url], paper)
        for number in range(keys):
            key = f"order-{number}"
            told = list(pool.map(lambda _, key=key: client.post("orders/", wish, key), range(twins)))
            answers.update(answer.status_code for answer in told)
            differing += len({answer.text for answer in told}) != 1
            if (number + 1) % 50 == 0:
                stage.say(f"{number + 1} keys")
    orders = Order.objects.count()
    broken = promises.invariants_hold(stage)
    if orders != keys:
        broken.append(f"{orders} orders of {keys} keys")
    if dict(answers) != {201: keys * twins} or differing:
        broken.append(f"answers {dict(answers)}, {differing} keys with differing bodies")
    seen = f"{orders} effects, {answers[201]} equal answers, {client.cut} asked again"
    figures = {"effects": orders, "answers": dict(answers), "again": client.cut}
    return Found(f"{twins} parallel POSTs × {keys} keys", seen, broken, figures)
