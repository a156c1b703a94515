-- The installation: one row.
create table installation (
    id smallint primary key check (id = 1),
    log_id uuid not null,
    -- Raised to empty every cache at once (see the cache module).
    epoch bigint not null default 1,
    -- Which cluster this is, so that a restored copy is noticed; null where the engine has no such thing.
    system_identifier text,
    -- The oldest migration number a daemon must know to run on this schema.
    compatible_from bigint not null default 1
);

create table users (
    id uuid primary key,
    email text not null unique,
    name text not null,
    role text not null,
    status text not null,
    -- argon2id in PHC form; null for the embedded owner, who signs in by token only.
    password_hash text,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_login_at timestamptz
);
create index users_name on users (lower(name));

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_user on sessions (user_id);

-- Only digests; the successor of a used token is derived from it, not stored.
create table refresh_tokens (
    digest bytea primary key,
    session_id uuid not null references sessions (id) on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table api_tokens (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    name text not null,
    digest bytea not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);

create table ingest_keys (
    id uuid primary key,
    name text not null,
    source text not null,
    digest bytea not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);

-- The next reference of an incident; never reused, with gaps where a transaction failed.
create sequence incident_number;

create table incidents (
    id uuid primary key,
    number bigint not null unique,
    title text not null,
    description text not null,
    status text not null,
    -- Rank: 0 low … 3 critical.
    priority smallint not null,
    -- True once a person chose it: alerts no longer change it.
    priority_chosen boolean not null,
    service text not null,
    labels jsonb not null,
    assigned_to uuid references users (id),
    created_by jsonb not null,
    source text not null,
    version bigint not null,
    log_count bigint not null,
    firing_alerts bigint not null,
    -- Latest impact score; -1 until there is one, so that it orders pages.
    score double precision not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    acknowledged_at timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    -- Time of its latest event: facts of one aggregate never run backwards.
    last_fact_at timestamptz not null,
    -- Words of an incident. Punctuation is taken out first: the parser would keep a host, a path or
    -- `db-1` as one word, and SQLite's does not.
    words tsvector generated always as (to_tsvector('simple'::regconfig, translate(
        title || ' ' || description || ' ' || service || ' ' || cast(labels as text),
        '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)
    ))) stored
);
create index incidents_created on incidents (created_at desc, id desc);
create index incidents_updated on incidents (updated_at desc, id desc);
create index incidents_priority on incidents (priority desc, id desc);
create index incidents_score on incidents (score desc, id desc);
create index incidents_status on incidents (status, priority desc, id desc);
create index incidents_assigned on incidents (assigned_to);
create index incidents_service on incidents (service);
create index incidents_words on incidents using gin (words);

create table incident_labels (
    incident_id uuid not null references incidents (id) on delete cascade,
    name text not null,
    value text not null,
    primary key (incident_id, name)
);
create index incident_labels_value on incident_labels (name, value, incident_id);

create table log_entries (
    id uuid primary key,
    incident_id uuid not null references incidents (id) on delete cascade,
    seq bigint not null,
    -- Rank: 0 trace … 5 fatal.
    level smallint not null,
    message text not null,
    source text not null,
    occurred_at timestamptz not null,
    fields jsonb not null,
    unique (incident_id, seq)
);

-- One row per group of a sender; locked, it is where two replicas meet.
create table alert_groups (
    id uuid primary key,
    source text not null,
    group_key text not null,
    incident_id uuid references incidents (id) on delete set null,
    unique (source, group_key)
);
create index alert_groups_incident on alert_groups (incident_id);

create table alerts (
    id uuid primary key,
    -- Null: it belongs to none, and is kept only to know its copies. Its incident was deleted, or it
    -- was over before anything fired.
    incident_id uuid references incidents (id) on delete cascade,
    source text not null,
    fingerprint text not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    -- The latest end stated for this or an older episode of the fingerprint, where it lies behind
    -- the start. `ends_at` is this or the start of the next episode, whichever comes first.
    over_until timestamptz,
    status text not null,
    severity text not null,
    labels jsonb not null,
    annotations jsonb not null,
    generator_url text not null,
    repeats bigint not null,
    last_seen_at timestamptz not null,
    unique (source, fingerprint, starts_at)
);
create index alerts_incident on alerts (incident_id, status);

-- The outbox and the journal in one. `seq` is the order of insertion, `position` the order of reading.
create table events (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    position bigint unique,
    aggregate_type text not null,
    aggregate_id uuid not null,
    version bigint not null,
    event_type text not null,
    schema_version smallint not null,
    log_id uuid not null,
    occurred_at timestamptz not null,
    source text not null,
    actor jsonb not null,
    request_id text not null,
    caused_by uuid,
    payload jsonb not null,
    unique (aggregate_id, version)
);
create index events_unpositioned on events (seq) where position is null;
create index events_type on events (event_type, position);

-- The last position given.
create table event_positions (
    id smallint primary key check (id = 1),
    last bigint not null
);
insert into event_positions (id, last) values (1, 0);

create table idempotency_keys (
    actor text not null,
    route text not null,
    key text not null,
    request_hash text not null,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (actor, route, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);
