//! Settings: a file under environment variables. The only place that reads the environment.

mod place;
mod shown;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

pub use place::Place;
pub use shown::Shown;

use crate::ink::Depth;
use crate::settings::{self, Mistake, Settings, Weight};

/// A variable by its name.
type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What a run needs to know before it does anything.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The daemon's address without a slash at its end; `None`: the embedded one.
    pub url: Option<String>,
    /// Which daemon, and as whom.
    pub place: Place,
    /// Nothing may be changed from here.
    pub read_only: bool,
    /// Sign-ins, and everything of the embedded daemon.
    pub state: PathBuf,
    /// What said so.
    pub state_from: &'static str,
    /// `NO_COLOR` is set, or the file says `color = false`.
    pub mono: bool,
    /// Whether the terminal's locale is UTF-8.
    pub utf8: bool,
    /// The context of the command line.
    pub flag: Option<String>,
    /// `config.toml`, whether it is there or not.
    pub file: PathBuf,
    /// What the file says.
    pub settings: Settings,
    /// What is wrong in it and keeps nobody from working.
    pub mistakes: Vec<Mistake>,
    /// The command of the person's editor, with its arguments.
    pub editor: String,
    pub terminal: Terminal,
}

/// What stands between the client and the person's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    #[default]
    Plain,
    /// A pane of tmux, which takes some things only when they are wrapped.
    Tmux,
}

impl Config {
    /// From the process' environment, the context of the command line before it. The error is a
    /// sentence for each bad value.
    pub fn load(context: Option<&str>) -> Result<Self, String> {
        Self::from_env(context, &variable)
    }

    fn from_env(context: Option<&str>, env: Env) -> Result<Self, String> {
        let (file, said) = read_file(env)?;
        let (mut settings, mistakes) = settings::read(&file, said.as_deref().unwrap_or_default());
        let (serious, mistakes): (Vec<_>, Vec<_>) =
            mistakes.into_iter().partition(|mistake| mistake.weight == Weight::Serious);
        if !serious.is_empty() {
            let told: Vec<String> = serious.iter().map(ToString::to_string).collect();
            return Err(told.join("\n"));
        }
        let depth = depth(env);
        settings.setup.inks = settings.setup.inks.within(depth);
        settings.setup.contexts = place::all(env, &settings, depth);
        let mut place = place::choose(context, env, &settings)?;
        place.context.ink = place.context.ink.within(depth);
        let (state, state_from) = state_folder(env)?;
        Ok(Self {
            url: place.context.url.clone(),
            // Whichever is careful has the say, unless the context says otherwise itself.
            read_only: place.context.read_only.unwrap_or(settings.read_only),
            place,
            state,
            state_from,
            mono: env("NO_COLOR").is_some() || settings.color == Some(false),
            utf8: !settings.ascii.unwrap_or(false) && is_utf8(env),
            flag: context.map(str::to_owned),
            file,
            settings,
            mistakes,
            editor: text(env, "VISUAL")?
                .or(text(env, "EDITOR")?)
                .unwrap_or_else(|| "vi".to_owned()),
            terminal: if env("TMUX").is_some() { Terminal::Tmux } else { Terminal::Plain },
        })
    }
}

impl Config {
    /// What is wrong in the file, a line each, for a screen.
    pub fn told(&self) -> String {
        self.mistakes.iter().map(Mistake::short).collect::<Vec<_>>().join("\n")
    }

    /// Where the daemon is, for a person: `local`, or a host.
    pub fn address(&self) -> String {
        place::address(self.url.as_deref())
    }

    /// Whether both lead to the same daemon.
    pub fn same_place(&self, other: &Self) -> bool {
        (&self.url, &self.place.name) == (&other.url, &other.place.name)
    }
}

