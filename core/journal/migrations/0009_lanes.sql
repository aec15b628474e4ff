-- The hubs on this journal. A hub that lives moves its beat; the others look at whether it moves and
-- never at a clock, so clocks need not agree.
create table node (
  id          blob    primary key,
  name        text    not null,           -- for people
  roles       text    not null,           -- JSON: a list of names
  beat        integer not null
) without rowid;

-- What one hub at a time may do: send to a system, fetch from one, tell what is owed, keep the books.
create table lane (
  name        text    primary key,
  owner       blob,                       -- nobody's while null
  epoch       integer not null            -- moves with every owner; what an earlier one still writes is refused
) without rowid;

-- What the owners of lanes are still to be told, and the broker has not confirmed yet. A row is put down
-- with what it tells of, in one transaction.
create table outbox (
  seq         integer primary key,
  node        blob    not null,           -- who tells it
  destination text    not null,
  delivery    integer not null
);
create index outbox_node on outbox (node, seq);
create index outbox_destination on outbox (destination, seq);
