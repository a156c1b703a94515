//! Settings: a file under environment variables. The only place that reads the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::secret::Secret;

/// What a run needs to know before it does anything.
#[derive(Debug, Clone)]
pub struct Config {
    /// The daemon's address without a slash at its end; `None`: the embedded one.
    pub url: Option<String>,
    /// Sent as it is.
    pub token: Option<Secret>,
    /// Sign-ins, and everything of the embedded daemon.
    pub state: PathBuf,
    /// `NO_COLOR` is set, or the file says `color = false`.
    pub mono: bool,
    /// Whether the terminal's locale is UTF-8.
    pub utf8: bool,
    /// The command of the person's editor, with its arguments.
    pub editor: String,
    /// Whether the terminal is a pane of tmux.
    pub tmux: bool,
}

/// `config.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    url: Option<String>,
    color: Option<bool>,
    ascii: Option<bool>,
}

impl Config {
    /// From the process' environment. The error is one sentence that names the bad value.
    #[expect(clippy::disallowed_methods, reason = "this is the place that may read it")]
    pub fn load() -> Result<Self, String> {
        Self::from_env(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn from_env(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let file = read_file(env)?;
        let url = match text(env, "WATCHFIRE_URL")? {
            Some(url) => Some(check_url("WATCHFIRE_URL", &url)?),
            None => file.url.map(|url| check_url("url in config.toml", &url)).transpose()?,
        };
        Ok(Self {
            url,
            token: text(env, "WATCHFIRE_TOKEN")?.map(|token| Secret::new(token.trim())),
            state: state_folder(env)?,
            mono: env("NO_COLOR").is_some() || file.color == Some(false),
            editor: text(env, "VISUAL")?
                .or(text(env, "EDITOR")?)
                .unwrap_or_else(|| "vi".to_owned()),
            tmux: env("TMUX").is_some(),
            utf8: !file.ascii.unwrap_or(false) && is_utf8(env),
        })
    }
}

fn read_file(env: &dyn Fn(&str) -> Option<OsString>) -> Result<File, String> {
    let Some(folder) = folder(env, "XDG_CONFIG_HOME", ".config") else {
        return Ok(File::default());
    };
    let path = folder.join("watchfire").join("config.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => parse_file(&text).map_err(|error| format!("{}: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

fn parse_file(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

fn state_folder(env: &dyn Fn(&str) -> Option<OsString>) -> Result<PathBuf, String> {
    if let Some(path) = env("WATCHFIRE_STATE_DIR") {
        return absolute("WATCHFIRE_STATE_DIR", PathBuf::from(path));
    }
    folder(env, "XDG_STATE_HOME", ".local/state").map(|path| path.join("watchfire")).ok_or_else(
        || "There is no place for Watchfire's files: set HOME or WATCHFIRE_STATE_DIR".to_owned(),
    )
}

/// An XDG folder; a relative one is ignored, as its standard asks.
fn folder(env: &dyn Fn(&str) -> Option<OsString>, name: &str, below_home: &str) -> Option<PathBuf> {
    env(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| env("HOME").map(|home| Path::new(&home).join(below_home)))
}

fn absolute(name: &str, path: PathBuf) -> Result<PathBuf, String> {
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(format!("{name} must be an absolute path, not {}", path.display()))
    }
}

fn text(env: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Result<Option<String>, String> {
    env(name)
        .map(|value| value.into_string().map_err(|_| format!("{name} must be UTF-8 text")))
        .transpose()
}

/// `http` or `https`, a host, nothing secret inside; without the slash at its end.
fn check_url(name: &str, text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("{name} {why}; it looks like https://watchfire.example:4911");
    let url =
        reqwest::Url::parse(text.trim()).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user or password: use WATCHFIRE_TOKEN"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not hold a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The first of the locale's variables that is set decides, as in the C library.
fn is_utf8(env: &dyn Fn(&str) -> Option<OsString>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let pairs: Vec<(String, OsString)> =
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        Config::from_env(&|name| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
    }

    #[test]
    fn nothing_set_means_embedded() {
        let config = load(&[("HOME", "/nowhere/here")]).unwrap();
        assert_eq!(config.url, None);
        assert_eq!(config.state, Path::new("/nowhere/here/.local/state/watchfire"));
        assert!(load(&[]).unwrap_err().contains("WATCHFIRE_STATE_DIR"));
    }

    #[test]
    fn state_folder_by_rank() {
        let home = ("HOME", "/h");
        let xdg = load(&[home, ("XDG_STATE_HOME", "/x")]).unwrap();
        assert_eq!(xdg.state, Path::new("/x/watchfire"));
        let relative = load(&[home, ("XDG_STATE_HOME", "x")]).unwrap();
        assert_eq!(relative.state, Path::new("/h/.local/state/watchfire"));
        let own = load(&[("WATCHFIRE_STATE_DIR", "/own"), ("XDG_STATE_HOME", "/x")]).unwrap();
        assert_eq!(own.state, Path::new("/own"));
        assert!(load(&[("WATCHFIRE_STATE_DIR", "own")]).unwrap_err().contains("absolute"));
    }

    #[test]
    fn a_wrong_url_is_named() {
        let url = |url| load(&[("HOME", "/h"), ("WATCHFIRE_URL", url)]).map(|c| c.url);
        assert_eq!(url("http://h:1/").unwrap().as_deref(), Some("http://h:1"));
        assert_eq!(url("https://h/api/").unwrap().as_deref(), Some("https://h/api"));
        for wrong in ["localhost:4911", "ftp://h", "nonsense", "http://me:pw@h", "http://h?a=b"] {
            assert!(url(wrong).unwrap_err().starts_with("WATCHFIRE_URL "), "{wrong}");
        }
    }

    #[test]
    fn the_file_stands_under_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchfire");
        std::fs::create_dir(&path).unwrap();
        let home = folder.path().to_str().unwrap();
        let set = |text: &str| std::fs::write(path.join("config.toml"), text).unwrap();
        let env = [("HOME", "/h"), ("XDG_CONFIG_HOME", home), ("LANG", "C.UTF-8")];
        set("url = \"http://from-file\"\ncolor = false\nascii = true");
        let config = load(&env).unwrap();
        assert_eq!(config.url.as_deref(), Some("http://from-file"));
        assert!(config.mono && !config.utf8);
        let over = load(&[env[0], env[1], ("WATCHFIRE_URL", "http://env")]).unwrap();
        assert_eq!(over.url.as_deref(), Some("http://env"));
        set("colour = true");
        assert!(load(&env).unwrap_err().contains("colour"));
    }

    #[test]
    fn the_editor_by_rank() {
        let editor = |pairs: &[(&str, &str)]| {
            let home = [("HOME", "/h")];
            load(&[&home[..], pairs].concat()).unwrap().editor
        };
        assert_eq!(editor(&[("EDITOR", "nano"), ("VISUAL", "code -w")]), "code -w");
        assert_eq!(editor(&[("EDITOR", "nano")]), "nano");
        assert_eq!(editor(&[]), "vi");
    }

    #[test]
    fn the_locale_decides_about_glyphs() {
        assert!(load(&[("HOME", "/h"), ("LANG", "en_US.UTF-8")]).unwrap().utf8);
        let strict = load(&[("HOME", "/h"), ("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]);
        assert!(!strict.unwrap().utf8);
        assert!(!load(&[("HOME", "/h")]).unwrap().utf8);
    }
}
