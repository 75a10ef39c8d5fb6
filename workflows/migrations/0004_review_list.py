import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("workflows", "0003_figures_version"),
    ]

    operations = [
        migrations.AlterField(
            model_name="proposedaction",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="proposals",
                to="customers.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(fields=["status", "-id"], name="proposal_newest"),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(fields=["action_type", "status", "-at_stake", "id"], name="proposal_type"),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(fields=["risk_level", "status", "-at_stake", "id"], name="proposal_risk"),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(
                condition=models.Q(("status", "pending"), ("strong", True)),
                fields=["-at_stake", "id"],
                name="proposal_strong",
            ),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(fields=["entity_ref"], name="proposal_entity"),
        ),
        migrations.AddIndex(
            model_name="proposedaction",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["proposed_at"], name="proposal_since"
            ),
        ),
    ]
