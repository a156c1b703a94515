use super::*;
use crate::action::{Action, Step};
use crate::event::KeyInput;
use crate::ink::{Ink, Inks, Role};
use crate::keymap::{Context, Keymap};

/// Each mistake as it is told, without the file's name.
fn mistakes(text: &str) -> Vec<String> {
    let (_, mistakes) = read(Path::new("config.toml"), text);
    let told = mistakes.iter().map(ToString::to_string);
    told.map(|it| it.strip_prefix("config.toml:").unwrap_or(&it).to_owned()).collect()
}

fn keymap(text: &str) -> Keymap {
    let (settings, mistakes) = read(Path::new("config.toml"), text);
    assert_eq!(mistakes, []);
    settings.setup.keymap
}

#[test]
fn nothing_said_is_nothing_wrong() {
    assert_eq!(mistakes(""), [""; 0]);
    assert_eq!(mistakes("# url = 1\n[keys]\n"), [""; 0]);
}

#[test]
fn an_action_gets_one_key_several_or_none() {
    let keymap = keymap(
        "[keys]\nresolve = [\"z\", \"ctrl-x\"]\nreopen = \"none\"\nclose = []\nquit = \"Q\"",
    );
    let says = |key| keymap.lookup(Context::List, key);
    let resolve = Some(Action::Step(Step::Resolve));
    assert_eq!(says(KeyInput::char('z')), resolve);
    assert_eq!(says(KeyInput::ctrl('x')), resolve);
    for gone in ['r', 'R', 'c', 'q'] {
        assert_eq!(says(KeyInput::char(gone)), None, "{gone}");
    }
    assert_eq!(says(KeyInput::char('Q')), Some(Action::Quit));
}

#[test]
fn every_mistake_is_told_with_its_line_and_what_to_do() {
    let text = "url = \"ftp://h\"\ncolour = true\n\n[keys]\nresolv = \"z\"\nreopen = \"rr\"\n\
                hand-back = 7\nresolve = \"s\"\nback = \"h\"\n";
    let told = mistakes(text);
    for (line, told) in [
        "1: url must begin with http:// or https://; it looks like",
        "2: there is no setting \"colour\": there is color",
        "5: there is no action \"resolv\": there is resolve",
        "6: reopen: \"rr\" is no key: write a character",
        "7: hand-back must be texts in quotes",
        "8: s is resolve and next-sort in one place: give one of them another key",
        "9: back works in text fields too",
    ]
    .iter()
    .zip(&told)
    {
        assert!(told.starts_with(line), "{line}\n{told}");
    }
    assert_eq!(told.len(), 7, "{told:?}");
}

#[test]
fn a_name_like_no_other_gets_no_endless_list() {
    let told = mistakes("[keys]\nxyz = \"z\"\n");
    assert_eq!(told, ["2: there is no action \"xyz\": `watchfire config show` lists them"]);
}

#[test]
fn of_two_wishes_for_one_key_the_upper_one_has_it() {
    let text = "[keys]\nresolve = \"z\"\nclose = \"z\"\n";
    let (settings, mistakes) = read(Path::new("c"), text);
    let meaning = settings.setup.keymap.lookup(Context::List, KeyInput::char('z'));
    assert_eq!(meaning, Some(Action::Step(Step::Resolve)));
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert_eq!((mistakes[0].line, mistakes[0].weight), (2, Weight::Light));
}

#[test]
fn where_it_goes_must_be_right_and_how_it_looks_need_not() {
    let weights = |text: &str| -> Vec<Weight> {
        read(Path::new("c"), text).1.iter().map(|mistake| mistake.weight).collect()
    };
    assert_eq!(weights("url = 1"), [Weight::Serious]);
    assert_eq!(weights("urll = \"http://h\""), [Weight::Serious]);
    assert_eq!(weights("color = 3\n[keys"), [Weight::Serious; 2]);
    assert_eq!(weights("keys = 3"), [Weight::Light]);
    assert_eq!(weights("columns = [\"x\", \"ref\", \"ref\"]"), [Weight::Light; 2]);
    assert_eq!(weights("readonly = true"), [Weight::Serious]);
    assert_eq!(weights("read_only = \"yes\""), [Weight::Serious]);
}

