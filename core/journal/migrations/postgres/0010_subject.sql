-- Which of its groups each writer committed last: what tells whether a commit was made whose answer was
-- lost. A transaction's number does not tell it, since a server that was killed gives it again. A row of
-- a few bytes for each start of a hub; nobody removes it.
create table writer (
  id          bytea   primary key,
  made        bigint  not null
);
