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

FORMAT_3: Final = (
    "DROP TRIGGER events_contiguous ON events",
    # Row by row, as on SQLite: a statement's trigger and its table of what was added cost more than
    # the insert of a single event, which most appends are. Who appends moves the head.
    """
    CREATE OR REPLACE FUNCTION events_appended() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM events WHERE tenant = NEW.tenant AND stream = NEW.stream
            AND version = NEW.version - 1 AND position < NEW.position
        ) THEN
            RAISE EXCEPTION 'version gap' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    # Who looks for gaps otherwise says so, in the transaction: what follows does.
    """
    CREATE TRIGGER events_contiguous AFTER INSERT ON events FOR EACH ROW
        WHEN (NEW.version <> 1 AND current_setting('regulars.checked', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION events_appended()
    """,
    # What was copied is looked at by one query, by way of the indexes whatever the planner knows of
    # the table; from then on each row is looked at again.
    """
    CREATE FUNCTION regulars_copied(after bigint, fresh boolean) RETURNS void LANGUAGE plpgsql
    SET enable_seqscan = off AS $$
    BEGIN
        PERFORM set_config('regulars.checked', 'off', true);
        IF EXISTS (
            SELECT 1 FROM events AS added WHERE added.position > after AND added.version <> 1 AND (
                SELECT events.position FROM events WHERE events.tenant = added.tenant
                AND events.stream = added.stream AND events.version = added.version - 1
            ) < added.position IS NOT TRUE
        ) THEN
            RAISE EXCEPTION 'version gap' USING ERRCODE = 'check_violation';
        END IF;
        IF fresh AND EXISTS (
            SELECT 1 FROM events AS added WHERE added.position > after
            AND added.fingerprint IS NOT NULL AND EXISTS (
                SELECT 1 FROM (
                    SELECT known.position FROM events AS known
                    WHERE known.event_id >= substring(added.event_id FOR 13)
                    AND known.event_id <= substring(added.event_id FOR 13) || '\\xffffff'::bytea
                    ORDER BY known.event_id OFFSET 0
                ) AS block WHERE block.position <= after
            )
        ) THEN
            RAISE EXCEPTION 'a request is known'
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'events_id';
        END IF;
    END $$
    """,
    # A request has a block of ids, and may have used any of them. The first that is not before the
    # block is asked for because that is one step in the index, whatever the planner knows.
    """
    CREATE FUNCTION regulars_refuse_known(ids bytea[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM unnest(ids) AS one (id) WHERE substring(one.id FOR 13) = (
                SELECT substring(known.event_id FOR 13) FROM events AS known
                WHERE known.event_id >= substring(one.id FOR 13)
                ORDER BY known.event_id LIMIT 1
            )
        ) THEN
            RAISE EXCEPTION 'a request is known'
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'events_id';
        END IF;
    END $$
    """,
    # As that of format 2, of several events.
    """
    CREATE OR REPLACE PROCEDURE regulars_append(
        added events[], held text[], versions integer[], durable boolean, INOUT head bigint
    ) LANGUAGE plpgsql AS $$
    BEGIN
        SET LOCAL synchronous_commit = off;
        UPDATE regulars_log SET position = position + cardinality(added)
            RETURNING position - cardinality(added) INTO head;
        IF held IS NOT NULL AND regulars_moved(added[1].tenant, held, versions) THEN
            RAISE EXCEPTION 'a stream has moved' USING ERRCODE = 'check_violation';
        END IF;
        PERFORM regulars_refuse_known(
            ARRAY(SELECT event_id FROM unnest(added) AS one WHERE one.fingerprint IS NOT NULL)
        );
        INSERT INTO events SELECT head + place, tenant, stream, version, type, schema_version,
            event_id, occurred_at, recorded_at, actor, correlation, causation, fingerprint, body
        FROM unnest(added) WITH ORDINALITY AS one (
            position, tenant, stream, version, type, schema_version, event_id, occurred_at,
            recorded_at, actor, correlation, causation, fingerprint, body, place
        );
        head := head + cardinality(added);
        NOTIFY regulars_log;
        COMMIT;
        IF durable THEN
            PERFORM pg_logical_emit_message(true, 'regulars', '');
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION regulars_moved(of_tenant text, held text[], versions integer[])
    RETURNS boolean LANGUAGE sql AS $$
        SELECT EXISTS (
            SELECT 1 FROM unnest(held, versions) AS kept (stream, version)
            WHERE kept.version <> (
                SELECT coalesce(max(events.version), 0) FROM events
                WHERE events.tenant = of_tenant AND events.stream = kept.stream
            )
        )
    $$
    """,
    # And of a single one, which comes in its parts: to make an array of it and to take that apart
    # would take a fifth of the call.
    """
    CREATE PROCEDURE regulars_append_one(
        new_tenant text, new_stream text, new_version integer, type text, schema_version integer,
        new_id bytea, occurred_at bigint, recorded_at bigint, actor text, correlation text,
        causation text, fingerprint bytea, body bytea,
        held text[], versions integer[], durable boolean, INOUT head bigint
    ) LANGUAGE plpgsql AS $$
    BEGIN
        SET LOCAL synchronous_commit = off;
        SET LOCAL regulars.checked = on;
        UPDATE regulars_log SET position = position + 1 RETURNING position INTO head;
        IF held IS NOT NULL AND regulars_moved(new_tenant, held, versions) THEN
            RAISE EXCEPTION 'a stream has moved' USING ERRCODE = 'check_violation';
        END IF;
        IF new_version <> 1 AND NOT EXISTS (
            SELECT 1 FROM events WHERE events.tenant = new_tenant
            AND events.stream = new_stream AND events.version = new_version - 1
        ) THEN
            RAISE EXCEPTION 'version gap' USING ERRCODE = 'check_violation';
        END IF;
        IF fingerprint IS NOT NULL AND substring(new_id FOR 13) = (
            SELECT substring(events.event_id FOR 13) FROM events
            WHERE events.event_id >= substring(new_id FOR 13)
            ORDER BY events.event_id LIMIT 1
        ) THEN
            RAISE EXCEPTION 'a request is known'
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'events_id';
        END IF;
        INSERT INTO events VALUES (
            head, new_tenant, new_stream, new_version, type, schema_version, new_id, occurred_at,
            recorded_at, actor, correlation, causation, fingerprint, body
        );
        NOTIFY regulars_log;
        COMMIT;
        IF durable THEN
            PERFORM pg_logical_emit_message(true, 'regulars', '');
        END IF;
    END $$
    """,
)

BEHIND_THE_TABLES: Final = (*FORMAT_1, *FORMAT_2, *FORMAT_3)
"""Said in this order once the tables stand."""
