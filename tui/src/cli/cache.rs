//! `cache`: what the cache has done, in the words of the screen.

use watchfire_shared::cache::{Band, BreakerState, CacheCounts, CacheStats, Window};

use super::output::{Out, Table, Tone};
use super::{Done, args, operate, words};
use crate::client::Client;
use crate::clock;
use crate::model::cache::{self, amount, hit_rate, millis, percent, rate_of, verdict};
use crate::safe::SafeText;

pub async fn perform(client: &Client, out: &mut Out, what: args::Cache) -> Done {
    match what {
        args::Cache::Stats => stats(client, out).await,
        args::Cache::Demo => operate::demo(client, out).await,
        args::Cache::Keys(which) => operate::keys(client, out, &which).await,
        args::Cache::Ttl { name } => operate::ttl(client, out, &name).await,
        args::Cache::Purge(what) => operate::purge(client, out, &what).await,
    }
}

async fn stats(client: &Client, out: &mut Out) -> Done {
    let stats = client.cache_stats().await?;
    if out.json {
        return Ok(out.value(&stats)?);
    }
    for (name, tone, value) in facts(&stats, if out.utf8 { "×" } else { "x" }) {
        let name = out.paint(Tone::Dim, &format!("{name:<9}"));
        let value = out.paint(tone, out.safe(&value).as_str());
        out.line(&format!("{name} {value}"))?;
    }
    if stats.kind == cache::NONE {
        return Ok(());
    }
    out.line("")?;
    by_type(&stats).print(out)?;
    if stats.fleet.processes.len() > 1 {
        out.line("")?;
        by_process(&stats, out).print(out)?;
    }
    Ok(())
}

fn facts(stats: &CacheStats, times: &str) -> Vec<(&'static str, Tone, String)> {
    if stats.kind == cache::NONE {
        let [none, advice] = cache::NO_CACHE.map(str::to_owned);
        return vec![("cache", Tone::Attention, none), ("", Tone::Plain, advice)];
    }
    let counts = &stats.counts;
    let plain = |name, parts: &[String]| (name, Tone::Plain, parts.join(", "));
    let errors = cache::errors(counts);
    let lookup = stats.window("5m").lookup;
    let [p50, p95, p99] = [lookup.p50, lookup.p95, lookup.p99].map(millis);
    let mut facts = vec![
        ("cache", Tone::Plain, stats.kind.clone()),
        rate(stats),
        ("lately", Tone::Plain, lately(stats)),
        ("lookups", Tone::Plain, format!("p50 {p50}, p95 {p95}, p99 {p99} ms over 5 minutes")),
        plain("in all", &cache::saved(counts)),
    ];
    if stats.kind == "redis" {
        facts.push(breaker(stats));
        facts.push(match &stats.redis {
            Some(redis) => plain("redis", &cache::redis(redis)),
            None => ("redis", Tone::Attention, "it does not say how it is".to_owned()),
        });
    } else {
        facts.push(plain("holds", &cache::held(stats)));
    }
    facts.push(plain("writes", &cache::writes(counts)));
    facts.push(if errors.is_empty() {
        ("errors", Tone::Dim, "none".to_owned())
    } else {
        ("errors", Tone::Attention, errors.join(", "))
    });
    if let Some((kind, cause)) = stats.worst() {
        let cause = cache::explained(cause);
        facts.push(("likely", Tone::Attention, format!("{kind} {cause}")));
    }
    if stats.fleet.processes.len() > 1 {
        facts.push(plain("fleet", &cache::fleet(stats)));
    }
    if counts.total > 0 {
        let (average, formula) = (millis(stats.t_average), cache::formula(stats, times));
        let database = millis(stats.t_db);
        facts.push(("average", Tone::Plain, format!("{average} ms = {formula}")));
        facts.push(("", Tone::Dim, format!("since the start; without a cache {database} ms")));
    }
    facts
}

fn rate(stats: &CacheStats) -> (&'static str, Tone, String) {
    let tone = if stats.in_use() { tone(&stats.recent()) } else { Tone::Bad };
    let rate = hit_rate(stats).map(|rate| format!("{rate} % in 5 minutes, "));
    ("hit rate", tone, rate.unwrap_or_default() + verdict(stats))
}

fn tone(recent: &CacheCounts) -> Tone {
    match recent.band() {
        _ if recent.is_failing() => Tone::Bad,
        Some(Band::Excellent | Band::Good) => Tone::Done,
        Some(Band::Fair | Band::Poor) => Tone::Attention,
        Some(Band::NotWorking) => Tone::Bad,
        None => Tone::Dim,
    }
}

fn lately(stats: &CacheStats) -> String {
    let shown = ["now", "1m", "5m"].map(|name| {
        let counts = stats.window(name).counts;
        let unit = if counts.is_failing() { "" } else { " %" };
        match rate_of(&counts) {
            Some(rate) => format!("{name} {rate}{unit}"),
            None => format!("{name} -"),
        }
    });
    shown.join(", ")
}

