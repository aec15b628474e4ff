-- What each concern of the hub may do in the journal's database, and nothing beyond it. Run by the
-- role that owns the tables, in the journal's database, after each `luotsi migrate`:
--
--   psql --dbname "$OWNER_URL" --file roles.sql
--   psql --dbname "$OWNER_URL" --command '\password luotsi_hub'
--
-- The owner is who runs `luotsi migrate`: it alone changes the schema. It must not be the hub.

do $$
declare role text;
begin
  foreach role in array array['luotsi_intake', 'luotsi_dispatch', 'luotsi_log', 'luotsi_retention',
                              'luotsi_erasure', 'luotsi_audit', 'luotsi_hub'] loop
    begin
      execute format('create role %I nologin', role);
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$;

revoke create on schema public from public;
grant usage on schema public to luotsi_intake, luotsi_dispatch, luotsi_log, luotsi_retention,
  luotsi_erasure, luotsi_audit;

-- Every concern of the hub sees the journal; payloads in it are sealed.
grant select on all tables in schema public to luotsi_intake, luotsi_dispatch, luotsi_log,
  luotsi_retention, luotsi_erasure;

-- Taking in: messages and what they change. A message is never changed and never removed.
grant insert on message, delivery, directive, directive_ref, client, plan, idempotency, client_key,
  recall, reconsider, counter, master to luotsi_intake;
grant update on delivery, client, plan, recall, counter to luotsi_intake;
grant insert on outbox to luotsi_intake;

-- Sending: a delivery moves on, and a recall with it.
grant update on delivery, recall to luotsi_dispatch;
grant delete on reconsider to luotsi_dispatch;

-- Which hub works which lane, and what they tell each other: every hub, whatever its roles.
grant insert, update, delete on node, outbox to luotsi_intake, luotsi_dispatch;
grant insert, update on lane to luotsi_intake, luotsi_dispatch;

-- What tells a hub whether a commit was made whose answer was lost.
grant insert, update on writer to luotsi_intake, luotsi_dispatch;

-- The logs: appended to, never changed.
grant insert on disclosure, leaf, checkpoint to luotsi_log;
grant update on tree, checkpoint to luotsi_log;

-- The end of their retention. Without this role nothing is ever pruned.
grant delete on disclosure to luotsi_retention;
grant insert, update on counter to luotsi_retention;

-- A client's keys, and the master keys over them.
grant insert on erasure, counter, master to luotsi_erasure;
grant update on client_key, delivery, counter to luotsi_erasure;
grant delete on plan, master, counter to luotsi_erasure;

-- `luotsi audit verify` from elsewhere.
grant select on disclosure, leaf, tree, checkpoint, schema_version to luotsi_audit;
grant select (seq, id) on message to luotsi_audit;

-- One hub does all of it.
grant luotsi_intake, luotsi_dispatch, luotsi_log, luotsi_retention, luotsi_erasure to luotsi_hub;
alter role luotsi_hub login;