#[test]
fn a_theme_is_built_in_or_a_file_that_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let themes = folder.path().join("themes");
    std::fs::create_dir(&themes).unwrap();
    std::fs::write(themes.join("mine.toml"), "base = \"light\"\nbad = \"196 bold\"\n").unwrap();
    std::fs::write(themes.join("bad.toml"), "\nbadd = \"red\"\nasks = \"purple\"\n").unwrap();
    let inks = |name: &str| {
        let (settings, mistakes) = read(&file, &format!("theme = \"{name}\""));
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(mistakes.iter().all(|mistake| mistake.weight == Weight::Light));
        (settings.setup.inks, told)
    };
    let (mine, told) = inks("mine");
    assert_eq!(told, [""; 0]);
    assert_eq!(mine.ink(Role::Bad), Ink::read("196 bold").unwrap());
    assert_eq!(mine.ink(Role::Work), Ink::read("#0b57d0").unwrap());
    assert_eq!(mine.ink(Role::Selected), Ink::read("bold").unwrap());
    let (bad, told) = inks("bad");
    assert_eq!(bad, Inks::default());
    let place = themes.join("bad.toml");
    let place = place.display();
    assert!(told[0].starts_with(&format!("{place}:2: there is no role \"badd\"")), "{told:?}");
    assert!(told[1].starts_with(&format!("{place}:3: asks holds \"purple\": write")), "{told:?}");
    for (name, part) in
        [("nothing", "there is no theme \"nothing\": there is dark"), ("../x", "a name")]
    {
        let (usual, told) = inks(name);
        assert_eq!(usual, Inks::default());
        assert!(told[0].contains(part), "{told:?}");
    }
}

#[test]
fn a_mistake_in_a_command_leaves_it_out_and_is_told() {
    let told = mistakes(
        "[[commands]]\nname = \"a\"\nargv = [\"x\", \"{titel}\"]\n\
         [[commands]]\nname = \"b\"\nargv = \"x y\"\n\
         [[commands]]\nname = \"c\"\nargv = [\"x\", \"{\"]\n\
         [[commands]]\nname = \"d\"\nargv = [\"{title}\"]\n\
         [[commands]]\nname = \"e\"\nargv = [\"x\"]\ntime_limit = 0\n\
         [[commands]]\nname = \"f\"\nargv = [\"x\"]\ndangerous = \"yes\"\n\
         [[commands]]\nname = \"g\"\nargv = [\"x\"]\ninteractive = true\noutput = \"page\"\n\
         [[commands]]\nargv = [\"x\"]\n\
         [[commands]]\nname = \"h\"\nargv = [\"x\"]\nkey = \"rr\"\n\
         [[commands]]\nname = \"i\"\nargv = [\"x\"]\noutput = \"file\"\n",
    );
    for (part, told) in [
        "3: \"{titel}\": there is no variable \"titel\": there is id, reference, title",
        "6: argv is a program and its arguments",
        "9: \"{\": write {{ or }} for a brace",
        "12: argv is a program and its arguments",
        "16: time_limit is seconds, from 1 to 3600",
        "20: dangerous must be true or false",
        "21: an interactive command has the terminal",
        "26: a command needs a name and argv",
        "31: key: \"rr\" is no key",
        "35: there is no output \"file\"",
    ]
    .iter()
    .zip(&told)
    {
        assert!(told.starts_with(part), "{part}\n{told}");
    }
    assert_eq!(told.len(), 10, "{told:?}");
}

#[test]
fn a_key_is_one_commands_and_what_lost_it_is_told() {
    let text = "[[commands]]\nname = \"a\"\nkey = \"r\"\nargv = [\"x\"]\n\
                [[commands]]\nname = \"b\"\nkey = \"r\"\nargv = [\"x\"]\n";
    let (settings, told) = read(Path::new("config.toml"), text);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told[0].starts_with("config.toml:3: the key of the command a is resolve too"));
    assert!(told[1].starts_with("config.toml:7: b has the key of a already"), "{told:?}");
    let r = KeyInput::char('r');
    assert_eq!(settings.setup.keymap.lookup(Context::List, r), Some(Action::Own(0)));
    assert_eq!(settings.setup.keymap.lookup(Context::Comment, r), None);
    assert_eq!(settings.setup.commands[1].key, None);
    let freed = format!("{text}[keys]\nresolve = \"none\"\n");
    assert_eq!(mistakes(&freed).len(), 1, "the other one is meant");
}
