import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_pins_by_field"),
        ("holds", "0003_hold_blocks_and_overrides"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="override",
            options={
                "default_permissions": ("view",),
                "ordering": ["-asked_at"],
                "permissions": [("decide_override", "Can allow an order of a customer on hold from the console")],
            },
        ),
        migrations.AlterModelOptions(
            name="pinbudget",
            options={
                "default_permissions": ("view",),
                "ordering": ["scope", "name"],
                "permissions": [("reset_pin", "Can let a manager's PIN be tried again")],
            },
        ),
        migrations.AlterModelOptions(
            name="pinlog",
            options={"default_permissions": ("view",), "ordering": ["-at", "-pk"]},
        ),
        migrations.RemoveConstraint(
            model_name="override",
            name="granted_override_says_who",
        ),
        migrations.AlterField(
            model_name="override",
            name="manager",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose PIN it was; empty when it was decided in the console.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="overrides",
                to="customers.employee",
            ),
        ),
        migrations.AlterField(
            model_name="override",
            name="secret_hash",
            field=models.CharField(blank=True, db_index=True, editable=False, max_length=64),
        ),
        migrations.AlterField(
            model_name="pinbudget",
            name="name",
            field=models.CharField(help_text="NetSuite id, terminal, or user id; empty for the site.", max_length=64),
        ),
        migrations.AlterField(
            model_name="pinbudget",
            name="scope",
            field=models.CharField(
                choices=[("manager", "Manager"), ("terminal", "Terminal"), ("cashier", "Cashier"), ("site", "Site")],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="pinlog",
            name="entity_id",
            field=models.CharField(help_text="The manager's NetSuite id.", max_length=32, verbose_name="manager"),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["granted", "used"]), _negated=True),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("expires_at__isnull", False),
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("secret_hash", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="granted_override_says_who",
            ),
        ),
    ]
