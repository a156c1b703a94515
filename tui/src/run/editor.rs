//! The person's own editor, on a file that only they can read and that is gone afterwards.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::event::{Failure, FailureKind, Outcome};
use crate::private;

/// An editor that is asked to end has this long to save what it likes.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Opens `text` in the editor `command` and answers with what became of it; none when `end` came
/// first. The file lies in a folder of its own below `state`, which goes with all that an editor
/// leaves there.
pub async fn write(
    command: &str,
    state: &Path,
    name: &str,
    text: &str,
    end: impl Future<Output = ()>,
) -> Option<Outcome> {
    match edit(command, state, name, text, end).await {
        Ok(outcome) => outcome,
        Err(message) => Some(Outcome::Failed(Failure::new(FailureKind::Refused, message))),
    }
}

async fn edit(
    command: &str,
    state: &Path,
    name: &str,
    text: &str,
    end: impl Future<Output = ()>,
) -> Result<Option<Outcome>, String> {
    let words = shlex::split(command).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Err(format!("The editor `{command}` is no command; set VISUAL or EDITOR"));
    };
    let unusable = |error| format!("{} cannot hold the text: {error}", state.display());
    private::folder(state).map_err(unusable)?;
    let folder = tempfile::Builder::new()
        .prefix("write-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(state)
        .map_err(unusable)?;
    let path = folder.path().join(name);
    private::write(&path, text).map_err(unusable)?;
    let child = Command::new(program).args(arguments).arg(&path).spawn();
    let mut child = child.map_err(|error| missing(program, &error))?;
    let status = tokio::select! {
        status = child.wait() => status,
        () = end => {
            ask_to_end(&mut child).await;
            return Ok(None);
        }
    };
    let status = status.map_err(|error| missing(program, &error))?;
    // Whatever is in it: nothing that was written may be lost over a byte that is no UTF-8.
    let bytes = std::fs::read(&path).map_err(unusable)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Some(Outcome::Written { text, trouble: trouble(program, status) }))
}

fn missing(program: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("There is no editor {program}; set VISUAL or EDITOR"),
        _ => format!("The editor {program} cannot be started: {error}"),
    }
}

fn trouble(program: &str, status: ExitStatus) -> Option<String> {
    let name = Path::new(program).file_name().unwrap_or(OsStr::new(program)).to_string_lossy();
    (!status.success()).then(|| format!("{name} ended with {status}"))
}

/// Asks a program to end, and waits a moment for it.
pub async fn ask_to_end(child: &mut Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended by itself meanwhile.
        let _ = kill_process(id, Signal::TERM);
    }
    let _ = tokio::time::timeout(LAST_WORDS, child.wait()).await;
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::future::{pending, ready};

    use super::*;

    /// What the shell script `script` makes of the file `$1`, and what is left in the folder.
    async fn edited(script: &str) -> (Option<Outcome>, usize) {
        let state = tempfile::tempdir().unwrap();
        let place = state.path().join("state");
        let command = format!("sh -c '{script}' sh");
        let outcome = write(&command, &place, "INC-2.md", "draft\n", pending()).await;
        (outcome, fs::read_dir(&place).unwrap().count())
    }

    fn text(outcome: Option<Outcome>) -> (String, Option<String>) {
        match outcome {
            Some(Outcome::Written { text, trouble }) => (text, trouble),
            other => panic!("{other:?}"),
        }
    }

    fn failure(outcome: Option<Outcome>) -> String {
        match outcome {
            Some(Outcome::Failed(failure)) => failure.message,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_was_written_comes_back_and_nothing_stays() {
        let (outcome, left) = edited("echo more words >> \"$1\"; cp \"$1\" \"$1~\"").await;
        assert_eq!(text(outcome), ("draft\nmore words\n".to_owned(), None));
        assert_eq!(left, 0, "the editor's own copy is gone too");
    }

    #[tokio::test]
    async fn nobody_else_can_read_it() {
        let (outcome, _) =
            edited("stat -c %a \"$1\" $(dirname \"$1\") > \"$1.x\"; cat \"$1.x\" > \"$1\"").await;
        assert_eq!(text(outcome).0, "600\n700\n");
    }

    #[tokio::test]
    async fn a_file_that_was_replaced_is_read_too() {
        let (outcome, left) =
            edited("echo new > \"$1.x\"; chmod 644 \"$1.x\"; mv \"$1.x\" \"$1\"").await;
        assert_eq!((text(outcome).0.as_str(), left), ("new\n", 0));
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so_and_loses_nothing() {
        let (outcome, left) = edited("echo kept >> \"$1\"; exit 3").await;
        let (text, trouble) = text(outcome);
        assert_eq!(text, "draft\nkept\n");
        assert_eq!(trouble.as_deref(), Some("sh ended with exit status: 3"));
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_lose_nothing_else() {
        let (outcome, _) = edited("printf \"a\\377b\" > \"$1\"").await;
        assert_eq!(text(outcome).0, "a\u{fffd}b");
    }

    #[tokio::test]
    async fn an_editor_that_is_missing_or_no_command_is_told() {
        let state = tempfile::tempdir().unwrap();
        let place = state.path().join("state");
        for (command, said) in [
            ("/nowhere/ed -w", "There is no editor /nowhere/ed; set VISUAL or EDITOR"),
            ("", "The editor `` is no command; set VISUAL or EDITOR"),
            ("vi \"", "The editor `vi \"` is no command; set VISUAL or EDITOR"),
        ] {
            let outcome = write(command, &place, "INC-2.md", "draft", pending()).await;
            assert_eq!(failure(outcome), said);
            assert!(fs::read_dir(&place).map_or(0, Iterator::count) == 0);
        }
    }

    #[tokio::test]
    async fn a_folder_that_others_can_enter_is_refused() {
        let state = tempfile::tempdir().unwrap();
        fs::set_permissions(state.path(), Permissions::from_mode(0o777)).unwrap();
        let outcome = write("true", state.path(), "INC-2.md", "draft", pending()).await;
        assert!(failure(outcome).contains("cannot hold the text"));
    }

    #[tokio::test]
    async fn the_end_of_the_program_is_the_end_of_the_editor() {
        let state = tempfile::tempdir().unwrap();
        let place = state.path().join("state");
        let outcome = write("sh -c 'exec sleep 600' sh", &place, "x", "draft", ready(())).await;
        assert!(outcome.is_none());
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }
}
