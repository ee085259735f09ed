-- The moments at which requests left for the tenant, over all bots. Nothing is lost with it: it is of the last second.
create unlogged table pace (only_one boolean primary key default true check (only_one), moments timestamptz[] not null);

-- Gives out up to *wanted* moments, each once, none more than *patience* away: the seconds until each, rising. In each of
-- the *spans* there are never more than the number of *counts* at the same place. Where fewer are given out, the last row
-- is what one more would have had to wait, and is_given is false. One short transaction a call: callers wait in line.
create function take_pace(wanted integer, patience interval, spans interval[], counts integer[])
returns table (seconds double precision, is_given boolean) language plpgsql as $$
declare
    started timestamptz;
    kept timestamptz[];
    at timestamptz;
    most integer := (select max(n) from unnest(counts) as n);
begin
    insert into pace (moments) values ('{}') on conflict do nothing;
    select moments into kept from pace for update;
    started := clock_timestamp();
    for n in 1 .. wanted loop
        at := greatest(started, kept[cardinality(kept)]);
        for i in 1 .. cardinality(spans) loop
            if cardinality(kept) >= counts[i] then
                at := greatest(at, kept[cardinality(kept) - counts[i] + 1] + spans[i]);
            end if;
        end loop;
        seconds := extract(epoch from at - started);
        is_given := at - started <= patience;
        return next;
        exit when not is_given;
        kept := kept || at;
    end loop;
    update pace set moments = kept[greatest(1, cardinality(kept) - most + 1):];
end
$$;