fn breaker(stats: &CacheStats) -> (&'static str, Tone, String) {
    let now = clock::now();
    let since = stats.breaker_changes.last();
    let since = since.map(|change| format!(" since {}", words::time(change.at, now)));
    let why = cache::why_broken(stats).map(|why| format!(", {why}"));
    let state = cache::breaker(stats.breaker);
    let tone = match stats.breaker {
        BreakerState::Open | BreakerState::HalfOpen => Tone::Attention,
        BreakerState::Closed | BreakerState::Off => Tone::Plain,
    };
    ("breaker", tone, [state, &since.unwrap_or_default(), &why.unwrap_or_default()].concat())
}

fn by_type(stats: &CacheStats) -> Table {
    let mut table = Table::new(7);
    table.row(heads(&["TYPE", "5M %", "P95 MS", "HITS", "MISSES", "FILLS", "REFUSED", "LIKELY"]));
    for (kind, of_type) in &stats.by_type {
        let counts = &of_type.counts;
        let Window { counts: recent, lookup } = &of_type.recent;
        let p95 = if lookup.p99 > 0.0 { millis(lookup.p95) } else { "-".to_owned() };
        let why = stats.cause_of(*kind).map(|cause| cause.to_string());
        let cell = |tone, text: &str| (tone, SafeText::line(text));
        table.row(vec![
            cell(Tone::Strong, kind.as_str()),
            cell(tone(recent), &rate_of(recent).unwrap_or_else(|| "-".to_owned())),
            cell(Tone::Plain, &p95),
            cell(Tone::Plain, &amount(counts.hits)),
            cell(Tone::Plain, &amount(counts.misses)),
            cell(Tone::Plain, &amount(counts.fills)),
            cell(Tone::Plain, &amount(counts.fills_refused)),
            cell(Tone::Attention, &why.unwrap_or_default()),
        ]);
    }
    table
}

fn by_process(stats: &CacheStats, out: &Out) -> Table {
    let mut table = Table::new(0);
    table.row(heads(&["PROCESS", "HITS", "MISSES", "RATE", "BREAKER"]));
    for process in &stats.fleet.processes {
        let counts = &process.counts;
        let rate = percent(counts.hits, counts.misses).unwrap_or_else(|| "-".to_owned());
        table.row(vec![
            (Tone::Strong, out.safe(&process.name)),
            (Tone::Plain, SafeText::line(&amount(counts.hits))),
            (Tone::Plain, SafeText::line(&amount(counts.misses))),
            (Tone::Plain, SafeText::line(&rate)),
            (Tone::Plain, SafeText::line(cache::breaker(process.breaker))),
        ]);
    }
    table
}

fn heads(names: &[&str]) -> Vec<(Tone, SafeText)> {
    names.iter().map(|name| (Tone::Dim, SafeText::line(name))).collect()
}

#[cfg(test)]
mod tests {
    use watchfire_shared::cache::{BreakerChange, CacheType, TypeStats};

    use super::*;

    fn says(stats: &CacheStats) -> String {
        let facts = facts(stats, "x").into_iter();
        let lines: Vec<_> = facts.map(|(name, _, value)| format!("{name}: {value}\n")).collect();
        lines.concat()
    }

    #[test]
    fn no_cache_is_said_clearly() {
        let none = CacheStats { kind: "none".to_owned(), ..CacheStats::default() };
        let text = says(&none);
        assert!(text.starts_with("cache: no cache: PostgreSQL without Redis\n"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn a_cache_nobody_asked_claims_nothing() {
        let fresh = CacheStats { kind: "memory".to_owned(), ..CacheStats::default() };
        let text = says(&fresh);
        for line in ["hit rate: no lookups yet", "lately: now -, 1m -, 5m -", "errors: none"] {
            assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        }
        assert!(!text.contains("average") && !text.contains("likely"), "{text}");
    }

    #[test]
    fn trouble_is_said_with_what_to_do() {
        let counts = CacheCounts {
            hits: 10,
            misses: 90,
            fills: 90,
            invalidations: 80,
            ..Default::default()
        };
        let recent = Window { counts: counts.rated(), ..Window::default() };
        let of_type = TypeStats { recent: recent.clone(), ..TypeStats::default() };
        let stats = CacheStats {
            kind: "redis".to_owned(),
            windows: [("5m".to_owned(), recent)].into(),
            by_type: [(CacheType::User, of_type)].into(),
            breaker: BreakerState::Closed,
            ..CacheStats::default()
        };
        let text = says(&stats);
        for part in [
            "hit rate: 10.0 % in 5 minutes, poor\n",
            "likely: user invalidated too often: fewer writes",
            "redis: it does not say how it is\n",
        ] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
        let change = |state, reason: Option<&str>| BreakerChange {
            state,
            at: clock::now(),
            reason: reason.map(str::to_owned),
        };
        let broken = CacheStats {
            breaker: BreakerState::HalfOpen,
            breaker_changes: vec![
                change(BreakerState::Open, Some("there is no connection")),
                change(BreakerState::HalfOpen, None),
            ],
            ..stats
        };
        let text = says(&broken);
        for part in [
            "hit rate: not in use\n",
            "breaker: half open since ",
            ", Redis: there is no connection\n",
        ] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
        assert!(!text.contains("likely"), "{text}");
    }
}
