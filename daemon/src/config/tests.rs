use super::*;

fn config(file: &str, env: &[(&str, &str)]) -> Result<Config> {
    let file = toml::from_str(file).map_err(|error| Error(error.to_string()))?;
    let env = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::assemble(file, &env)
}

fn refusal(file: &str, env: &[(&str, &str)]) -> String {
    config(file, env).expect_err("must be refused").to_string()
}

#[test]
fn nothing_need_be_configured_but_a_home() {
    let config = config("", &[("HOME", "/home/x")]).expect("valid");
    assert_eq!(config.state_dir, Path::new("/home/x/.local/state/watchfire"));
    assert!(config.is_embedded() && config.http_addr.is_none() && config.auto_resolve);
    assert!(matches!(config.auth_secret, SecretSource::Own));
    assert!(refusal("", &[]).contains("WATCHFIRE_STATE_DIR"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = [("HOME", "/h"), ("WATCHFIRE_HTTP_ADDR", "127.0.0.1:1")];
    let config = config("http_addr = \"127.0.0.1:2\"", &env).expect("valid");
    assert_eq!(config.http_addr.map(|address| address.port()), Some(1));
}

#[test]
fn a_wrong_value_is_named() {
    let home = ("HOME", "/h");
    let postgres = ("WATCHFIRE_DATABASE_URL", "postgres://u:hunter2hunter2@h/db");
    for (env, name) in [
        (vec![home, ("WATCHFIRE_DATABASE_URL", "mysql://x")], "WATCHFIRE_DATABASE_URL"),
        (vec![home, ("WATCHFIRE_HTTP_ADDR", "nonsense")], "WATCHFIRE_HTTP_ADDR"),
        (vec![home, ("WATCHFIRE_HTTP_ADDR", "0.0.0.0:80")], "allow_remote_without_tls"),
        (vec![home, postgres], "WATCHFIRE_AUTH_SECRET"),
        (vec![home, ("WATCHFIRE_AUTH_SECRET", "short")], "at least 32 bytes"),
        (vec![home, ("WATCHFIRE_LOG_FORMAT", "xml")], "WATCHFIRE_LOG_FORMAT"),
    ] {
        let sentence = refusal("", &env);
        assert!(sentence.contains(name), "{sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
    assert!(refusal("colour = 1", &[home]).contains("colour"));
    assert!(refusal("[database]\nmax_connections = 0", &[home]).contains("max_connections"));
}

#[test]
fn secrets_do_not_print() {
    let secret = "0123456789abcdef0123456789abcdef";
    let env = [
        ("HOME", "/h"),
        ("WATCHFIRE_AUTH_SECRET", secret),
        ("WATCHFIRE_DATABASE_URL", "postgres://u:hunter2hunter2@h/db"),
    ];
    let printed = format!("{:?}", config("", &env).expect("valid"));
    assert!(!printed.contains(secret) && !printed.contains("hunter2"), "{printed}");
    for (url, place) in [
        ("postgres://u:hunter2@h:1/db?password=hunter2", "postgres://h:1/db"),
        ("postgres://u:hunt@er2@h/db", "postgres://h/db"),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
    ] {
        assert_eq!(Url(url.to_owned()).place(), place);
    }
}
