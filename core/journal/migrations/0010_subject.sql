-- What pends about a client is asked for by her index alone. While this one held the same rows as that of
-- what pends for a system, PostgreSQL took that one where it thought it small, and went through all of it
-- for each client: it is full of what has gone.
drop index delivery_subject;
create index delivery_subject on delivery (subject) where state + 0 < 10;
