//! The file in the state folder that keeps what was asked and run by name. Only its owner may read it:
//! queries hold names of people and services.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::model::remembered::Remembered;
use crate::private;

/// More than this was not written by us.
const BYTES_MAX: u64 = 1 << 20;

pub fn file(state: &Path) -> PathBuf {
    state.join("history.json")
}

/// What is kept; a file that cannot be read is said in a sentence, and begun anew at the next query.
pub fn read(file: &Path) -> (Remembered, Option<String>) {
    let size = std::fs::metadata(file).map_or(0, |there| there.len());
    let text =
        if size > BYTES_MAX { Err(ErrorKind::FileTooLarge.into()) } else { private::read(file) };
    let told = |why: String| {
        let text = format!("What you asked before is forgotten: {}: {why}", file.display());
        (Remembered::default(), Some(text))
    };
    match text {
        Ok(None) => Default::default(),
        Ok(Some(text)) => match serde_json::from_str(&text) {
            Ok(kept) => (kept, None),
            Err(error) => told(error.to_string()),
        },
        Err(error) => told(error.to_string()),
    }
}

/// Writes the newest of what is to be kept, until nobody can tell any more.
pub async fn keep(file: PathBuf, mut wanted: watch::Receiver<Remembered>) {
    while wanted.changed().await.is_ok() {
        let (file, newest) = (file.clone(), wanted.borrow_and_update().clone());
        // A disk that takes nothing costs the person no more than this list.
        let _ = spawn_blocking(move || write(&file, newest)).await;
    }
}

fn write(file: &Path, newest: Remembered) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        private::folder(folder)?;
    }
    let (other, _) = read(file);
    // Plain lists of texts always have a text.
    let text = serde_json::to_string_pretty(&newest.after(other)).unwrap_or_default();
    private::write(file, &text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn queries(all: &[&str]) -> Remembered {
        let queries = all.iter().map(|it| (*it).to_owned()).collect();
        Remembered { queries, run: Vec::new() }
    }

    /// In a folder that nobody else may enter, as the state folder is.
    fn private_file(folder: &Path) -> PathBuf {
        let state = folder.join("state");
        private::folder(&state).unwrap();
        file(&state)
    }

    #[test]
    fn it_is_written_for_the_owner_alone_and_read_back_with_what_others_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder.path().join("state"));
        assert_eq!(read(&file), (Remembered::default(), None));
        write(&file, queries(&["a", "b"])).unwrap();
        write(&file, queries(&["c"])).unwrap();
        assert_eq!(read(&file), (queries(&["a", "b", "c"]), None));
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_broken_is_said_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = private_file(folder.path());
        for broken in ["{", "[1]", "{\"queries\": 7}", &"x".repeat(2 << 20)] {
            private::write(&file, broken).unwrap();
            let (kept, told) = read(&file);
            assert_eq!(kept, Remembered::default());
            assert!(told.is_some_and(|it| it.contains("history.json")), "{broken:.20}");
            write(&file, queries(&["a"])).unwrap();
            assert_eq!(read(&file), (queries(&["a"]), None));
        }
    }

    #[tokio::test]
    async fn the_last_word_is_written_before_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = private_file(folder.path());
        let (tell, wanted) = watch::channel(Remembered::default());
        let mut keeps = tokio::task::JoinSet::new();
        keeps.spawn(keep(file.clone(), wanted));
        for number in 0..20 {
            tell.send_replace(queries(&[&number.to_string(), "last"]));
        }
        drop(tell);
        keeps.join_next().await.unwrap().unwrap();
        assert_eq!(read(&file).0.queries.last().map(String::as_str), Some("last"));
    }
}
