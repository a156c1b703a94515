-- What each consumer has handled of each aggregate: every version below the next one.
create table inbox (
    consumer text not null,
    aggregate_id blob not null,
    next_version bigint not null,
    primary key (consumer, aggregate_id)
);

create table consumers (
    name text primary key,
    -- Every fact up to this position is handled; where the journal is what it reads.
    handled bigint not null,
    -- Up to this position no fact is missing from the inbox.
    swept bigint not null
);

-- What happened before there was a worker is history.
insert into inbox (consumer, aggregate_id, next_version)
    select 'worker', aggregate_id, max(version) + 1 from events group by aggregate_id;
insert into consumers (name, handled, swept)
    select 'worker', coalesce(max(position), 0), coalesce(max(position), 0) from events;

-- What a consumer could not handle, and what follows it within its aggregate.
create table dead_letters (
    id blob primary key,
    consumer text not null,
    -- Null where no event could be read.
    aggregate_id blob,
    version bigint,
    event text,
    bytes blob,
    cause text not null,
    attempts bigint not null,
    -- Where it was read: topic, partition, offset.
    place text,
    parked_at text not null,
    -- Somebody wants it to be handled again.
    redrive boolean not null,
    -- When the copy in the topic of dead letters was acknowledged.
    copied_at text,
    -- Who discarded it, when and why.
    discarded text,
    unique (consumer, aggregate_id, version)
);
create index dead_letters_waiting on dead_letters (id) where discarded is null;
create index dead_letters_place on dead_letters (consumer, place) where bytes is not null;
create index dead_letters_redrive on dead_letters (consumer) where redrive;
create index dead_letters_uncopied on dead_letters (consumer) where copied_at is null;

create table assessments (
    id blob primary key,
    incident_id blob not null references incidents (id) on delete cascade,
    component text not null,
    status text not null,
    progress smallint not null,
    requested_by text not null,
    started_at text not null,
    completed_at text,
    parameter_version integer not null,
    summary text,
    error text
);
create index assessments_incident on assessments (incident_id, id);

-- Incidents that changed and are to be assessed once they are quiet.
create table assessment_requests (
    incident_id blob primary key,
    -- The fact that asked for it.
    caused_by blob not null,
    due_at text not null,
    -- However busy it is, not later than this.
    latest_at text not null
);
create index assessment_requests_due on assessment_requests (due_at);
