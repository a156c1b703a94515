-- Daemons and workers that share this database, with what each last said of itself.
create table processes (
    id uuid primary key,
    kind text not null,
    name text not null,
    version text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    figures jsonb not null
);
