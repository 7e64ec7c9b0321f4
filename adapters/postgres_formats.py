"""
What a database of PostgreSQL has beside the tables, by the format of the tables that brought it.

A new database is told all of it at once, an older one what it lacks, so that both end up the same.
A format that was released is never edited: what is to change is said anew by the next one.
Each text is one statement.
"""

from typing import Final

# One row: the format of the tables, and the highest position that the log ever gave. Whoever
# writes holds its lock, so that positions are given and seen in the order of the commits.
HEAD: Final = """
    CREATE TABLE regulars_log (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        format integer NOT NULL,
        position bigint NOT NULL
    )
"""
"""Stands before any table does."""

FORMAT_1: Final = (
    """
    CREATE FUNCTION events_appended() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM added WHERE version <> 1 AND NOT EXISTS (
                SELECT 1 FROM events WHERE events.tenant = added.tenant
                AND events.stream = added.stream AND events.version = added.version - 1
                AND events.position < added.position
            )
        ) THEN
            RAISE EXCEPTION 'version gap' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE regulars_log SET position = greatest(position, (SELECT max(position) FROM added));
        NOTIFY regulars_log;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER events_contiguous AFTER INSERT ON events
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION events_appended()
    """,
)

FORMAT_2: Final = (
    # One call that locks, checks, adds and commits. The lock is let go of before the events are on
    # disk, so that who waits for the disk keeps nobody else waiting: the message that follows is
    # there to be flushed, and with it all that was committed before.
    """
    CREATE PROCEDURE regulars_append(
        added events[], held text[], versions integer[], durable boolean, INOUT head bigint
    ) LANGUAGE plpgsql AS $$
    BEGIN
        SET LOCAL synchronous_commit = off;
        SELECT position INTO head FROM regulars_log FOR UPDATE;
        IF held IS NOT NULL AND EXISTS (
            SELECT 1 FROM unnest(held, versions) AS kept (stream, version)
            WHERE kept.version <> (
                SELECT coalesce(max(events.version), 0) FROM events
                WHERE events.tenant = added[1].tenant AND events.stream = kept.stream
            )
        ) THEN
            RAISE EXCEPTION 'a stream has moved' USING ERRCODE = 'check_violation';
        END IF;
        -- A request has a block of ids, and may have used any of them. The first that is not before
        -- the block is asked for because that is one step in the index, whatever the planner knows.
        IF EXISTS (
            SELECT 1 FROM unnest(added) AS one
            WHERE one.fingerprint IS NOT NULL AND substring(one.event_id FOR 13) = (
                SELECT substring(known.event_id FOR 13) FROM events AS known
                WHERE known.event_id >= substring(one.event_id FOR 13)
                ORDER BY known.event_id LIMIT 1
            )
        ) THEN
            RAISE EXCEPTION 'a request is known'
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'events_id';
        END IF;
        INSERT INTO events SELECT head + place, tenant, stream, version, type, schema_version,
            event_id, occurred_at, recorded_at, actor, correlation, causation, fingerprint, body
        FROM unnest(added) WITH ORDINALITY AS one (
            position, tenant, stream, version, type, schema_version, event_id, occurred_at,
            recorded_at, actor, correlation, causation, fingerprint, body, place
        );
        head := head + cardinality(added);
        COMMIT;
        IF durable THEN
            PERFORM pg_logical_emit_message(true, 'regulars', '');
        END IF;
    END $$
    """,
)

BEHIND_THE_TABLES: Final = (*FORMAT_1, *FORMAT_2)
"""Said in this order once the tables stand."""
