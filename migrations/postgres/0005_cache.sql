-- Which Redis holds what is cached, which database of it, and the shapes of the values; null where no
-- daemon ever used one. Changed together with the epoch, always.
alter table installation add column cache_identity text;
