from django.db import migrations, models


class Migration(migrations.Migration):
    """PINs by the field they came from; the next sync reads all employees again and fills them."""

    dependencies = [
        ("customers", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="employee",
            name="pin_hash",
        ),
        migrations.AddField(
            model_name="employee",
            name="pin_faults",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="employee",
            name="pin_hashes",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="syncstate",
            name="extra_fields",
            field=models.JSONField(
                default=list,
                help_text="Fields by setting that the rows were read with; a new one means reading all again.",
            ),
        ),
    ]
