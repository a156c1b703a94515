-- The installation: one row. Ids are blobs, instants RFC 3339 text, JSON text.
create table installation (
    id smallint primary key check (id = 1),
    log_id blob not null,
    -- Raised to empty every cache at once (see the cache module).
    epoch bigint not null default 1,
    -- Which cluster this is, so that a restored copy is noticed; null where the engine has no such thing.
    system_identifier text,
    -- The oldest migration number a daemon must know to run on this schema.
    compatible_from bigint not null default 1
);

create table users (
    id blob primary key,
    email text not null unique,
    name text not null,
    role text not null,
    status text not null,
    -- argon2id in PHC form; null for the embedded owner, who signs in by token only.
    password_hash text,
    version bigint not null,
    created_at text not null,
    updated_at text not null,
    last_login_at text
);
create index users_name on users (lower(name));

create table sessions (
    id blob primary key,
    user_id blob not null references users (id) on delete cascade,
    created_at text not null,
    expires_at text not null,
    revoked_at text
);
create index sessions_user on sessions (user_id);

-- Only digests; the successor of a used token is derived from it, not stored.
create table refresh_tokens (
    digest blob primary key,
    session_id blob not null references sessions (id) on delete cascade,
    created_at text not null,
    used_at text
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table api_tokens (
    id blob primary key,
    user_id blob not null references users (id) on delete cascade,
    name text not null,
    digest blob not null unique,
    created_at text not null,
    revoked_at text
);
create index api_tokens_user on api_tokens (user_id);

create table ingest_keys (
    id blob primary key,
    name text not null,
    source text not null,
    digest blob not null unique,
    created_at text not null,
    revoked_at text
);

-- The next reference of an incident; never reused.
create table incident_numbers (
    id smallint primary key check (id = 1),
    last bigint not null
);
insert into incident_numbers (id, last) values (1, 0);

create table incidents (
    id blob primary key,
    number bigint not null unique,
    title text not null,
    description text not null,
    status text not null,
    -- Rank: 0 low … 3 critical.
    priority smallint not null,
    -- True once a person chose it: alerts no longer change it.
    priority_chosen boolean not null,
    service text not null,
    labels text not null,
    assigned_to blob references users (id),
    created_by text not null,
    source text not null,
    version bigint not null,
    log_count bigint not null,
    firing_alerts bigint not null,
    -- Latest impact score; -1 until there is one, so that it orders pages.
    score double precision not null,
    created_at text not null,
    updated_at text not null,
    acknowledged_at text,
    resolved_at text,
    closed_at text,
    -- Time of its latest event: facts of one aggregate never run backwards.
    last_fact_at text not null
);
create index incidents_created on incidents (created_at desc, id desc);
create index incidents_updated on incidents (updated_at desc, id desc);
create index incidents_priority on incidents (priority desc, id desc);
create index incidents_score on incidents (score desc, id desc);
create index incidents_status on incidents (status, priority desc, id desc);
create index incidents_assigned on incidents (assigned_to);
create index incidents_service on incidents (service);

create table incident_labels (
    incident_id blob not null references incidents (id) on delete cascade,
    name text not null,
    value text not null,
    primary key (incident_id, name)
);
create index incident_labels_value on incident_labels (name, value, incident_id);

create table log_entries (
    id blob primary key,
    incident_id blob not null references incidents (id) on delete cascade,
    seq bigint not null,
    -- Rank: 0 trace … 5 fatal.
    level smallint not null,
    message text not null,
    source text not null,
    occurred_at text not null,
    fields text not null,
    unique (incident_id, seq)
);

-- One row per group of a sender; locked, it is where two replicas meet.
create table alert_groups (
    id blob primary key,
    source text not null,
    group_key text not null,
    incident_id blob references incidents (id) on delete set null,
    unique (source, group_key)
);
create index alert_groups_incident on alert_groups (incident_id);

create table alerts (
    id blob primary key,
    -- Null: it belongs to none, and is kept only to know its copies. Its incident was deleted, or it
    -- was over before anything fired.
    incident_id blob references incidents (id) on delete cascade,
    source text not null,
    fingerprint text not null,
    starts_at text not null,
    ends_at text,
    -- The latest end stated for this or an older episode of the fingerprint, where it lies behind
    -- the start. `ends_at` is this or the start of the next episode, whichever comes first.
    over_until text,
    status text not null,
    severity text not null,
    labels text not null,
    annotations text not null,
    generator_url text not null,
    repeats bigint not null,
    last_seen_at text not null,
    unique (source, fingerprint, starts_at)
);
create index alerts_incident on alerts (incident_id, status);

-- The outbox and the journal in one. `seq` is the order of insertion, `position` the order of reading.
create table events (
    seq integer primary key autoincrement,
    id blob not null unique,
    position bigint unique,
    aggregate_type text not null,
    aggregate_id blob not null,
    version bigint not null,
    event_type text not null,
    schema_version smallint not null,
    log_id blob not null,
    occurred_at text not null,
    source text not null,
    actor text not null,
    request_id text not null,
    caused_by blob,
    payload text not null,
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

-- One writer commits in order, so a fact can be numbered as it is written.
create trigger events_position after insert on events
begin
    update events set position = new.seq where seq = new.seq;
end;

create table idempotency_keys (
    actor text not null,
    route text not null,
    key text not null,
    request_hash text not null,
    answer text not null,
    created_at text not null,
    primary key (actor, route, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- Words of an incident, by its number.
create virtual table incident_words using fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);

create trigger incident_words_insert after insert on incidents
begin
    insert into incident_words (rowid, words)
    values (new.number, new.title || ' ' || new.description || ' ' || new.service || ' ' || new.labels);
end;

create trigger incident_words_update after update of title, description, service, labels on incidents
begin
    delete from incident_words where rowid = old.number;
    insert into incident_words (rowid, words)
    values (new.number, new.title || ' ' || new.description || ' ' || new.service || ' ' || new.labels);
end;

create trigger incident_words_delete after delete on incidents
begin
    delete from incident_words where rowid = old.number;
end;
