from django.db import migrations

# The triggers are in place already: what they wrote meanwhile is newer.
FILL = """
INSERT INTO customer_words
SELECT id, search_words(entity_id,
    name || ' ' || email || ' ' || contact_name || ' ' || phone || ' ' || netsuite_id)
FROM customers
ON CONFLICT (customer_id) DO NOTHING
"""


def fill(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FILL, params=None)
        schema_editor.execute("ANALYZE customer_words", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0007_customer_words"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
