from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_payment_method"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="figures_version",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="Rises with every writing of the figures that a proposal quotes.",
            ),
        ),
    ]
