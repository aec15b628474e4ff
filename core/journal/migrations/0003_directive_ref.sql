-- The opaque id by which a directive stands in a URL: neither its client nor its recorder's own id
-- for it may. Given with its first version, the same over all later ones.
create table directive_ref (
  id          blob    primary key,        -- random
  client      text    not null,
  directive   text    not null,
  unique (client, directive)
) without rowid;
insert into directive_ref (id, client, directive)
  select randomblob(16), client, id from directive group by client, id;
