//! `completions` and `man`: made from the parser, so they know every command there is.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Arguments, Completed};
use super::{Done, Exit, Failure};

/// Prints the completions of a shell.
pub fn completions(shell: Completed, to: &mut impl std::io::Write) -> Done {
    let shell = match shell {
        Completed::Bash => Shell::Bash,
        Completed::Zsh => Shell::Zsh,
        Completed::Fish => Shell::Fish,
    };
    // The generator panics on a closed pipe, so it writes into memory.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "watchfire", &mut text);
    Ok(to.write_all(&text)?)
}

/// Prints the page of the whole program, or writes one for each command into a folder.
pub fn man(folder: Option<&Path>, to: &mut impl std::io::Write) -> Done {
    let Some(folder) = folder else {
        return Ok(clap_mangen::Man::new(Arguments::command()).render(to)?);
    };
    let made = std::fs::create_dir_all(folder);
    made.and_then(|()| clap_mangen::generate_to(Arguments::command(), folder)).map_err(|error| {
        let folder = folder.display();
        Failure::said(Exit::Failed, format!("The pages cannot be written into {folder}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people may type; a hidden command is nobody's.
    fn commands() -> Vec<String> {
        let parser = Arguments::command();
        let shown = parser.get_subcommands().filter(|command| !command.is_hide_set());
        shown.map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn completions_know_every_command() {
        for shell in [Completed::Bash, Completed::Zsh, Completed::Fish] {
            let mut text = Vec::new();
            completions(shell, &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            for command in commands() {
                assert!(text.contains(&command), "{shell:?}: {command}");
            }
            assert!(text.contains("--json") || text.contains("-l json"), "{shell:?}");
        }
        assert!(commands().len() > 20);
    }

    #[test]
    fn every_command_has_its_page_and_stands_on_the_first() {
        let mut text = Vec::new();
        man(None, &mut text).unwrap();
        let page = String::from_utf8(text).unwrap().replace("\\-", "-");
        let folder = tempfile::tempdir().unwrap();
        man(Some(folder.path()), &mut Vec::new()).unwrap();
        for command in commands() {
            assert!(page.contains(&format!("watchfire-{command}(1)")), "{command}\n{page}");
            let own = folder.path().join(format!("watchfire-{command}.1"));
            assert!(own.exists(), "{}", own.display());
        }
        let new = folder.path().join("made/for/it");
        man(Some(&new), &mut Vec::new()).unwrap();
        assert!(new.join("watchfire.1").exists());
        // A file cannot be a folder.
        let nowhere = new.join("watchfire.1/pages");
        let error = man(Some(&nowhere), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("watchfire.1/pages"), "{error}");
    }
}
