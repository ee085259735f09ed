-- Who saw what of which case, and when: ids and words of ours alone.
create table reads (
    case_id text not null references cases on delete cascade,
    person  text not null,
    saw     text not null,
    at      timestamptz not null,
    primary key (case_id, at, person, saw)
);
create index reads_of_person on reads (person, at);

-- The administrators' log: only ever added to, sealed, each entry chained to the one before.
create table acts (
    n      integer primary key,
    sealed text not null,
    link   text not null
);
