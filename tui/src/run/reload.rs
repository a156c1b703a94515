//! Watches `config.toml` and the themes beside it, and reads them again when they change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Config;

/// Between two looks. A notice of the system would come sooner, and not from every file system.
const EVERY: Duration = Duration::from_secs(2);

/// What came of reading it again: all of it, or why not.
pub type Read = Result<Box<Config>, String>;

/// Tells of each change to whoever listens, until nobody does.
pub async fn watch(file: PathBuf, context: Option<String>, to: mpsc::Sender<Read>) {
    let mut seen = None;
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let (file, context, before) = (file.clone(), context.clone(), seen.clone());
        // A home folder far away may take its time.
        let looked = spawn_blocking(move || look(&file, context.as_deref(), before.as_ref())).await;
        let Ok((stamp, read)) = looked else {
            return;
        };
        seen = Some(stamp);
        if let Some(read) = read
            && to.send(read).await.is_err()
        {
            return;
        }
    }
}

/// Each file with the time and the length it had.
type Stamp = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

/// Reads only when something is other than before; the first look is no change.
fn look(file: &Path, context: Option<&str>, before: Option<&Stamp>) -> (Stamp, Option<Read>) {
    let stamp = stamp(file);
    let changed = before.is_some_and(|before| *before != stamp);
    (stamp, changed.then(|| Config::load(context).map(Box::new)))
}

fn stamp(file: &Path) -> Stamp {
    let themes = fs::read_dir(file.with_file_name("themes")).into_iter().flatten();
    let mut files: Vec<PathBuf> = themes.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.push(file.to_owned());
    let of = |file: &PathBuf| {
        let there = fs::metadata(file).ok()?;
        Some((there.modified().ok()?, there.len()))
    };
    files.into_iter().map(|file| (file.clone(), of(&file))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_tells_of_what_changed_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let (first, read) = look(&file, None, None);
        assert!(read.is_none(), "nothing was there before");
        assert!(look(&file, None, Some(&first)).1.is_none());
        fs::write(&file, "color = true").unwrap();
        let (second, read) = look(&file, None, Some(&first));
        assert!(read.is_some(), "it is there now");
        assert!(look(&file, None, Some(&second)).1.is_none());
        fs::create_dir(folder.path().join("themes")).unwrap();
        fs::write(folder.path().join("themes/mine.toml"), "bad = \"red\"").unwrap();
        let (third, read) = look(&file, None, Some(&second));
        assert!(read.is_some(), "a theme came");
        fs::remove_file(&file).unwrap();
        assert!(look(&file, None, Some(&third)).1.is_some(), "it went");
    }
}