/// Appends a table to the file, and leaves all else in it as it stands; refused where the file would
/// not be right with it.
pub fn append(file: &Path, table: &str) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("{} not written: {error}", file.display());
    let old = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(cannot(error)),
    };
    let between = match old.as_str() {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let added = format!("{between}{table}");
    let (_, before) = settings::read(file, &old);
    let (_, after) = settings::read(file, &format!("{old}{added}"));
    let is_wrong = |it: &Mistake| it.weight == Weight::Serious || !before.contains(it);
    if let Some(mistake) = after.into_iter().find(is_wrong) {
        return Err(format!("Not written, it would not be right: {}", mistake.short()));
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    // At the end of it, in one piece: a link stays a link, and whoever else writes loses nothing.
    let mut options = std::fs::OpenOptions::new();
    let mut opened = options.append(true).create(true).open(file).map_err(cannot)?;
    opened.write_all(added.as_bytes()).and_then(|()| opened.sync_all()).map_err(cannot)
}

/// What `config check` found.
pub struct Checked {
    pub file: PathBuf,
    pub exists: bool,
    pub mistakes: Vec<Mistake>,
}

/// Reads the file for its mistakes alone.
pub fn check() -> Result<Checked, String> {
    let (file, said) = read_file(&variable)?;
    let (_, mistakes) = settings::read(&file, said.as_deref().unwrap_or_default());
    Ok(Checked { file, exists: said.is_some(), mistakes })
}

#[expect(clippy::disallowed_methods, reason = "this is the place that may read it")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The file, and its text where it is there.
fn read_file(env: Env) -> Result<(PathBuf, Option<String>), String> {
    let Some(folder) = folder(env, "XDG_CONFIG_HOME", ".config") else {
        return Ok(Default::default());
    };
    let path = folder.join("watchfire").join("config.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, Some(text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((path, None)),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

/// The folder, and what said so.
fn state_folder(env: Env) -> Result<(PathBuf, &'static str), String> {
    if let Some(path) = env("WATCHFIRE_STATE_DIR") {
        let path = absolute("WATCHFIRE_STATE_DIR", PathBuf::from(path))?;
        return Ok((path, "WATCHFIRE_STATE_DIR"));
    }
    let path = folder(env, "XDG_STATE_HOME", ".local/state").ok_or_else(|| {
        "There is no place for Watchfire's files: set HOME or WATCHFIRE_STATE_DIR".to_owned()
    })?;
    Ok((path.join("watchfire"), "default"))
}

/// An XDG folder; a relative one is ignored, as its standard asks.
fn folder(env: Env, name: &str, below_home: &str) -> Option<PathBuf> {
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

fn text(env: Env, name: &str) -> Result<Option<String>, String> {
    env(name)
        .map(|value| value.into_string().map_err(|_| format!("{name} must be UTF-8 text")))
        .transpose()
}

/// How many colours the terminal says it has.
fn depth(env: Env) -> Depth {
    let says = |name, words: &[&str]| {
        let value = env(name).unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        words.iter().any(|word| value.contains(word))
    };
    if says("COLORTERM", &["truecolor", "24bit"]) || says("TERM", &["direct"]) {
        Depth::True
    } else if says("TERM", &["256color"]) {
        Depth::Many
    } else {
        Depth::Sixteen
    }
}

/// The first of the locale's variables that is set decides, as in the C library.
fn is_utf8(env: Env) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::{Colour, Role};

    fn load(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let pairs: Vec<(String, OsString)> =
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        Config::from_env(None, &|name| {
            pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
        })
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
    fn the_terminal_decides_how_many_colours_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchfire");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("config.toml"), "theme = \"colour-blind\"").unwrap();
        let bad = |terminal: &[(&str, &str)]| {
            let mut env =
                vec![("HOME", "/h"), ("XDG_CONFIG_HOME", folder.path().to_str().unwrap())];
            env.extend(terminal);
            load(&env).unwrap().settings.setup.inks.ink(Role::Bad).fg
        };
        assert!(matches!(bad(&[("COLORTERM", "truecolor")]), Some(Colour::Rgb(..))));
        assert!(matches!(bad(&[("TERM", "tmux-256color")]), Some(Colour::Indexed(_))));
        assert!(matches!(bad(&[("TERM", "xterm")]), Some(Colour::Named(_))));
        assert!(matches!(bad(&[]), Some(Colour::Named(_))));
    }

    #[test]
    fn what_is_in_force_is_shown_with_who_said_so_and_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchfire");
        std::fs::create_dir(&path).unwrap();
        let text = "columns = [\"x\"]\ntheme = \"light\"\n[keys]\nresolve = \"z\"\n[contexts.east]\nurl = \"http://127.0.0.1:1\"\n";
        std::fs::write(path.join("config.toml"), text).unwrap();
        let folder = folder.path().to_str().unwrap();
        let env = [
            ("HOME", "/h"),
            ("XDG_CONFIG_HOME", folder),
            ("WATCHFIRE_URL", "http://env"),
            ("WATCHFIRE_TOKEN", "hunter2"),
        ];
        let shown = load(&env).unwrap().shown();
        for (name, value, from) in [
            ("url", "http://env", "WATCHFIRE_URL"),
            ("token", "(hidden)", "WATCHFIRE_TOKEN"),
            ("theme", "light", "config.toml:2"),
            ("read_only", "false", "default"),
            ("keys.resolve", "z", "config.toml:4"),
            ("contexts.east", "127.0.0.1:1", "config.toml:5"),
            ("keys.quit", "q ctrl-c", "default"),
        ] {
            let found = shown.iter().find(|it| it.name == name).unwrap();
            assert_eq!((found.value.as_str(), found.from.as_str()), (value, from), "{name}");
        }
        let columns = shown.iter().find(|it| it.name == "columns").unwrap();
        assert!(columns.value.contains("title") && columns.from.ends_with("is wrong"));
        assert!(!format!("{shown:?}").contains("hunter2"));
    }

    #[test]
    fn all_that_is_in_force_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchfire");
        std::fs::create_dir(&path).unwrap();
        let text = "mouse = true\n[notify]\nbell = \"new\"\n[views.mine]\nquery = \"status:open\"\n\
                    sort = \"-updated\"\ngroup = \"service\"\ncolumns = [\"ref\", \"title\"]\n\
                    [contexts.prod]\nurl = \"https://prod\"\ntoken_command = [\"pass\", \"hunter2\"]\n\
                    read_only = true\n[[commands]]\nname = \"book\"\nkey = \"ctrl-x\"\n\
                    argv = [\"runbook\", \"{service}\"]\n";
        std::fs::write(path.join("config.toml"), text).unwrap();
        let folder = folder.path().to_str().unwrap();
        let shown = load(&[("HOME", "/h"), ("XDG_CONFIG_HOME", folder)]).unwrap().shown();
        for (name, value, from) in [
            ("mouse", "true", "config.toml:1"),
            ("notify.bell", "new", "config.toml:2"),
            ("notify.desktop", "none", "config.toml:2"),
            (
                "views.mine",
                "status:open, sort -updated, group service, columns ref title",
                "config.toml:4",
            ),
            ("commands.book", "ctrl-x: runbook {service}", "config.toml:13"),
            ("contexts.prod", "prod, token printed by pass, read_only true", "config.toml:9"),
        ] {
            let found = shown.iter().find(|it| it.name == name).unwrap();
            assert_eq!((found.value.as_str(), found.from.as_str()), (value, from), "{name}");
        }
        assert!(!format!("{shown:?}").contains("hunter2"));
    }

    #[test]
    fn a_table_is_appended_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("config.toml");
        let table = "[views.\"a\"]\nquery = \"status:open\"\n";
        append(&file, table).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), table);
        for (old, between) in [("# mine\nurl = \"http://h\"", "\n\n"), ("color = true\n", "\n")] {
            std::fs::write(&file, old).unwrap();
            append(&file, table).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{old}{between}{table}"));
        }
        for old in ["views = { b = \"x\" }\n", "[views.a]\nquery = \"x\"\n", "colour = ["] {
            std::fs::write(&file, old).unwrap();
            let refused = append(&file, table).unwrap_err();
            assert!(refused.starts_with("Not written"), "{old}: {refused}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), old, "it stays");
        }
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::fs::write(&file, "").unwrap();
        append(&link, table).unwrap();
        assert!(link.is_symlink() && std::fs::read_to_string(&file).unwrap() == table);
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
