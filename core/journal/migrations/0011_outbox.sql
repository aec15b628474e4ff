-- What one group is to tell of one lane stands in one row: further places of deliveries, in decimal, with a
-- space between. A row for each of them cost the server three indexes' entries, twice.
alter table outbox add column more text;
