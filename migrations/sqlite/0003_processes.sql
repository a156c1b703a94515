-- Daemons and workers that share this database, with what each last said of itself.
create table processes (
    id blob primary key,
    kind text not null,
    name text not null,
    version text not null,
    started_at text not null,
    seen_at text not null,
    figures text not null
);
