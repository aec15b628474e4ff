-- A refusal is told to the sender of the message: when (null: nothing is owed), and by which message
-- of the hub's own (null: not told yet). Only what is owed is indexed, so a delivery that arrives
-- pays nothing for this.
alter table delivery add column tell integer;
alter table delivery add column told blob;
create index delivery_untold on delivery (tell) where tell is not null and told is null;
create index delivery_untold_of on delivery (subject, tell) where tell is not null and told is null;
