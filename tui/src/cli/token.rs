//! A token that a program of the person's own prints, such as a password manager.

use std::process::{Command, Stdio};

use crate::client::ClientError;
use crate::secret::Secret;

/// Runs it as its words are, without a shell. It may ask its person on the terminal.
pub fn from_command(words: &[String]) -> Result<Option<Secret>, ClientError> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(None);
    };
    let failed = |why: String| ClientError::local(format!("token_command {program:?} {why}"));
    let done = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .stdin(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !done.status.success() {
        return Err(failed(format!("failed ({}); run it by hand to see why", done.status)));
    }
    let text = String::from_utf8(done.stdout)
        .map_err(|_| failed("printed what is no text; a token is expected".to_owned()))?;
    // Password managers keep notes below the first line.
    match text.lines().next().map(str::trim).filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some(Secret::new(token))),
        None => Err(failed("printed nothing; a token is expected".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<Option<Secret>, ClientError> {
        from_command(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_line_is_the_token_and_no_shell_reads_the_words() {
        assert_eq!(run(&[]), Ok(None));
        let token = run(&["printf", "%s\\nnote\\n", " a;b $HOME "]).unwrap();
        assert_eq!(token.as_ref().map(Secret::expose), Some("a;b $HOME"));
    }

    #[test]
    fn a_command_that_gives_none_is_told_with_what_to_do() {
        for (words, part) in [
            (vec!["/nowhere/pass"], "cannot be run"),
            (vec!["false"], "by hand"),
            (vec!["true"], "printed nothing"),
            (vec!["printf", "\\377"], "no text"),
        ] {
            let refused = run(&words).unwrap_err().message;
            assert!(refused.contains(part) && refused.contains("token_command"), "{refused}");
        }
    }
}
