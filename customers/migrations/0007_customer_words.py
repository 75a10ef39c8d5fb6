from django.db import migrations

# The rule of `customers.search` for PostgreSQL, which lowers the words itself; SQLite is taught it at each connection.
WORDS = r"""
CREATE FUNCTION search_words(number text, texts text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    folded text := number || ' ' || regexp_replace(number, '^\D*0*', '') || ' ' || texts;
BEGIN
    IF octet_length(folded) <> length(folded) THEN
        folded := regexp_replace(normalize(folded, NFKD), '[\u0300-\u036f]+', '', 'g');
        folded := translate(replace(folded, 'ß', 'ss'), 'øØđĐłŁ', 'ooddll');
    END IF;
    RETURN to_tsvector('pg_catalog.simple', regexp_replace(folded, '[\x01-/:-@\[-`{-\x7f]+', ' ', 'g'));
END
$$
"""
TABLE = "CREATE TABLE customer_words (customer_id bigint PRIMARY KEY, words tsvector NOT NULL)"
INDEX = "CREATE INDEX customer_words_words ON customer_words USING gin (words)"
FIELDS = ("entity_id", "name", "email", "contact_name", "phone", "netsuite_id")
WRITE = """
    INSERT INTO customer_words
    SELECT id, search_words(entity_id, name || ' ' || email || ' ' || contact_name || ' ' || phone || ' ' || netsuite_id)
    FROM {rows}
    ON CONFLICT (customer_id) DO UPDATE SET words = EXCLUDED.words;
"""
# A statement at a time: the sync adds customers by the thousand.
ADD = f"""
CREATE FUNCTION add_customer_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {WRITE.format(rows="added")}
    RETURN NULL;
END
$$
"""
KEEP = f"""
CREATE FUNCTION keep_customer_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM customer_words WHERE customer_id = OLD.id;
    ELSIF TG_OP = 'TRUNCATE' THEN
        TRUNCATE customer_words;
    ELSE
        {WRITE.format(rows="(SELECT NEW.*) changed")}
    END IF;
    RETURN NULL;
END
$$
"""
OLD, NEW = (", ".join(f"{row}.{field}" for field in FIELDS) for row in ("OLD", "NEW"))
RUN = "EXECUTE FUNCTION keep_customer_words()"
TRIGGERS = [
    "CREATE TRIGGER words_added AFTER INSERT ON customers REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION add_customer_words()",
    f"CREATE TRIGGER words_changed AFTER UPDATE OF {', '.join(FIELDS)} ON customers FOR EACH ROW "
    f"WHEN (({OLD}) IS DISTINCT FROM ({NEW})) {RUN}",
    f"CREATE TRIGGER words_removed AFTER DELETE ON customers FOR EACH ROW {RUN}",
    f"CREATE TRIGGER words_gone AFTER TRUNCATE ON customers FOR EACH STATEMENT {RUN}",
]
UNDO = [
    *(f"DROP TRIGGER words_{name} ON customers" for name in ("added", "changed", "removed", "gone")),
    "DROP FUNCTION add_customer_words",
    *("DROP FUNCTION keep_customer_words", "DROP TABLE customer_words", "DROP FUNCTION search_words"),
]


def on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_figures_read"),
    ]

    operations = [
        migrations.RunPython(on_postgresql([WORDS, TABLE, INDEX, ADD, KEEP, *TRIGGERS]), on_postgresql(UNDO)),
    ]
