-- Those who received something on a directive that has since been withdrawn: each is told to stop
-- processing it, and the row stays until it has acknowledged that, or a person has seen to it.
create table recall (
  seq         integer primary key,
  id          blob    not null,           -- random, for URLs
  client      text    not null,
  directive   text    not null,
  version     integer not null,           -- the version that withdrew it
  recipient   text    not null,
  purpose     text    not null,
  kind        text    not null,           -- the record kind of what they received
  delivery    integer references delivery (seq),  -- what they received, where it was a delivery
  held        blob,                       -- the id they know it by: the delivery's, the plan's, the consent's
  disclosure  integer not null,           -- the latest entry of the log that shows it to them
  at          integer not null,           -- of the withdrawal
  state       integer not null,           -- < 10 open: 0 owed, 1 sent, 2 for a person; 10 acknowledged, 11 settled
  notice      integer references delivery (seq),
  deadline    integer,                    -- for the acknowledgement
  cause       text                        -- why a person is asked, or how it was settled; names no value
);
create unique index recall_id on recall (id);
create index recall_client on recall (client, recipient);
create index recall_open on recall (state, seq) where state < 10;
create unique index recall_notice on recall (notice) where notice is not null;

-- Dead letters whose client's directives have changed: each is decided again, and stays only if it
-- could still be sent.
create table reconsider (delivery integer primary key references delivery (seq));
create index delivery_dead_subject on delivery (subject) where state = 12;
