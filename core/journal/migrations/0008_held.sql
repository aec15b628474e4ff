-- Held deliveries wait for a person, as dead letters do.
create index delivery_held on delivery (destination, seq) where state = 15;
create index delivery_held_subject on delivery (subject) where state = 15;
