-- What has left the database for Kafka: not yet, then published, or failed with its cause.
alter table events add column published_at text;
alter table events add column failed_at text;
alter table events add column attempts integer not null default 0;
alter table events add column last_error text;
create index events_unpublished on events (position) where published_at is null;
create index events_failed on events (aggregate_id, version) where failed_at is not null;
