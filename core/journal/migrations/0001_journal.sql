-- What was accepted. Rows are never changed.
create table message (
  seq         integer primary key,
  id          blob    not null,           -- uuid v7: new rows land beside each other in the index
  envelope    text    not null,           -- JSON of model::Envelope
  reference   text,                       -- the sender's own reference, to name it in answers
  record      blob    not null,           -- the record's stored form, fields by path
  accounting  text    not null            -- JSON: elements mapped, ignored, unmapped (paths, no values)
);
create unique index message_id on message (id);

-- One row a message and destination, from acceptance to its one end.
create table delivery (
  seq         integer primary key,
  id          blob    not null,
  message     integer not null references message (seq),
  destination text    not null,
  purpose     text    not null,
  subject     text,                       -- the hub's opaque client reference
  state       integer not null,           -- < 10 pending: 0 ready, 1 waiting, 2 sending; 10 delivered, 11 refused, 12 dead, 13 replayed
  attempts    integer not null default 0,
  accepted    integer not null,           -- µs since 1970, as all times here
  due         integer not null,
  deadline    integer not null,           -- how long it may wait for a basis
  task        text    not null default 'requested',
  cause       text                        -- of its end, or of the latest failure; names no value
);
create unique index delivery_id on delivery (id);
create index delivery_message on delivery (message);
-- Pending rows are few, so these two stay small whatever the journal holds.
create index delivery_pending on delivery (destination, seq) where state < 10;
create index delivery_waiting on delivery (destination, due) where state = 1;
create index delivery_subject on delivery (subject) where state < 10;
-- Dead letters wait for a person, who asks for them by destination.
create index delivery_dead on delivery (destination, seq) where state = 12;

-- Who was shown what, and who was refused: append-only.
create table disclosure (
  seq         integer primary key,
  at          integer not null,
  client      text,
  message     integer,
  entry       text    not null            -- JSON of journal::Entry
);
create index disclosure_message on disclosure (message) where message is not null;
create index disclosure_client on disclosure (client) where client is not null;

-- What clients have directed, every version kept.
create table directive (
  client      text    not null,
  id          text    not null,
  version     integer not null,
  body        text    not null,           -- JSON of consent::Directive
  primary key (client, id, version)
) without rowid;
create table client (
  ref         text    primary key,
  epoch       integer not null            -- moves with every change to the client's directives
) without rowid;

-- The shared plan, one a client.
create table plan (
  client      text    primary key,
  id          text    not null unique,    -- opaque, for URLs
  version     integer not null,
  record      blob    not null,
  updated     integer not null
) without rowid;

-- Idempotency-Key: same key and body, same receipt.
create table idempotency (
  source      text    not null,
  key         blob    not null,           -- digests: a key may be anything its sender chose
  body        blob    not null,
  receipt     text    not null,
  at          integer not null,
  primary key (source, key)
) without rowid;

create table counter (name text primary key, value integer not null) without rowid;
