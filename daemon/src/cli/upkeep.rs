//! `check`, `prune` and `restored`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::app::{self, Error};
use crate::clock;
use crate::config::{Config, SecretSource};
use crate::service::admin::Admin;
use crate::state::StateDir;
use crate::store::probe;

/// Tests everything the daemon depends on; fails when something is wrong.
pub async fn check(config: &Config) -> ExitCode {
    let database = probe::probe(&config.database.url.0).await;
    let database = database
        .map(|there| format!("{} ({there})", config.database.url.place()))
        .map_err(|error| format!("{}: {}", config.database.url.place(), app::reason(&error)));
    let state = StateDir::open(&config.state_dir).map(|_| config.state_dir.display().to_string());
    let broker = match &config.kafka {
        #[cfg(feature = "kafka")]
        Some(kafka) => Some(("kafka", crate::outbox::check_broker(kafka).await)),
        _ => None,
    };
    let cache = match &config.cache.redis {
        Some(redis) => {
            let checked = app::redis_settings(redis).check().await;
            let place = redis.url.place();
            let told = match checked {
                Ok(version) => Ok(format!("{place} ({version})")),
                Err(error) => Err(format!("{place}: {error}")),
            };
            Some(("cache", told))
        }
        None => None,
    };
    let checks = [
        ("state folder", state.map_err(|error| error.to_string())),
        ("secret", secret(config)),
        ("database", database),
    ];
    let mut wrong = false;
    for (name, result) in checks.into_iter().chain(cache).chain(broker) {
        let (word, text) = match result {
            Ok(text) => ("ok", text),
            Err(text) => ("WRONG", text),
        };
        wrong |= word == "WRONG";
        println!("{word:<6} {name:<13} {text}");
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn secret(config: &Config) -> Result<String, String> {
    match &config.auth_secret {
        SecretSource::Given(_) => Ok("given".to_owned()),
        SecretSource::Own => Ok("made and kept in the state folder".to_owned()),
        SecretSource::File(path) => {
            app::read_secret(path).map(|_| path.display().to_string()).map_err(|e| e.to_string())
        }
    }
}

/// Removes what is older than `before`, or only says what that would be.
pub async fn prune(
    admin: &Admin,
    config: &Config,
    before: DateTime<Utc>,
    dry_run: bool,
) -> Result<(), Error> {
    let publishes = config.kafka.is_some();
    let old = admin.old(before, publishes).await?;
    let what = format!(
        "{} events, {} sessions, {} kept answers from before {}",
        old.events,
        old.sessions,
        old.idempotency_keys,
        before.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    );
    if dry_run {
        println!("would remove {what}");
        return Ok(());
    }
    let live = std::io::stderr().is_terminal();
    let told = |gone| {
        if live {
            // Nobody is left to be told where it cannot be written.
            let _ = write!(std::io::stderr(), "\rremoved {gone} of {} events", old.events);
        }
    };
    admin.prune(before, publishes, told).await?;
    if live {
        eprintln!();
    }
    println!("removed {what}");
    Ok(())
}

/// Begins a new journal after a restore.
pub async fn restored(admin: &Admin) -> Result<(), Error> {
    let log_id = admin.restored().await?;
    println!("the journal begins anew as {log_id}: start every daemon and worker again");
    Ok(())
}

/// `30d`, `12h`, `2026-01-31` or an RFC 3339 instant; ages count back from now.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let age = text.strip_suffix('d').map(|days| (days, 24 * 3_600));
    age.or_else(|| text.strip_suffix('h').map(|hours| (hours, 3_600)))
        .and_then(|(number, seconds)| number.parse::<u32>().ok().map(|n| i64::from(n) * seconds))
        .and_then(|seconds| clock::now().checked_sub_signed(TimeDelta::seconds(seconds)))
        .ok_or_else(|| {
            "must be an age such as 30d or 12h, a day such as 2026-01-31, or an RFC 3339 instant"
                .to_owned()
        })
}
