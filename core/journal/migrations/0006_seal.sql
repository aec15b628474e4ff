-- The data keys that payloads are sealed under, wrapped under a master key that is not here.
-- No value of a row may change its size: an erased key is overwritten where it stands.
create table client_key (
  seq         integer primary key,
  client      text    not null,           -- the hub's opaque client reference; '': the hub's own
  n           integer not null,           -- from 1; a client who comes back after an erasure gets the next
  master      blob    not null,           -- what the master key is called: 8 bytes
  wrapped     blob    not null,           -- nonce, key, tag: 60 bytes; zeros once it is erased
  unique (client, n)
);

-- Which master keys may still wrap something here.
create table master (id blob primary key) without rowid;

-- Which keys were erased, and when.
create table erasure (
  client      text    not null,
  n           integer not null,
  at          integer not null,
  primary key (client, n)
) without rowid;

-- What was kept in clear is sealed when the hub has its keys; up to which message it came.
insert into counter
  select 'sealed', 0 where exists (select 1 from message) or exists (select 1 from plan);
