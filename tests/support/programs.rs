//! Where the programs under test are, and the environment they start in.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use rustix::process::Pid;

/// What a program under test sees of our environment; the rest is left out, so that nothing a
/// person has configured reaches a test. By the last, `tests/run` finds what a test left running.
const INHERITED: [&str; 4] = ["PATH", "TMPDIR", "RUST_BACKTRACE", "WF_TEST_RUN"];

/// Between two looks at a file or a process.
pub(crate) const GLANCE: Duration = Duration::from_millis(5);

/// A variable of the test's own environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own configuration, which comes from tests/run"
)]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A number of the test's own environment: how long a campaign is, what its chance starts from.
pub fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = variable(name)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{name} must be a number, not {}", text.display())))
}

/// `watchfired` or `watchfire`, built in the same profile as this test.
///
/// Cargo builds another package's programs for nobody: `tests/run` does it first.
pub fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let profile =
        test.parent().and_then(Path::parent).expect("cargo puts tests into <profile>/deps");
    // A benchmark is not in `deps` but beside the programs.
    let folder = if test.parent().is_some_and(|folder| folder.ends_with("deps")) {
        profile
    } else {
        test.parent().expect("a program lies in a folder")
    };
    let program = folder.join(name);
    assert!(
        program.exists(),
        "{} is not built: use tests/run, or `cargo build --workspace --bins` first",
        program.display()
    );
    program
}

/// The start environment of a program under test, with `home` as its HOME.
pub fn environment(home: &Path) -> Vec<(OsString, OsString)> {
    let inherited =
        INHERITED.iter().filter_map(|name| Some((OsString::from(name), variable(name)?)));
    let fixed = [("HOME", home.as_os_str()), ("LANG", "C.UTF-8".as_ref())];
    inherited.chain(fixed.into_iter().map(|(name, value)| (name.into(), value.into()))).collect()
}

/// A command that starts in [`environment`].
pub fn command(program: impl AsRef<std::ffi::OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment(home));
    command
}

/// A process id as the standard library has it, as system calls take it.
pub fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// A port nobody listens on, below the range the kernel hands out by itself: nobody else gets it
/// while a test's own server is down.
pub(crate) fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| rand::random_range(20_000..32_000));
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports.find(free).expect("there is a free port")
}
