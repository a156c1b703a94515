//! Which daemon: of several that are named, the one that was asked for last and most clearly.

use super::{Env, text};
use crate::ink::Depth;
use crate::model::chooser::Named;
use crate::secret::Secret;
use crate::settings::{Context, Settings, url};

/// The daemon to work with.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The context's name; none where an address was given, or nothing.
    pub name: Option<String>,
    pub context: Context,
    pub token: Option<Secret>,
    /// What said so.
    pub from: &'static str,
}

/// `flag` is the command line's context. It is stronger than the environment, which is stronger than
/// the file; two that say different things in the environment are refused.
pub fn choose(flag: Option<&str>, env: Env, settings: &Settings) -> Result<Place, String> {
    let address = text(env, "WATCHFIRE_URL")?;
    let named = text(env, "WATCHFIRE_CONTEXT")?;
    let token = text(env, "WATCHFIRE_TOKEN")?.map(|token| Secret::new(token.trim()));
    match (flag, named, address) {
        // The token of the environment belongs to the address of the environment.
        (Some(name), _, Some(_)) => context(name, "--context", None, settings),
        (Some(name), _, None) => context(name, "--context", token, settings),
        (None, Some(_), Some(_)) => {
            Err("WATCHFIRE_CONTEXT and WATCHFIRE_URL both say where: unset one of them".to_owned())
        }
        (None, Some(name), None) => context(&name, "WATCHFIRE_CONTEXT", token, settings),
        (None, None, Some(address)) => {
            let url = Some(url::check("WATCHFIRE_URL", &address)?);
            let context = Context { url, ..Context::default() };
            Ok(Place { name: None, context, token, from: "WATCHFIRE_URL" })
        }
        (None, None, None) => {
            if let Some(name) = &settings.context {
                return context(name, "config.toml", token, settings);
            }
            let from = if settings.url.is_some() { "config.toml" } else { "default" };
            let context = Context { url: settings.url.clone(), ..Context::default() };
            Ok(Place { name: None, context, token, from })
        }
    }
}

/// Every daemon that can be chosen: the named ones, and first the one that is asked when none is
/// named, where that has no name itself.
pub fn all(env: Env, settings: &Settings, depth: Depth) -> Vec<Named> {
    let unnamed = choose(None, env, settings).ok().filter(|place| place.name.is_none());
    let unnamed = unnamed.map(|place| (None, place.context));
    let named = settings.contexts.iter().map(|(name, it)| (Some(name.clone()), it.clone()));
    let all = unnamed.into_iter().chain(named);
    all.map(|(context, it)| Named {
        context,
        ink: it.ink.within(depth),
        address: address(it.url.as_deref()),
    })
    .collect()
}

/// `local`, or a host.
pub fn address(url: Option<&str>) -> String {
    let host = |url: &str| url.split_once("://").map_or(url, |(_, host)| host).to_owned();
    url.map_or_else(|| "local".to_owned(), host)
}

fn context(
    name: &str,
    from: &'static str,
    token: Option<Secret>,
    settings: &Settings,
) -> Result<Place, String> {
    let Some(context) = settings.contexts.get(name).cloned() else {
        let names: Vec<&str> = settings.contexts.keys().map(String::as_str).collect();
        let there = if names.is_empty() {
            format!("write [contexts.{name}] with its url into config.toml")
        } else {
            format!("there is {}", names.join(", "))
        };
        return Err(format!("{from} asks for the context {name:?}, which there is not: {there}"));
    };
    let token = token.filter(|_| context.token_command.is_empty());
    Ok(Place { name: Some(name.to_owned()), context, token, from })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;

    const FILE: &str = "url = \"http://plain\"\n[contexts.prod]\nurl = \"https://prod\"\n\
                        token_command = [\"pass\", \"a b\"]\ncolour = \"red\"\n\
                        [contexts.test]\nurl = \"http://test\"\n";

    fn place(flag: Option<&str>, env: &[(&str, &str)], more: &str) -> Result<Place, String> {
        let (settings, mistakes) =
            crate::settings::read(Path::new("config.toml"), &format!("{more}{FILE}"));
        assert_eq!(mistakes, []);
        let find = |name: &str| {
            env.iter().find(|(it, _)| *it == name).map(|(_, value)| OsString::from(value))
        };
        choose(flag, &find, &settings)
    }

    fn url(flag: Option<&str>, env: &[(&str, &str)], more: &str) -> String {
        place(flag, env, more).unwrap().context.url.unwrap_or_default()
    }

    #[test]
    fn the_command_line_before_the_environment_before_the_file() {
        let address = ("WATCHFIRE_URL", "http://env");
        let named = ("WATCHFIRE_CONTEXT", "test");
        assert_eq!(url(None, &[], ""), "http://plain");
        assert_eq!(url(None, &[], "context = \"test\"\n"), "http://test");
        assert_eq!(url(None, &[address], "context = \"test\"\n"), "http://env");
        assert_eq!(url(None, &[named], ""), "http://test");
        assert_eq!(url(Some("prod"), &[named], ""), "https://prod");
        assert_eq!(url(Some("prod"), &[address], ""), "https://prod");
        let both = place(None, &[address, named], "").unwrap_err();
        assert!(both.contains("unset one"), "{both}");
    }

    #[test]
    fn a_token_goes_nowhere_but_where_it_belongs() {
        let token = ("WATCHFIRE_TOKEN", "secret");
        let address = ("WATCHFIRE_URL", "http://env");
        let has = |flag, env: &[(&str, &str)]| place(flag, env, "").unwrap().token.is_some();
        assert!(has(None, &[token]));
        assert!(has(Some("test"), &[token]));
        assert!(!has(Some("test"), &[token, address]), "it is the address's");
        assert!(!has(Some("prod"), &[token]), "prod has a command for it");
    }

    #[test]
    fn a_context_there_is_not_is_told_with_those_there_are() {
        let wrong = place(Some("prd"), &[], "").unwrap_err();
        assert_eq!(
            wrong,
            "--context asks for the context \"prd\", which there is not: there is prod, test"
        );
        let wrong = place(None, &[], "context = \"x\"\n").unwrap_err();
        assert!(wrong.starts_with("config.toml asks"), "{wrong}");
    }

    #[test]
    fn the_words_of_a_token_command_are_never_split_again() {
        let command = place(Some("prod"), &[], "").unwrap().context.token_command;
        assert_eq!(command, ["pass", "a b"]);
    }
}
