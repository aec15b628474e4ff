-- A reference is sealed, so it is bytes.
alter table message alter column reference type bytea using convert_to(reference, 'UTF8');
