"""The demo's logins: one for each role, all with one generated password."""

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from config.checks import DEMO_LOGINS, DEMO_MARK
from config.demo import staff
from config.demo.words import EASY_WORDS
from customers.models import Employee

ROLE_OF = {
    "mike": "AR manager",
    "rep": "Sales rep",
    "clerk": "AR clerk",
    "committee": "Credit committee",
    "owner": "Finance",
    "cashier": "Cashier",
}


def create() -> str:
    """Make the logins, or give existing ones a new password; answers the password, which is kept nowhere."""
    password = _password()
    for name in DEMO_LOGINS:
        user, _ = get_user_model().objects.get_or_create(username=name, defaults={"email": name + DEMO_MARK})
        user.is_staff = True
        user.set_password(password)
        user.save()
        user.groups.set([Group.objects.get(name=ROLE_OF[name])])
    return password


def link_rep() -> Employee:
    """The login `rep` is the sales rep Dana; her customers are the ones that `rep` sees."""
    employee = Employee.objects.get(email=staff.address(staff.LOGIN_REP))
    employee.user = get_user_model().objects.get(username="rep")
    employee.save()
    return employee


def _password() -> str:
    return "-".join([*(secrets.choice(EASY_WORDS) for _ in range(3)), str(secrets.randbelow(9000) + 1000)])
