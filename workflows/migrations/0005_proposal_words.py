from django.db import migrations

# What `workflows.proposal_search` finds by reason or reference, for PostgreSQL.
# It takes half a minute over a million proposals, so nobody's decision may wait for it. A try that was broken off
# leaves an index behind that is never used.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS proposal_words"
CREATE = "CREATE INDEX CONCURRENTLY proposal_words ON proposed_actions USING gin (search_words(entity_ref, rationale))"


def on_postgresql(*statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("customers", "0007_customer_words"),
        ("workflows", "0004_review_list"),
    ]

    operations = [migrations.RunPython(on_postgresql(DROP, CREATE), on_postgresql(DROP))]
