-- The place of an entry follows from the last one's, without a gap, as the tree over them needs it. A
-- sequence leaves gaps where a transaction is rolled back. Whoever appends holds the writers' lock.
create function next_entry() returns bigint language sql volatile
  as 'select coalesce(max(seq), 0) + 1 from disclosure';
alter table disclosure alter column seq drop identity;
alter table disclosure alter column seq set default next_entry();
