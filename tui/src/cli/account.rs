//! `login` and `logout`.

use std::io::{BufRead, IsTerminal, Read, Write};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use serde_json::json;

use super::args::Login;
use super::output::Out;
use super::{Done, Exit, Failure};
use crate::client::{Client, ClientError};
use crate::safe::SafeText;
use crate::secret::Secret;

pub async fn login(client: &Client, out: &mut Out, login: &Login) -> Done {
    let password = if login.password_stdin { read_line()? } else { ask(&login.email)? };
    client.login(&login.email, &password).await?;
    let me = client.me().await?;
    if out.json {
        return Ok(out.value(&me)?);
    }
    let line = format!("Signed in at {} as {} ({})", client.place()?, out.safe(&me.name), me.role);
    Ok(out.line(&line)?)
}

pub async fn logout(client: &Client, out: &mut Out) -> Done {
    let was = client.logout().await?;
    if out.json {
        return Ok(out.value(&json!({ "signed_out": was }))?);
    }
    Ok(out.line(if was { "Signed out" } else { "Nobody was signed in" })?)
}

/// One line of standard input without its end.
fn read_line() -> Result<Secret, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| ClientError::local(format!("Standard input cannot be read: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::said(Exit::Usage, "There is no password on standard input"));
    }
    Ok(Secret::new(password))
}

/// Asks at the terminal without showing what is typed.
fn ask(email: &str) -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let message = "There is no terminal to ask for the password; use --password-stdin";
        return Err(Failure::said(Exit::Usage, message));
    }
    let mut stderr = std::io::stderr();
    // Nobody is left to read the question; the answer would tell.
    let _ = write!(stderr, "Password of {}: ", SafeText::line(email));
    let password = {
        let _raw = Raw::enter()?;
        read_keys(&mut stdin.lock().bytes())
    };
    let _ = writeln!(stderr);
    let password = password
        .map_err(|error| ClientError::local(format!("The terminal cannot be read: {error}")))?;
    match password {
        Some(password) if !password.is_empty() => Ok(Secret::new(password)),
        _ => Err(Failure::said(Exit::Failed, "Not signed in: no password was given")),
    }
}

/// A terminal that hands over each key and shows none; as it was when this is dropped.
struct Raw;

impl Raw {
    fn enter() -> Result<Self, ClientError> {
        enable_raw_mode().map(|()| Self).map_err(|error| {
            ClientError::local(format!("The terminal cannot hide the password: {error}"))
        })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal is gone: there is nothing to put back.
        let _ = disable_raw_mode();
    }
}

/// Reads up to enter; none when the person gave up with ctrl-c or ctrl-d.
fn read_keys(
    keys: &mut dyn Iterator<Item = std::io::Result<u8>>,
) -> std::io::Result<Option<String>> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    let mut typed: Vec<u8> = Vec::new();
    for key in keys {
        match key? {
            CTRL_C | CTRL_D => return Ok(None),
            CTRL_U => typed.clear(),
            b'\r' | b'\n' => break,
            // Backspace takes a whole character, however many bytes it has.
            8 | 127 => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            byte => typed.push(byte),
        }
    }
    Ok(Some(String::from_utf8_lossy(&typed).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Option<String> {
        read_keys(&mut keys.bytes().map(Ok)).unwrap()
    }

    #[test]
    fn a_password_can_be_corrected_and_given_up() {
        assert_eq!(typed("secret\rrest").as_deref(), Some("secret"));
        assert_eq!(typed("sé\u{7f}\u{7f}x\r").as_deref(), Some("x"));
        assert_eq!(typed("wrong\u{15}right\n").as_deref(), Some("right"));
        assert_eq!(typed("secr\u{3}"), None);
    }
}
