-- The Merkle tree over the disclosure log (RFC 6962): one leaf an entry, at the entry's place.
-- A leaf stays when its entry is pruned.
create table leaf (seq integer primary key, hash blob not null);

-- One row: how many leaves, and the roots of the complete subtrees, largest first.
create table tree (
  id          integer primary key check (id = 1),
  size        integer not null,
  edge        blob    not null
);
insert into tree values (1, 0, x'');

-- Signed notes of what the log came to (C2SP tlog-checkpoint), and the key to check each by.
create table checkpoint (
  size        integer primary key,
  note        text    not null,
  key         text    not null
);
