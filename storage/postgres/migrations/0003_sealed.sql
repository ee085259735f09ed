-- What people typed, and whom it is about, is sealed; the keys of it stand here, wrapped with a main key that does not.
-- A dump that is to hold nothing readable of cases erased later leaves this table out: it is dumped apart.
create table case_keys (
    name    text primary key,
    wrapped text,
    erased  json
);

-- Of a row of work the wrapped key of its case: read with the row, so that no key outlives its case in memory.
create function key_of(of_case text) returns text language sql stable as
    'select wrapped from case_keys where name = coalesce(''case.'' || of_case, ''own.post'')';

-- The newest link of each case's chain, apart from its events; it outlives them.
create table heads (
    case_id text primary key,
    n       integer not null,
    link    text not null
);

-- 0 while there may be rows of an earlier version, in the clear: they are sealed when a Pathway opens the database.
insert into revisions (name, n) values ('sealed', 0);
