from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_figures_version"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="customer",
            name="customers_tick",
        ),
        migrations.AddField(
            model_name="customer",
            name="figures_read",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="The version up to which the aging tick has brought open proposals.",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("is_inactive", False)),
                fields=["oldest_due", "ar_balance", "entitystatus", "id"],
                name="customers_line",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("figures_version__gt", models.F("figures_read"))),
                fields=["id"],
                name="customers_figures_moved",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("is_inactive", True)),
                fields=["id"],
                name="customers_inactive",
            ),
        ),
    ]
