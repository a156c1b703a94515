//! `cache demo`, `keys`, `ttl` and `purge`: the cache at work, looked into and cleared out.

use watchfire_shared::cache::{CacheKey, Holds, PurgeIn, Purged};

use super::args::{CacheKeys, Purge};
use super::output::{Out, Table, Tone};
use super::{Done, pages, progress};
use crate::client::{CacheKeyQuery, Client};
use crate::model::cache::{amount, bytes};
use crate::model::demonstration::{self, Line};
use crate::safe::SafeText;

pub async fn demo(client: &Client, out: &mut Out) -> Done {
    progress("measuring for a few seconds, on an incident that is removed again");
    let demo = client.cache_demo().await?;
    if out.json {
        return Ok(out.value(&demo)?);
    }
    for line in demonstration::lines(&demo) {
        let text = match line {
            Line::Title(title, says) => {
                format!("{}  {says}", out.paint(Tone::Strong, title))
            }
            Line::Head(text) => out.paint(Tone::Dim, &text),
            Line::Row(text) => out.safe(&text).as_str().to_owned(),
            Line::Gap => String::new(),
        };
        out.line(&text)?;
    }
    Ok(())
}

pub async fn keys(client: &Client, out: &mut Out, which: &CacheKeys) -> Done {
    let page = pages::up_to(which.limit, async |limit, cursor| {
        let query = CacheKeyQuery { kind: which.kind.clone(), limit: Some(limit), cursor };
        client.cache_keys(&query).await
    })
    .await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    if page.items.is_empty() {
        return Ok(out.line("Nothing is cached under such a name")?);
    }
    let mut table = Table::new(4);
    let heads = ["TYPE", "HOLDS", "BYTES", "LEFT", "NAME"];
    table.row(heads.map(|head| (Tone::Dim, SafeText::line(head))).to_vec());
    for key in &page.items {
        table.row(vec![
            (Tone::Strong, out.safe(&key.kind)),
            (tone(key.holds), SafeText::line(holds(key.holds))),
            (Tone::Plain, SafeText::line(&amount(key.bytes))),
            (Tone::Plain, SafeText::line(&left(key))),
            (Tone::Plain, out.safe(&key.name)),
        ]);
    }
    table.print(out)?;
    if page.next_cursor.is_some() {
        let foot = format!("{} names; there are more (--limit)", page.items.len());
        out.line(&out.paint(Tone::Dim, &foot))?;
    }
    Ok(())
}

pub async fn ttl(client: &Client, out: &mut Out, name: &str) -> Done {
    let key = client.cache_key(name).await?;
    if out.json {
        return Ok(out.value(&key)?);
    }
    let holds = out.paint(tone(key.holds), holds(key.holds));
    let kind = out.safe(&key.kind);
    let says = format!("{} left, {kind} {holds}, {}", left(&key), bytes(key.bytes));
    Ok(out.line(&says)?)
}

pub async fn purge(client: &Client, out: &mut Out, what: &Purge) -> Done {
    let purge = PurgeIn { old: what.old, others: what.others, all: what.all };
    let purged = client.purge_cache(&purge).await?;
    if out.json {
        return Ok(out.value(&purged)?);
    }
    if purge.old || purge.others {
        out.line(&removed(purged))?;
    }
    if purged.epoch_raised {
        out.line(
            "The epoch is raised: what was cached is absent from now on, in every daemon, and ends \
             by its time; `watchfire cache purge --old` removes it at once.",
        )?;
    }
    Ok(())
}

fn removed(purged: Purged) -> String {
    match purged.removed {
        0 => "Nothing to remove".to_owned(),
        1 => format!("Removed 1 name, {}", bytes(purged.bytes)),
        n => format!("Removed {} names, {}", amount(n), bytes(purged.bytes)),
    }
}

fn left(key: &CacheKey) -> String {
    key.seconds_left.map_or_else(|| "no end".to_owned(), |seconds| format!("{seconds:.0} s"))
}

const fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::NotFound => "not found",
        Holds::OtherSchema => "other schema",
        other => other.as_str(),
    }
}

const fn tone(holds: Holds) -> Tone {
    match holds {
        Holds::Value | Holds::NotFound => Tone::Plain,
        Holds::Lease => Tone::Work,
        Holds::Generation | Holds::Stale | Holds::Other => Tone::Dim,
        Holds::OtherSchema => Tone::Attention,
    }
}
